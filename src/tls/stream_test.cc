// Goal: an encrypted stream keeps a stream's promises, and its handshake comes to what it must.
// Method: the server's end on a real loop with a real pool, the client a Session driven by the
// test's thread over the blocking end of a pipe.
#include "tls/stream.h"

#include <doctest/doctest.h>

#include <array>

#include "io/pipe.h"
#include "io/posix/loop_fixture.h"
#include "tls/test_certificates.h"

using namespace midge;
using namespace midge::tls;
using Opening = io::SecureStream::Opening;

namespace {

// The authority and the certificates of all tests.
struct World {
  World() : authority("Authority"), stranger("Stranger") {
    files.put("ca.pem", authority.cert_pem());
    files.add("server", authority.issue(
                            {.name = {{"CN", "server"}}, .alternative_names = "DNS:server.test"}));
    files.add("second", authority.issue({.name = {{"CN", "second"}},
                                         .alternative_names = "DNS:*.second.test"}));
    files.add("alice", authority.issue({.name = {{"O", "Midge"}, {"CN", "alice"}},
                                        .alternative_names = "email:alice@midge.test"}));
    files.add("stranger", stranger.issue({.name = {{"CN", "mallory"}}}));
    files.add("expired", authority.issue({.name = {{"CN", "late"}},
                                          .until = WallTime{1'750'000'000'000'000'000}}));
    files.add("serving", authority.issue({.name = {{"CN", "x"}}, .usage = "serverAuth"}));
  }
  TestAuthority authority, stranger;
  TestFiles files;
};

const World& world() {
  static const World made;
  return made;
}

TlsConfig serving() { return {.certificates = {TestFiles::pair("server")}}; }
TlsConfig demanding() {
  return {.certificates = {TestFiles::pair("server")}, .ca_file = "ca.pem", .verify = true};
}

ContextPtr load(const TlsConfig& config, Context::Use use = Context::Use::kListener) {
  auto loaded = Context::load(config, world().files.reader(), use);
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text()));
  return *loaded;
}

// The server's end: echoes what comes, and remembers what happened.
class Server final : public io::StreamEvents, private io::HandshakeEvents {
 public:
  Server(io::LoopFixture& loops, std::unique_ptr<io::Stream> wire, ContextPtr context,
         StreamOptions options = {})
      : loops_(loops) {
    options.timeout = options.timeout == seconds(2) ? seconds(60) : options.timeout;
    loops_.run([&] {
      stream = std::make_unique<Stream>(std::move(wire), std::move(context), loops_.env->pool(),
                                        kTestNow, std::move(options));
      stream->attach(loops_.loop(), *this);
      switch (stream->opening()) {
        case Opening::kFirst:
        case Opening::kAfterGreeting:
          return stream->start_handshake(*this);
        default:
          return stream->await_first_bytes(*this);
      }
    });
  }
  ~Server() override {
    loops_.run([&] { stream.reset(); });
  }

