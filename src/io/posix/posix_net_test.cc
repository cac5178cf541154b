// Goal: listeners and TCP streams keep the promises of stream.h and net.h. Method: real sockets on
// loopback, ports chosen by the system; the peer is a plain blocking socket of the test's thread.
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "io/posix/loop_fixture.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_stream.h"

using namespace midge;
using namespace midge::io;

namespace {

PosixFd connect_to(std::uint16_t port, const char* host = "127.0.0.1") {
  PosixFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host, &address.sin_addr);
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

void send_all(const PosixFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    REQUIRE(count > 0);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string receive(const PosixFd& fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::recv(fd.get(), bytes.data() + done, size - done, 0);
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

struct Acceptor final : ListenerEvents {
  explicit Acceptor(std::function<void(std::unique_ptr<Stream>)> action)
      : action_(std::move(action)) {}
  void on_accept(std::unique_ptr<Stream> stream) override { action_(std::move(stream)); }
  void on_accept_error(const Error& error) override {
    last_error = error.text();
    errors.step();
  }
  std::function<void(std::unique_ptr<Stream>)> action_;
  Milestone errors;
  std::string last_error;
};

// A connection whose events are given as functions.
struct Connection final : StreamEvents {
  void on_readable() override {
    if (readable) readable(*this);
  }
  void on_writable() override {
    if (writable) writable(*this);
  }
  std::unique_ptr<Stream> stream;
  std::function<void(Connection&)> readable;
  std::function<void(Connection&)> writable;
};

// A server of one loop that keeps its connections; everything dies on the loop.
struct Server {
  explicit Server(Address address = {"127.0.0.1", 0}) {
    auto made = fixture.env->net().listen(fixture.loop(), address, acceptor);
    REQUIRE(made);
    listener = std::move(*made);
    port = listener->address().port;
  }
  ~Server() {
    fixture.run([this] {
      connections.clear();
      listener.reset();
    });
  }
  void accept(std::unique_ptr<Stream> stream) {
    auto connection = std::make_unique<Connection>();
    connection->stream = std::move(stream);
    if (prepare) prepare(*connection);
    connection->stream->attach(fixture.loop(), *connection);
    connections.push_back(std::move(connection));
    accepted.step();
  }

  LoopFixture fixture;
  Acceptor acceptor{[this](std::unique_ptr<Stream> stream) { accept(std::move(stream)); }};
  std::function<void(Connection&)> prepare;
  std::vector<std::unique_ptr<Connection>> connections;
  Milestone accepted;
  std::unique_ptr<Listener> listener;
  std::uint16_t port = 0;
};

}  // namespace

TEST_CASE("bytes go both ways, and the end is read after them") {
  std::string got;
  Milestone ended;
  Server server;  // after what its events use
  server.prepare = [&](Connection& connection) {
    connection.readable = [&](Connection& self) {
      char chunk[64];
      const IoCount count = self.stream->read(chunk);
      if (count.status == IoCount::Status::kEnd) {
        self.stream->watch(false, false);
        const Slice slices[] = {{"bye", 3}, {" ", 1}, {"now", 3}};
        CHECK(self.stream->write(slices).bytes == 7);
        self.stream->shutdown_write();
        ended.step();
        return;
      }
      REQUIRE(count.ok());
      got.append(chunk, count.bytes);
      const Slice one[] = {{"+", 1}};
      CHECK(self.stream->write(one).bytes == 1);
    };
  };
  const PosixFd peer = connect_to(server.port);
  send_all(peer, "hello");
  CHECK(receive(peer, 1) == "+");
  send_all(peer, " world");
  CHECK(receive(peer, 1) == "+");
  ::shutdown(peer.get(), SHUT_WR);
  ended.wait_for(1);
  CHECK(receive(peer, 100) == "bye now");
  CHECK(got == "hello world");
}

TEST_CASE("addresses: any host takes IPv4, shown as such; the socket does not delay") {
  for (const char* host : {"", "0.0.0.0", "127.0.0.1", "localhost"}) {
    CAPTURE(host);
    Server server({host, 0});
    CHECK(server.listener->address().port != 0);
    const PosixFd peer = connect_to(server.port);
    server.accepted.wait_for(1);
    sockaddr_in own{};
    socklen_t size = sizeof own;
    getsockname(peer.get(), reinterpret_cast<sockaddr*>(&own), &size);
    server.fixture.run([&] {
      const Stream& stream = *server.connections[0]->stream;
      CHECK(stream.remote() == Address{"127.0.0.1", ntohs(own.sin_port)});
      CHECK(stream.local() == Address{"127.0.0.1", server.port});
      CHECK_FALSE(stream.in_process());
    });
  }
}

TEST_CASE("a busy port, a foreign address and an unknown name are refused with texts") {
  Acceptor unused([](std::unique_ptr<Stream>) {});
  Server server;  // after what its events use
  Loop& loop = server.fixture.loop();
  Net& net = server.fixture.env->net();
  auto busy = net.listen(loop, {"127.0.0.1", server.port}, unused);
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code() == ErrorCode::kInUse);
  CHECK(busy.error().text() ==
        "listen tcp 127.0.0.1:" + std::to_string(server.port) + ": bind: address already in use");
  auto busy_any = net.listen(loop, {"0.0.0.0", server.port}, unused);
  REQUIRE_FALSE(busy_any);
  CHECK(busy_any.error().code() == ErrorCode::kInUse);
  auto foreign = net.listen(loop, {"192.0.2.77", 0}, unused);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().code() == ErrorCode::kInvalid);
  auto unknown = net.listen(loop, {"no such host.invalid", 0}, unused);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == ErrorCode::kInvalid);
}

