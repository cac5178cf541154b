// Goal: the in-process pipe keeps the promises of a stream and of its client's end, whichever end
// dies first. Method: real loops, the client being the test's thread.
#include "io/pipe.h"

#include <doctest/doctest.h>

#include "io/posix/loop_fixture.h"

using namespace midge;
using namespace midge::io;

namespace {

struct Echo final : StreamEvents {
  explicit Echo(Loop& loop) : loop_(loop) {}
  void on_readable() override {
    ++readable_events;
    char chunk[1000];
    const IoCount count = stream->read(chunk);
    if (count.status == IoCount::Status::kEnd) return finish();
    if (!count.ok()) return;
    pending.append(chunk, count.bytes);
    on_writable();
  }
  void on_writable() override {
    while (!pending.empty()) {
      const Slice slices[] = {
          {pending.data(), pending.size() / 2},
          {pending.data() + pending.size() / 2, pending.size() - pending.size() / 2}};
      const IoCount count = stream->write(slices);
      if (count.status == IoCount::Status::kError) return;
      if (!count.ok()) break;
      pending.erase(0, count.bytes);
    }
    stream->watch(pending.empty(), !pending.empty());
  }
  void finish() {
    stream.reset();
    ended.step();
  }
  Loop& loop_;
  std::unique_ptr<Stream> stream;
  std::string pending;
  int readable_events = 0;
  Milestone ended;
};

std::string read_exactly(PipeClient& client, std::size_t size) {
  std::string all(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const std::size_t count = client.read(std::span(all).subspan(done));
    if (count == 0) break;
    done += count;
  }
  all.resize(done);
  return all;
}

}  // namespace

TEST_CASE("echo through pipes of many sizes, larger than their capacity") {
  for (const std::size_t capacity : {1UL, 7UL, 100UL, 4096UL, 1UL << 20}) {
    CAPTURE(capacity);
    LoopFixture fixture;
    Echo echo(fixture.loop());
    PipePair pair = make_pipe(capacity);
    echo.stream = std::move(pair.server_end);
    fixture.post([&] { echo.stream->attach(fixture.loop(), echo); });
    std::string sent;
    for (int i = 0; i < 3000; ++i) sent += std::to_string(i);
    std::string got;
    // In parts that fit twice the capacity, so that a blocking client cannot lock itself out.
    for (std::size_t at = 0; at < sent.size(); at += capacity) {
      const std::string_view part = std::string_view(sent).substr(at, capacity);
      REQUIRE(pair.client_end->write(part));
      got += read_exactly(*pair.client_end, part.size());
    }
    CHECK(got == sent);
    pair.client_end->close();
    echo.ended.wait_for(1);
    CHECK_FALSE(pair.client_end->write("late"));
  }
}

TEST_CASE("what was written before attaching is read after it") {
  LoopFixture fixture;
  Echo echo(fixture.loop());
  PipePair pair = make_pipe();
  CHECK(pair.client_end->write("early"));
  echo.stream = std::move(pair.server_end);
  fixture.post([&] { echo.stream->attach(fixture.loop(), echo); });
  CHECK(read_exactly(*pair.client_end, 5) == "early");
  CHECK(echo.stream->in_process());
  CHECK(echo.stream->remote().host == "pipe");
  pair.client_end.reset();
  echo.ended.wait_for(1);
}

TEST_CASE("the client's calls that do not block say why they did nothing") {
  LoopFixture fixture;
  Echo echo(fixture.loop());
  PipePair pair = make_pipe(4);
  char byte[8];
  CHECK(pair.client_end->try_read(byte).status == IoCount::Status::kWouldBlock);
  CHECK(pair.client_end->try_write("123456").bytes == 4);
  CHECK(pair.client_end->try_write("56").status == IoCount::Status::kWouldBlock);
  pair.server_end.reset();  // never attached
  CHECK(pair.client_end->try_read(byte).status == IoCount::Status::kEnd);
  CHECK(pair.client_end->try_write("x").status == IoCount::Status::kEnd);
  CHECK(pair.client_end->read(byte) == 0);
}

TEST_CASE("shutdown_write: the client reads the rest, then the end; its own bytes still pass") {
  LoopFixture fixture;
  PipePair pair = make_pipe();
  Echo echo(fixture.loop());
  echo.stream = std::move(pair.server_end);
  fixture.run([&] {
    echo.stream->attach(fixture.loop(), echo);
    const Slice slices[] = {{"last words", 10}};
    CHECK(echo.stream->write(slices).bytes == 10);
    echo.stream->shutdown_write();
    CHECK(echo.stream->write(slices).status == IoCount::Status::kError);
  });
  CHECK(read_exactly(*pair.client_end, 100) == "last words");
  CHECK(pair.client_end->write("more"));
  fixture.run([] {});
  pair.client_end->close();
  echo.ended.wait_for(1);
  CHECK(echo.pending == "more");
}