  void on_readable() override {
    std::array<char, 1000> chunk;
    const io::IoCount count = stream->read(chunk);
    if (count.status == io::IoCount::Status::kWouldBlock) return;
    if (!count.ok()) {
      end = count.status;
      stream->watch(false, false);
      return ended.step();
    }
    pending.append(chunk.data(), count.bytes);
    on_writable();
  }
  void on_writable() override {
    while (!pending.empty()) {
      const std::size_t half = pending.size() / 2;
      const io::Slice slices[] = {{pending.data(), half},
                                  {pending.data() + half, pending.size() - half}};
      const io::IoCount count = stream->write(slices);
      if (!count.ok()) break;
      pending.erase(0, count.bytes);
    }
    stream->watch(pending.size() < 100'000, !pending.empty());
  }

  void on_first_bytes(bool look_like_tls) override {
    first_bytes_tls = look_like_tls;
    told.step();
    if (look_like_tls) stream->start_handshake(*this);
  }
  void on_silence() override { silence.step(); }
  void on_secured() override {
    peer = *stream->peer();
    secured = true;
    told.step();
  }
  void on_handshake_failed(const io::HandshakeFailure& why) override {
    failure = why;
    told.step();
  }

  std::unique_ptr<Stream> stream;
  std::string pending;
  io::SecurePeer peer;
  io::HandshakeFailure failure;
  bool secured = false, first_bytes_tls = false;
  io::IoCount::Status end{};
  io::Milestone told, ended, silence;

 private:
  io::LoopFixture& loops_;
};

// The client's end of the pipe as a stream, blocking.
class BlockingWire final : public io::Stream {
 public:
  explicit BlockingWire(io::PipeClient& pipe) : pipe_(pipe) {}
  void attach(io::Loop&, io::StreamEvents&) override {}
  io::IoCount read(std::span<char> into) override {
    const std::size_t count = pipe_.read(into.first(std::min(into.size(), read_max)));
    if (count == 0) return {io::IoCount::Status::kEnd};
    return {io::IoCount::Status::kOk, count};
  }
  io::IoCount write(std::span<const io::Slice> from) override {
    if (held != nullptr) held->append(from[0].data, from[0].size);
    for (std::size_t at = 0; held == nullptr && at < from[0].size; at += write_max) {
      const std::size_t part = std::min(write_max, from[0].size - at);
      if (!pipe_.write({from[0].data + at, part})) return {io::IoCount::Status::kError, 0, EPIPE};
    }
    return {io::IoCount::Status::kOk, from[0].size};
  }
  void watch(bool, bool) override {}
  void shutdown_write() override {}
  [[nodiscard]] io::Address remote() const override { return {}; }
  [[nodiscard]] io::Address local() const override { return {}; }

  std::size_t read_max = SIZE_MAX, write_max = SIZE_MAX;
  std::string* held = nullptr;  // where writes go instead

 private:
  io::PipeClient& pipe_;
};

class Client {
 public:
  Client(io::PipeClient& pipe, const std::string& certificate = "",
         const std::string& server_name = "server.test")
      : wire(pipe) {
    TlsConfig config{.ca_file = "ca.pem", .verify = true};
    if (!certificate.empty()) config.certificates = {TestFiles::pair(certificate)};
    session = load(config, Context::Use::kClient)->make_session(kTestNow, server_name);
  }

  // False if the server hung up, or we did not like it.
  bool shake() {
    while (true) {
      const Session::Step step = session->step();
      session->flush(wire);
      if (step == Session::Step::kDone) break;
      if (step == Session::Step::kFailed) return false;
      std::array<char, 4096> chunk;
      do {
        const io::IoCount got = wire.read(chunk);
        if (!got.ok()) return false;
        session->feed({chunk.data(), got.bytes});
      } while (!session->can_step());
    }
    session->use_wire(wire);
    return true;
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const io::Slice slice{bytes.data(), bytes.size()};
      const io::IoCount count = session->write({&slice, 1});
      if (!count.ok()) return;
      bytes.remove_prefix(count.bytes);
    }
  }
  std::string receive(std::size_t size) {
    std::string all;
    std::array<char, 5000> chunk;
    while (all.size() < size) {
      const io::IoCount got =
          session->read(std::span(chunk).first(std::min(chunk.size(), size - all.size())));
      if (got.status == io::IoCount::Status::kWouldBlock) continue;  // a ticket came alone
      if (!got.ok()) break;
      all.append(chunk.data(), got.bytes);
    }
    return all;
  }

  BlockingWire wire;
  std::unique_ptr<Session> session;
};

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

}  // namespace

TEST_CASE("bytes go both ways, and the end is told by close_notify") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(serving()));
  Client client(*pipe.client_end);
  REQUIRE(client.shake());
  client.send("hello");
  CHECK(client.receive(5) == "hello");
  server.told.wait_for(1);
  CHECK(server.secured);
  CHECK(std::string(server.peer.version) == "1.3");
  CHECK(std::string(server.peer.cipher) == "TLS_AES_128_GCM_SHA256");
  CHECK(server.peer.certificates.empty());
  client.session->say_goodbye();
  server.ended.wait_for(1);
  CHECK(server.end == io::IoCount::Status::kEnd);
  loops.run([&] { server.stream->shutdown_write(); });
  CHECK(client.receive(1).empty());
}