TEST_CASE("reading is level triggered, and a stream watched for nothing is silent") {
  Milestone seen;
  std::atomic<int> events{0};
  Server server;  // after what its events use
  server.prepare = [&](Connection& connection) {
    connection.readable = [&](Connection& self) {  // reads nothing
      if (events.fetch_add(1) == 2) self.stream->watch(false, false);
      seen.step();
    };
  };
  PosixFd peer = connect_to(server.port);
  send_all(peer, "x");
  seen.wait_for(3);
  peer = PosixFd();  // even a hang-up is not reported
  for (int i = 0; i < 50; ++i) server.fixture.run([] {});
  CHECK(events.load() == 3);
  server.fixture.run([&] { server.connections[0]->stream->watch(true, false); });
  seen.wait_for(4);
  CHECK(events.load() >= 4);
}

TEST_CASE("a full socket blocks writing until the peer reads") {
  const std::string block(64 * 1024, 'b');
  std::size_t sent = 0;
  Milestone full;
  bool writable_seen = false;
  constexpr std::size_t kTotal = 16U << 20;
  const auto pump = [&](Connection& self) {
    while (sent < kTotal) {
      std::vector<Slice> slices(2000, Slice{block.data(), 100});  // more than are looked at
      const IoCount count = self.stream->write(slices);
      if (count.status == IoCount::Status::kWouldBlock) {
        self.stream->watch(false, true);
        full.step();
        return;
      }
      REQUIRE(count.ok());
      CHECK(count.bytes <= Stream::kSlicesMax * 100);
      sent += count.bytes;
    }
    self.stream->shutdown_write();
    self.stream->watch(false, false);
  };
  Server server;  // after what its events use
  server.prepare = [&](Connection& connection) {
    connection.readable = pump;
    connection.writable = [&](Connection& self) {
      writable_seen = true;
      pump(self);
    };
  };
  const PosixFd peer = connect_to(server.port);
  send_all(peer, "go");
  full.wait_for(1);
  std::size_t received = 0;
  while (true) {
    const std::string part = receive(peer, 65536);
    received += part.size();
    if (part.size() < 65536) break;
  }
  server.fixture.run([&] {
    CHECK(received == sent);
    CHECK(writable_seen);
  });
}