TEST_CASE("a server's end may die in its own event, with mail under way") {
  struct Suicidal final : StreamEvents {
    void on_readable() override {
      stream.reset();
      died.step();
    }
    void on_writable() override {}
    std::unique_ptr<Stream> stream;
    Milestone died;
  };
  for (int round = 0; round < 200; ++round) {
    LoopFixture fixture;
    Suicidal server;
    PipePair pair = make_pipe();
    server.stream = std::move(pair.server_end);
    fixture.post([&] { server.stream->attach(fixture.loop(), server); });
    pair.client_end->write("a");
    pair.client_end->try_write("b");
    server.died.wait_for(1);
    pair.client_end->try_write("c");
    CHECK_FALSE(pair.client_end->write("d"));
    char byte[1];
    CHECK(pair.client_end->read(byte) == 0);
  }
}

TEST_CASE("a client's end may die while its loop ends") {
  for (int round = 0; round < 100; ++round) {
    auto fixture = std::make_unique<LoopFixture>();
    PipePair pair = make_pipe();
    auto echo = std::make_unique<Echo>(fixture->loop());
    echo->stream = std::move(pair.server_end);
    fixture->handlers[0].at_stop = [&] { echo->stream.reset(); };
    fixture->run([&] { echo->stream->attach(fixture->loop(), *echo); });
    pair.client_end->try_write("x");
    fixture->env->stop();
    pair.client_end->try_write("y");
    fixture.reset();
    pair.client_end->try_write("z");
    pair.client_end.reset();
  }
}

TEST_CASE("an unwatched server's end is silent; watching it again reports what is there") {
  LoopFixture fixture;
  Echo echo(fixture.loop());
  PipePair pair = make_pipe();
  echo.stream = std::move(pair.server_end);
  fixture.run([&] {
    echo.stream->attach(fixture.loop(), echo);
    echo.stream->watch(false, false);
  });
  pair.client_end->write("quiet");
  fixture.run([] {});
  fixture.run([] {});
  CHECK(echo.readable_events == 0);
  fixture.run([&] { echo.stream->watch(true, false); });
  CHECK(read_exactly(*pair.client_end, 5) == "quiet");
  pair.client_end.reset();
  echo.ended.wait_for(1);
}

TEST_CASE("two loops talk through pipes of many sizes, until one goes") {
  struct Talker final : StreamEvents {
    void on_readable() override {
      char chunk[777];
      const IoCount count = stream->read(chunk);
      if (count.status == IoCount::Status::kEnd) return ended.step();
      if (count.ok()) got.append(chunk, count.bytes);
      if (got.size() == text.size()) all_there.step();
    }
    void on_writable() override {
      while (written < text.size()) {
        const Slice slice{text.data() + written, text.size() - written};
        const IoCount count = stream->write({&slice, 1});
        if (!count.ok()) return stream->watch(true, true);
        written += count.bytes;
      }
      stream->watch(true, false);
    }
    std::unique_ptr<Stream> stream;
    std::string text, got;
    std::size_t written = 0;
    Milestone all_there, ended;
  };
  for (const std::size_t capacity : {1UL, 100UL, 1UL << 20}) {
    CAPTURE(capacity);
    LoopFixture fixture(2);
    Echo echo(fixture.loop(0));
    Talker talker;
    for (int i = 0; i < 3000; ++i) talker.text += std::to_string(i);
    StreamPair pair = make_stream_pair(capacity);
    echo.stream = std::move(pair.server_end);
    talker.stream = std::move(pair.client_end);
    fixture.post([&] { echo.stream->attach(fixture.loop(0), echo); }, 0);
    fixture.post(
        [&] {
          talker.stream->attach(fixture.loop(1), talker);
          talker.on_writable();
        },
        1);
    talker.all_there.wait_for(1);
    CHECK(talker.got == talker.text);
    SUBCASE("the client's end") {
      fixture.run([&] { talker.stream.reset(); }, 1);
      echo.ended.wait_for(1);
    }
    SUBCASE("the server's end") {
      fixture.run([&] { echo.stream.reset(); }, 0);
      talker.ended.wait_for(1);
      fixture.run([&] { talker.stream.reset(); }, 1);
    }
  }
}
