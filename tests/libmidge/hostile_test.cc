// Goal: whatever a server does, a client says what is wrong, takes no more memory than it should
// and hangs no longer than it was told to. Method: scripted servers; what a client says of each,
// and how much memory the process has grown by.
#include <doctest/doctest.h>
#include <midge/client.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "diary.h"
#include "scripted_server.h"
#include "test_server.h"

namespace midge::test {
namespace {

using namespace std::chrono_literals;

std::size_t resident_bytes() {
  std::size_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kKept = 1 << 30;  // what sanitizers keep of what was given back
#else
constexpr std::size_t kKept = 0;
#endif

// Fails if the process has grown by more while this lived.
class MemoryBound {
 public:
  explicit MemoryBound(std::size_t bytes_max) : max_(resident_bytes() + bytes_max + kKept) {}
  ~MemoryBound() { CHECK(resident_bytes() < max_); }
  MemoryBound(const MemoryBound&) = delete;
  MemoryBound& operator=(const MemoryBound&) = delete;

 private:
  const std::size_t max_;
};
constexpr std::size_t kFew = 24 << 20;
constexpr std::size_t kSome = 96 << 20;  // for what is read as a whole before it is judged

Options patient_for(std::chrono::milliseconds time, const ScriptedServer& server) {
  Options options{.servers = {server.url()}};
  options.connect_timeout = time;
  options.reconnect = false;
  return options;
}

constexpr std::chrono::milliseconds kLong = 30s;     // what is not reached
constexpr std::chrono::milliseconds kShort = 300ms;  // what is

// What a client says of a server that does this from the start.
std::string greeted_by(const ScriptedServer::Script& script, TlsOptions tls = {},
                       std::chrono::milliseconds time = kLong) {
  const ScriptedServer server(script);
  Options options = patient_for(time, server);
  options.tls = std::move(tls);
  const auto client = Client::connect(options);
  return client ? "in" : client.error().text();
}

void repeat(Peer& peer, const std::string& text) {
  std::string many;
  while (many.size() < 64 * 1024) many += text;
  while (peer.send(many)) continue;
}

// Sends, and waits until the client has gone.
ScriptedServer::Script saying(std::string text) {
  return [text](Peer& peer) {
    peer.send(text);
    peer.wait_for_end();
  };
}

TEST_CASE("a beginning that is none") {
  const MemoryBound bound(kFew);
  CHECK(greeted_by(saying("HTTP/1.1 400 Bad Request\r\n\r\n")) ==
        "protocol: the server sent what is no operation");
  CHECK(greeted_by(saying(std::string(100'000, '\0'))) ==
        "protocol: the server sent what is no operation");
  CHECK(greeted_by(saying("PONG\r\n")) == "the server does not begin with INFO");
  CHECK(greeted_by(saying("MSG a 1 0\r\n\r\n")) == "the server does not begin with INFO");
  CHECK(greeted_by(saying("INFO nonsense\r\n")).starts_with("INFO: "));
  CHECK(greeted_by(saying("INFO {\"max_payload\":\"much\"}\r\n")).starts_with("INFO: "));
  CHECK(greeted_by(saying("-ERR 'go away'\r\n")) == "go away");
  CHECK(greeted_by([](Peer&) {}) == "the server closed the connection");
  CHECK(greeted_by([](Peer& peer) { peer.send("INFO {\"ser"); }) ==
        "the server closed the connection");
}

TEST_CASE("an INFO of megabytes, or nested beyond reason") {
  const MemoryBound bound(kSome);
  CHECK(greeted_by([](Peer& peer) {
          peer.send("INFO {\"server_name\":\"");
          repeat(peer, "x");
        }) == "protocol: a line of the server is too long");
  CHECK(greeted_by(saying("INFO {\"a\":" + std::string(500'000, '[') + "\r\n"))
            .starts_with("INFO: "));
}

TEST_CASE("silence, and talk that leads nowhere, end with their time") {
  const MemoryBound bound(kFew);
  constexpr const char* kOver = "timeout: the server does not let us in";
  CHECK(greeted_by(saying(""), {}, kShort) == kOver);
  CHECK(greeted_by(saying("INFO {"), {}, kShort) == kOver);
  CHECK(greeted_by(saying("INFO {}\r\n"), {}, kShort) == kOver);
  const auto endless = [](const std::string& text) {
    return [text](Peer& peer) {
      peer.send("INFO {}\r\n");
      std::thread reader([&] { peer.wait_for_end(); });
      repeat(peer, text);
      reader.join();
    };
  };
  CHECK(greeted_by(endless("INFO {\"server_name\":\"again\"}\r\n"), {}, kShort) == kOver);
  CHECK(greeted_by(endless("+OK\r\n"), {}, kShort) == kOver);
  CHECK(greeted_by(endless("PING\r\n"), {}, kShort) == kOver);
}

TEST_CASE("messages before there is an answer") {
  CHECK(greeted_by(saying("INFO {}\r\nMSG a 1 0\r\n\r\n")) ==
        "the server sends messages before it has answered");
}

TEST_CASE("TLS that is none") {
  const std::string info = "INFO {\"tls_required\":true}\r\n";
  const TlsOptions any{.insecure = true};
  const auto answering = [&](const std::string& answer) {
    return [&info, answer](Peer& peer) {
      peer.send(info);
      peer.read();  // the client's first flight
      peer.send(answer);
      peer.wait_for_end();
    };
  };
  CHECK(greeted_by(answering(std::string(1000, 'x')), any).find("tls: ") == 0);
  CHECK(greeted_by(answering("\x16\x03\x03" + std::string(0x8000, 'x')), any).find("tls: ") == 0);
  for (const std::string word : {"PING\r\n", "PONG\r\n", "INFO {}\r\n", "+OK\r\n"})
    CHECK(greeted_by(saying(info + word), any) ==
          "the server speaks in the clear where TLS begins");
  CHECK(greeted_by(saying(info), any, kShort).find("timeout") != std::string::npos);
  CHECK(greeted_by([&](Peer& peer) { peer.send(info); }, any) != "in");
  const TlsOptions first{.first = true, .insecure = true};
  CHECK(greeted_by(saying("INFO {}\r\n"), first).find("tls: ") == 0);
}

// A client that is in, and what becomes of it.
struct Victim {
  explicit Victim(const ScriptedServer& server, std::function<void(Options&)> change = {}) {
    Options options = patient_for(kLong, server);
    options.on_event = [this](const Event& event) { diary.note(event); };
    if (change) change(options);
    // It may be over before the test hears of it.
    client = Client::connect(options).value_or(Client());
  }
  std::string end() { return diary.wait_for(EventKind::kClosed).text; }

  Diary diary;
  Client client;
};

// What a client says of a server that does this once the client is in.
std::string told_by(const std::string& text, bool closes = false) {
  const ScriptedServer server([&](Peer& peer) {
    peer.let_in();
    peer.send(text);
    if (!closes) peer.wait_for_end();
  });
  return Victim(server).end();
}

TEST_CASE("frames that are wrong") {
  const MemoryBound bound(kFew);
  constexpr const char* kBadSize = "protocol: a message of the server has a bad size";
  CHECK(told_by("MSG a 1 9223372036854775808\r\n") == kBadSize);
  CHECK(told_by("MSG a 1 18446744073709551616\r\n") == kBadSize);
  CHECK(told_by("MSG a 1 -1\r\n") == kBadSize);
  CHECK(told_by("HMSG a 1 x 9\r\n") == kBadSize);
  CHECK(told_by("MSG a 1 999999999\r\n") == "protocol: a message of the server is too large");
  CHECK(told_by("HMSG a 1 900 9\r\n") ==
        "protocol: a message of the server has headers beyond its size");
  CHECK(told_by("MSG a 99999999999999999999 1\r\n") ==
        "protocol: a message of the server has a bad subscription id");
  CHECK(told_by("MSG a 1\r\n") ==
        "protocol: a message of the server has too few or too many arguments");
  CHECK(told_by("MSG a 1 2\r\nabcd\r\n") ==
        "protocol: a message of the server does not end where it should");
  CHECK(told_by("MGS a 1 2\r\n") == "protocol: the server sent what is no operation");
  CHECK(told_by("MSG " + std::string(2 << 20, 'a')) ==
        "protocol: a line of the server is too long");
}

TEST_CASE("a connection that breaks off in the middle of a frame") {
  const std::string closed = "the server closed the connection";
  CHECK(told_by("MS", true) == closed);
  CHECK(told_by("MSG a 1 5\r\nab", true) == closed);
  CHECK(told_by("MSG a 1 5\r\nabcde\r", true) == closed);
}

TEST_CASE("half a frame and then silence, or a byte now and then") {
  const MemoryBound bound(kFew);
  for (const bool dribbles : {false, true}) {
    const ScriptedServer server([&](Peer& peer) {
      peer.let_in();
      peer.send("MSG a 1 60000000\r\n");
      // Each PING is answered by a byte of the payload.
      while (!peer.read_to("PING\r\n").empty())
        if (!dribbles || !peer.send("x")) break;
      peer.wait_for_end();
    });
    Victim victim(server, [](Options& options) { options.ping_interval = 20ms; });
    CHECK(victim.end() == "stale connection: the server answers no PING");
    CHECK(code_of(victim.client.flush(1s)) == ErrorCode::kClosed);
  }
}

TEST_CASE("one PING after the other, and none of the answers is read") {
  const MemoryBound bound(kFew);
  const ScriptedServer server([](Peer& peer) {
    peer.let_in();
    repeat(peer, "PING\r\n");
  });
  CHECK(Victim(server).end() == "the server asks and asks, and takes no answers");
}

TEST_CASE("errors, messages for nobody and INFOs by the thousand hurt nobody") {
  const MemoryBound bound(kFew);
  constexpr std::size_t kCount = 20'000;
  for (const std::string text :
       {"-ERR 'Permissions Violation for Publish to \"a\"'\r\n", "MSG a 77 5\r\nabcde\r\n",
        "HMSG a 78 12 12\r\nNATS/1.0\r\n\r\n\r\n", "INFO {\"server_name\":\"x\"}\r\n", "+OK\r\n",
        "INFO nonsense\r\n"}) {
    CAPTURE(text);
    const ScriptedServer server([&](Peer& peer) {
      peer.let_in();
      std::string many;
      for (std::size_t i = 0; i < kCount; ++i) many += text;
      peer.send(many);
      peer.read_to("PING\r\n");
      peer.send("PONG\r\n");
      peer.wait_for_end();
    });
    Victim victim(server);
    victim.client.flush(30s).value();
    const bool complains = text.starts_with("-ERR") || text.starts_with("INFO nonsense");
    CHECK(victim.diary.count(EventKind::kError) == (complains ? kCount : 0));
    CHECK(victim.client.last_error().size() < 1000);
    CHECK(victim.client.status() == Status::kConnected);
  }
}

TEST_CASE("who is refused in the middle is told by whom") {
  const ScriptedServer server([](Peer& peer) {
    peer.let_in();
    peer.send("-ERR 'User Authentication Expired'\r\n");
    peer.wait_for_end();
  });
  CHECK(Victim(server).end() == "User Authentication Expired");
}

std::string info_of(std::size_t servers, std::size_t from = 0) {
  std::string list;
  for (std::size_t i = from; i < from + servers; ++i)
    list += (i == from ? "" : ",") + ("\"h" + std::to_string(i) + ":1\"");
  return "INFO {\"connect_urls\":[" + list + "]}\r\n";
}

TEST_CASE("a cluster of too many servers to be true") {
  const MemoryBound bound(kSome);
  // All of them in one line are more than a line may hold.
  CHECK(told_by(info_of(100'000)) == "protocol: a line of the server is too long");
  const ScriptedServer server([](Peer& peer) {
    peer.let_in();
    peer.send(info_of(90'000) + "MSG nobody 99 0\r\n\r\n");
    for (std::size_t i = 0; i < 200; ++i) peer.send(info_of(500, i * 500));
    peer.read_to("PING\r\n");
    peer.send("PONG\r\n");
    peer.wait_for_end();
  });
  Victim victim(server);
  victim.client.flush(30s).value();
  // Of the last list, each once, and the user's own.
  CHECK(victim.client.servers().size() == 501);
}

TEST_CASE("a server that is told of and is none is left for the user's own") {
  std::atomic<int> logins{0};
  const ScriptedServer server([&](Peer& peer) {
    peer.let_in("{\"connect_urls\":[\"127.0.0.1:1\",\"[\",\"::::\",\"\",\"a b\"]}");
    if (++logins == 1) return;  // closes
    peer.wait_for_end();
  });
  Victim victim(server, [](Options& options) {
    options.reconnect = true;
    options.reconnect_wait = 5ms;
  });
  victim.diary.wait_for(EventKind::kReconnected);
  CHECK(victim.client.connected_url() == server.url());
  CHECK(victim.client.servers().size() == 2);
}

}  // namespace
}  // namespace midge::test