TEST_CASE("a broken connection is an error of reading and of writing, not a signal") {
  Milestone broken;
  Server server;  // after what its events use
  server.prepare = [&](Connection& connection) {
    connection.readable = [&](Connection& self) {
      char chunk[64];
      IoCount count = self.stream->read(chunk);
      if (count.ok()) return;
      CHECK(count.status == IoCount::Status::kError);
      CHECK(count.error == ECONNRESET);
      const Slice one[] = {{"+", 1}};
      count = self.stream->write(one);
      CHECK(count.status == IoCount::Status::kError);
      CHECK(count.error == EPIPE);
      self.stream->watch(false, false);
      broken.step();
    };
  };
  {
    const PosixFd peer = connect_to(server.port);
    const linger hard{1, 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    server.accepted.wait_for(1);
  }
  broken.wait_for(1);
}

TEST_CASE("streams may be destroyed in any event: their own, or one of the same batch") {
  constexpr std::size_t kPeers = 40;
  Milestone left;
  std::atomic<int> events{0};
  std::atomic<int> after_death{0};
  std::vector<bool> dead(kPeers, false);
  Server server;  // after what its events use
  server.prepare = [&, next = std::size_t{0}](Connection& connection) mutable {
    const std::size_t index = next++;
    connection.readable = [&, index](Connection&) {
      events.fetch_add(1);
      if (dead[index]) after_death.fetch_add(1);
      // Everyone goes at the first event, the one whose event it is included.
      for (std::size_t i = 0; i < kPeers; ++i) {
        dead[i] = true;
        server.connections[i]->stream.reset();
      }
      left.step();
    };
  };
  std::vector<PosixFd> peers;
  for (std::size_t i = 0; i < kPeers; ++i) peers.push_back(connect_to(server.port));
  server.accepted.wait_for(kPeers);
  server.fixture.run([&] {  // while the loop is held here, all become readable for one batch
    for (const PosixFd& peer : peers) send_all(peer, "x");
  });
  left.wait_for(1);
  for (const PosixFd& peer : peers) CHECK(receive(peer, 1).empty());
  server.fixture.run([] {});
  CHECK(events.load() == 1);
  CHECK(after_death.load() == 0);
}

TEST_CASE("mail may destroy what is ready in the same tick") {
  for (int round = 0; round < 50; ++round) {
    Server server;
    std::atomic<int> events{0};
    server.prepare = [&](Connection& connection) {
      connection.readable = [&](Connection&) { events.fetch_add(1); };
    };
    const PosixFd peer = connect_to(server.port);
    server.accepted.wait_for(1);
    server.fixture.run([&] {  // leaves both the mail and the bytes for the next tick
      send_all(peer, "x");
      server.fixture.post([&] { server.connections.clear(); });
    });
    CHECK(receive(peer, 1).empty());
    CHECK(events.load() == 0);
  }
}

TEST_CASE("a stream that is gone has no events, even where a child process holds its socket") {
  Server server;
  std::atomic<int> events{0};
  server.prepare = [&](Connection& connection) {
    connection.readable = [&](Connection&) { events.fetch_add(1); };
  };
  const PosixFd peer = connect_to(server.port);
  server.accepted.wait_for(1);
  int hold[2];
  REQUIRE(::pipe(hold) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(hold[1]);
    char byte;
    _exit(::read(hold[0], &byte, 1) == 0 ? 0 : 1);  // until the test lets go
  }
  server.fixture.run([&] { server.connections.clear(); });
  send_all(peer, "x");
  server.fixture.run([] {});
  server.fixture.run([] {});
  CHECK(events.load() == 0);
  for (const int end : hold) ::close(end);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
}

TEST_CASE("a connection may move to another loop before it is attached") {
  LoopFixture fixture(2);
  Connection connection;
  Milestone done;
  std::string got;
  connection.readable = [&](Connection& self) {
    char chunk[16];
    const IoCount count = self.stream->read(chunk);
    if (count.ok()) got.append(chunk, count.bytes);
    self.stream.reset();
    done.step();
  };
  Acceptor acceptor([&](std::unique_ptr<Stream> stream) {
    auto shared = std::make_shared<std::unique_ptr<Stream>>(std::move(stream));
    fixture.post(
        [&, shared] {
          connection.stream = std::move(*shared);
          connection.stream->attach(fixture.loop(1), connection);
        },
        1);
  });
  auto listener = fixture.env->net().listen(fixture.loop(0), {"127.0.0.1", 0}, acceptor);
  REQUIRE(listener);
  const PosixFd peer = connect_to((*listener)->address().port);
  send_all(peer, "moved");
  done.wait_for(1);
  CHECK(receive(peer, 1).empty());
  fixture.run([&] { listener->reset(); });
  fixture.end();
  CHECK(got == "moved");
}

TEST_CASE("no descriptors left: one error, then a pause; accepting goes on afterwards") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  PosixFd peer(::socket(AF_INET, SOCK_STREAM, 0));
  // Nothing above what is open now; the peer's socket exists already.
  const rlimit tight{static_cast<rlim_t>(peer.get()) + 1, before.rlim_max};
  std::vector<PosixFd> fillers;
  Server server;  // after what its events use
  server.fixture.run([&] {
    setrlimit(RLIMIT_NOFILE, &tight);
    while (true) {
      PosixFd filler(::dup(0));
      if (!filler.valid()) break;
      fillers.push_back(std::move(filler));
    }
  });
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  REQUIRE(::connect(peer.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  server.acceptor.errors.wait_for(1);
  setrlimit(RLIMIT_NOFILE, &before);
  server.accepted.wait_for(1);
  server.fixture.run([&] {
    CHECK(server.acceptor.last_error ==
          "accept 127.0.0.1:" + std::to_string(server.port) + ": too many open files");
    CHECK(server.connections.size() == 1);
  });
}

TEST_CASE("a listener may go from within its own event") {
  LoopFixture fixture;
  std::unique_ptr<Listener> listener;
  Milestone accepted;
  std::atomic<int> count{0};
  Acceptor acceptor([&](std::unique_ptr<Stream>) {
    count.fetch_add(1);
    listener.reset();
    accepted.step();
  });
  auto made = fixture.env->net().listen(fixture.loop(), {"127.0.0.1", 0}, acceptor);
  REQUIRE(made);
  listener = std::move(*made);
  const std::uint16_t port = listener->address().port;
  std::vector<PosixFd> peers;
  fixture.run([&] {
    peers.push_back(connect_to(port));
    peers.push_back(connect_to(port));
  });
  accepted.wait_for(1);
  fixture.run([] {});
  CHECK(count.load() == 1);
}

TEST_CASE("interface addresses are literals and leave loopback out") {
  const auto env = make_posix_env();
  for (const std::string& address : env->net().interface_addresses()) {
    unsigned char bytes[16];
    CAPTURE(address);
    const bool v4 = inet_pton(AF_INET, address.c_str(), bytes) == 1;
    const bool v6 = inet_pton(AF_INET6, address.c_str(), bytes) == 1;
    CHECK((v4 || v6));
    CHECK(address != "127.0.0.1");
    CHECK(address != "::1");
  }
}