TEST_CASE("a handshake and a message that come byte by byte") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(serving()));
  Client client(*pipe.client_end);
  client.wire.read_max = client.wire.write_max = 1;
  REQUIRE(client.shake());
  client.send("byte by byte");
  CHECK(client.receive(12) == "byte by byte");
}

TEST_CASE("much through a narrow pipe: records are taken in parts") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe(3000);
  Server server(loops, std::move(pipe.server_end), load(serving()));
  Client client(*pipe.client_end);
  REQUIRE(client.shake());
  const std::string sent = pattern(50'000);
  for (int round = 0; round < 10; ++round) {
    client.send(sent);
    CHECK(client.receive(sent.size()) == sent);
  }
}

TEST_CASE("a message may come with the last flight of the handshake") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(serving()));
  Client client(*pipe.client_end);
  // Held back: the client's Finished and what follows leave as one piece.
  REQUIRE(client.session->step() == Session::Step::kNeedsInput);
  client.session->flush(client.wire);
  while (true) {
    std::array<char, 4096> chunk;
    const io::IoCount got = client.wire.read(chunk);
    REQUIRE(got.ok());
    client.session->feed({chunk.data(), got.bytes});
    if (!client.session->can_step()) continue;
    if (client.session->step() == Session::Step::kDone) break;
  }
  std::string held;
  client.wire.held = &held;
  client.session->flush(client.wire);
  client.session->use_wire(client.wire);
  const std::string early = pattern(20'000);
  client.send(early);
  client.wire.held = nullptr;
  REQUIRE(pipe.client_end->write(held));
  CHECK(client.receive(early.size()) == early);
}

TEST_CASE("[AUTH-30] plain bytes are no handshake, and that is expected to happen") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(serving()));
  pipe.client_end->write("CONNECT {}\r\nPING\r\n");
  server.told.wait_for(1);
  CHECK(server.failure.text == "tls: first record does not look like a TLS handshake");
  CHECK(server.failure.expected);
}

TEST_CASE("who hangs up in the middle is told from who never spoke") {
  io::LoopFixture loops;
  for (const bool spoke : {false, true}) {
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(serving()));
    if (spoke) pipe.client_end->write(std::string_view("\x16\x03\x01\x00\x05", 5));
    pipe.client_end->close();
    server.told.wait_for(1);
    CHECK(server.failure.text == (spoke ? "unexpected EOF" : "EOF"));
    CHECK_FALSE(server.failure.expected);
  }
}

TEST_CASE("[CORE-61] silence ends the handshake after its timeout") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(serving()), {.timeout = milliseconds(1)});
  server.told.wait_for(1);
  CHECK(server.failure.timed_out);
  CHECK(server.failure.expected);
  CHECK(server.failure.text.ends_with(": i/o timeout"));
}

TEST_CASE("[AUTH-33] a certificate that our authority issued is known by its names") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(demanding()));
  Client client(*pipe.client_end, "alice");
  REQUIRE(client.shake());
  client.send("x");
  CHECK(client.receive(1) == "x");
  CHECK(server.peer.verified);
  REQUIRE(server.peer.certificates.size() == 1);
  CHECK(server.peer.certificates[0].subject == "CN=alice,O=Midge");
  CHECK(server.peer.names[0] == "alice@midge.test");
  std::vector<std::string> chain;
  loops.run([&] { chain = server.stream->peer_chain_pem(); });
  REQUIRE(chain.size() == 1);
  CHECK(chain[0].starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE("[AUTH-33] a certificate that does not do is refused with nats-server's words") {
  struct Case {
    const char* certificate;
    const char* text;
  };
  const std::string refused = "tls: failed to verify certificate: x509: ";
  const Case cases[] = {
      {"", "tls: client didn't provide a certificate"},
      {"stranger", "certificate signed by unknown authority (CN=mallory SHA-256: "},
      {"expired",
       "certificate has expired or is not yet valid: current time 2027-01-15T08:00:00Z is after "
       "2025-06-15T15:06:40Z (CN=late SHA-256: "},
      {"serving", "certificate specifies an incompatible key usage (CN=x SHA-256: "},
  };
  io::LoopFixture loops;
  for (const Case& one : cases) {
    CAPTURE(one.certificate);
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(demanding()));
    Client client(*pipe.client_end, one.certificate);
    client.shake();
    server.told.wait_for(1);
    const std::string expected = (*one.certificate == '\0' ? "" : refused) + one.text;
    CHECK(server.failure.text.substr(0, expected.size()) == expected);
    CHECK_FALSE(server.failure.expected);
  }
}

