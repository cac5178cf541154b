// Goal: the simulated environment keeps the promises of io/, and a seed determines all. Method: an
// echo server under clients that read and write unevenly, run twice.
#include "sim/sim_env.h"

#include <doctest/doctest.h>

#include "io/pipe.h"

using namespace midge;
using namespace midge::sim;

namespace {

struct IdleHandler final : io::LoopHandler {
  void on_tick_end() override {}
};

struct EchoServer final : io::ListenerEvents {
  struct Connection final : io::StreamEvents {
    explicit Connection(EchoServer& server) : server(server) {}
    void on_readable() override {
      char chunk[700];
      const io::IoCount count = stream->read(chunk);
      if (count.ok()) {
        pending.append(chunk, count.bytes);
        return on_writable();
      }
      if (count.status == io::IoCount::Status::kWouldBlock) return;
      server.last_status = count.status;
      ++server.ended;
      stream.reset();
    }
    void on_writable() override {
      const io::Slice slices[] = {{pending.data(), pending.size()}};
      const io::IoCount count = stream->write(slices);
      if (count.ok()) pending.erase(0, count.bytes);
      stream->watch(pending.size() < 5000, !pending.empty());
    }
    EchoServer& server;
    std::unique_ptr<io::Stream> stream;
    std::string pending;
  };

  explicit EchoServer(io::Loop& loop) : loop(loop) {}
  void on_accept(std::unique_ptr<io::Stream> stream) override { adopt(std::move(stream)); }
  void on_accept_error(const Error&) override {}
  void adopt(std::unique_ptr<io::Stream> stream) {
    connections.push_back(std::make_unique<Connection>(*this));
    connections.back()->stream = std::move(stream);
    connections.back()->stream->attach(loop, *connections.back());
  }
  io::Loop& loop;
  std::vector<std::unique_ptr<Connection>> connections;
  io::IoCount::Status last_status = io::IoCount::Status::kOk;
  int ended = 0;
};

// Sends `text` through the echo in `env` and returns what came back.
std::string echo(SimEnv& env, io::PipeClient& client, std::string_view text) {
  std::string got;
  const std::size_t wanted = text.size();
  const auto exchange = [&] {
    // All that can go now: without an event in between nobody asks again.
    for (io::IoCount written; !text.empty() && (written = client.try_write(text)).ok();)
      text.remove_prefix(written.bytes);
    char chunk[300];
    for (io::IoCount read; (read = client.try_read(chunk)).ok();) got.append(chunk, read.bytes);
    return got.size() == wanted;
  };
  env.run_until(exchange, seconds(100));
  return got;
}

struct World {
  explicit World(std::uint64_t seed) : env(seed) {
    loops = env.make_loops(2);
    server = std::make_unique<EchoServer>(*loops[0]);
    listener = std::move(*env.net().listen(*loops[0], {"", 0}, *server));
    io::LoopHandler* const handlers_now[] = {&handlers[0], &handlers[1]};
    env.start(handlers_now);
  }
  ~World() {
    server->connections.clear();
    listener.reset();
    env.stop();
    env.join();
  }
  SimEnv env;
  IdleHandler handlers[2];
  std::span<io::Loop* const> loops;
  std::unique_ptr<EchoServer> server;
  std::unique_ptr<io::Listener> listener;
};

std::string long_text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i);
  return text;
}

}  // namespace

TEST_CASE("bytes go through uneven connections and pipes whole and in order") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    World world(seed);
    const auto socket = world.env.connect(world.listener->address().port);
    REQUIRE(socket);
    const std::string text = long_text();
    CHECK(echo(world.env, *socket, text) == text);
    io::PipePair pipe = io::make_pipe(1000);
    world.server->adopt(std::move(pipe.server_end));
    CHECK(echo(world.env, *pipe.client_end, text) == text);
  }
}

TEST_CASE("the same seed gives the same hash, another seed another") {
  const auto hash_of = [](std::uint64_t seed) {
    World world(seed);
    const auto socket = world.env.connect(world.listener->address().port);
    echo(world.env, *socket, long_text());
    return world.env.event_hash();
  };
  CHECK(hash_of(7) == hash_of(7));
  CHECK(hash_of(7) != hash_of(8));
}

TEST_CASE("closing is read as the end, vanishing as an error") {
  World world(3);
  auto socket = world.env.connect(world.listener->address().port);
  CHECK(echo(world.env, *socket, "x") == "x");
  socket->close();
  CHECK(world.env.run_until([&] { return world.server->ended == 1; }, seconds(10)));
  CHECK(world.server->last_status == io::IoCount::Status::kEnd);
  socket = world.env.connect(world.listener->address().port);
  CHECK(echo(world.env, *socket, "x") == "x");
  socket->abort();
  CHECK(world.env.run_until([&] { return world.server->ended == 2; }, seconds(10)));
  CHECK(world.server->last_status == io::IoCount::Status::kError);
}

TEST_CASE("timers fire in virtual time; nobody waits for it") {
  World world(4);
  struct Alarm final : io::Timer {
    void on_timer() override { ++rings; }
    int rings = 0;
  } alarm;
  const MonoTime start = world.env.now();
  world.loops[1]->timers().arm(alarm, start + minutes(60));
  world.env.run_for(minutes(59));
  CHECK(alarm.rings == 0);
  world.env.run_for(minutes(2));
  CHECK(alarm.rings == 1);
}

TEST_CASE("a taken port is refused, a port without listener not connected to") {
  World world(5);
  const std::uint16_t port = world.listener->address().port;
  CHECK_FALSE(world.env.net().listen(*world.loops[0], {"", port}, *world.server));
  CHECK(world.env.connect(port + 1) == nullptr);
}

TEST_CASE("jobs come home; files are kept") {
  World world(6);
  struct Work final : io::Job {
    explicit Work(int& stage) : stage(stage) {}
    void run() override { stage = 1; }
    void done() override { stage = 2; }
    int& stage;
  };
  int stage = 0;
  world.env.pool().submit(*world.loops[0], std::make_unique<Work>(stage));
  CHECK(world.env.run_until([&] { return stage == 2; }, seconds(10)));
  io::Disk& disk = world.env.disk();
  CHECK_FALSE(disk.read_file("/a/b"));
  CHECK(disk.write_file("/a/b", "c"));
  CHECK(disk.read_file("/a/b").value() == "c");
  CHECK(disk.is_directory("/a"));
  CHECK_FALSE(disk.is_directory("/a/b"));
  CHECK(disk.remove_file("/a/b"));
  CHECK_FALSE(disk.exists("/a/b"));
}