TEST_CASE("[AUTH-37] a certificate that is not pinned is refused, though it is verified") {
  io::LoopFixture loops;
  TlsConfig config = demanding();
  config.pinned_certs = {std::string(64, '0')};
  io::PipePair pipe = io::make_pipe();
  Server server(loops, std::move(pipe.server_end), load(config));
  Client client(*pipe.client_end, "alice");
  client.shake();
  server.told.wait_for(1);
  CHECK(server.failure.text == "certificate not pinned");
  CHECK(server.failure.detail.starts_with("Failed pinned cert test for key id: "));
}

TEST_CASE("[AUTH-32] the client's choice of name chooses the certificate") {
  io::LoopFixture loops;
  TlsConfig config;
  config.certificates = {TestFiles::pair("server"), TestFiles::pair("second")};
  struct Case {
    const char* asked;
    bool fits;
  };
  for (const Case one : {Case{"server.test", true}, Case{"a.second.test", true},
                         Case{"second.test", false}, Case{"other.test", false}}) {
    CAPTURE(one.asked);
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(config));
    Client client(*pipe.client_end, "", one.asked);
    CHECK(client.shake() == one.fits);
    pipe.client_end->close();
  }
}

TEST_CASE("[AUTH-38] first bytes decide between a handshake and plain, and are not lost") {
  io::LoopFixture loops;
  SUBCASE("TLS") {
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(serving()),
                  {.opening = Opening::kOptional, .silence_max = seconds(60)});
    Client client(*pipe.client_end);
    REQUIRE(client.shake());
    client.send("x");
    CHECK(client.receive(1) == "x");
  }
  SUBCASE("plain") {
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(serving()),
                  {.opening = Opening::kOptional, .silence_max = seconds(60)});
    pipe.client_end->write("plain");
    server.told.wait_for(1);
    CHECK_FALSE(server.first_bytes_tls);
    loops.run([&] { server.stream->watch(true, false); });
    std::string echoed;
    std::array<char, 16> chunk;
    while (echoed.size() < 5) echoed.append(chunk.data(), pipe.client_end->read(chunk));
    CHECK(echoed == "plain");
  }
  SUBCASE("silence") {
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(serving()),
                  {.opening = Opening::kFirstOrGreeting, .silence_max = milliseconds(1)});
    server.silence.wait_for(1);
    CHECK_FALSE(server.secured);
  }
}

TEST_CASE("[MON-34] a stream that opens itself reads as failed when the handshake fails") {
  io::LoopFixture loops;
  io::PipePair pipe = io::make_pipe();
  struct Reader final : io::StreamEvents {
    void on_readable() override {
      std::array<char, 10> chunk;
      const io::IoCount count = stream->read(chunk);
      if (count.status == io::IoCount::Status::kWouldBlock) return;
      end = count.status;
      stream.reset();
      ended.step();
    }
    void on_writable() override {}
    std::unique_ptr<Stream> stream;
    io::IoCount::Status end{};
    io::Milestone ended;
  } reader;
  loops.run([&] {
    reader.stream =
        std::make_unique<Stream>(std::move(pipe.server_end), load(serving()), loops.env->pool(),
                                 kTestNow, StreamOptions{.autostart = true});
    reader.stream->attach(loops.loop(), reader);
  });
  pipe.client_end->write("GET / HTTP/1.1\r\n\r\n");
  reader.ended.wait_for(1);
  CHECK(reader.end == io::IoCount::Status::kError);
}

TEST_CASE("a stream may die while its handshake's step runs on the pool") {
  io::LoopFixture loops;
  for (int i = 0; i < 50; ++i) {
    io::PipePair pipe = io::make_pipe();
    Server server(loops, std::move(pipe.server_end), load(serving()));
    Client client(*pipe.client_end);
    client.session->step();
    client.session->flush(client.wire);
  }
}
