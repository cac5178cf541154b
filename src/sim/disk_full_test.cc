// Goal: while a disk takes nothing publishers are told so and the rest goes on; ten seconds after
// it takes something again at the latest it is written, by the same server, and what was
// acknowledged is there. Method: a server on a simulated disk that is full, or that fails, for a
// while.
#include <doctest/doctest.h>

#include <limits>
#include <memory>
#include <string>

#include "server/server.h"
#include "sim/sim_env.h"
#include "sim/sim_log.h"
#include "sim/workload/sim_client.h"

namespace midge::sim {
namespace {

constexpr Duration kPatience = seconds(30);
constexpr Duration kResumed = seconds(10);

class Site {
 public:
  explicit Site(SimDisk& disk, std::uint64_t seed)
      : env_(seed, {.loops = 2, .disk = &disk}), log_(env_.hash()) {
    server::Options options;
    options.port = server::kPortRandom;
    options.loops = 2;
    options.jetstream_enabled = true;
    options.store_dir = "/s";
    server_ = server::Server::create(env_, log_, options);
    REQUIRE(server_);
    (*server_)->go();
    client_ = std::make_unique<SimClient>(env_, env_.connect((*server_)->port()));
    client_->send("CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n");
    client_->subscribe("in.>", "", 1);
  }
  ~Site() { server_ = failure("over"); }

  // The answer; "" = none came in time.
  std::string ask(const std::string& subject, const std::string& body) {
    const std::string inbox = "in." + std::to_string(++asked_);
    client_->publish(subject.empty() ? inbox : subject, inbox, body);
    std::string answer;
    env_.run_until(
        [&] {
          for (const Received& message : client_->take_received())
            if (message.subject == inbox) answer = message.payload;
          return !answer.empty();
        },
        kPatience);
    return answer;
  }
  bool puts(const std::string& subject) { return ask(subject, "x").find("\"seq\":") != npos; }
  // Publishes until one is refused, and returns what it is told.
  std::string put_until_refused() {
    for (int i = 0; i < 10'000; ++i) {
      const std::string answer = ask("s.x", "x");
      if (answer.find("\"error\"") != npos) return answer;
      if (answer.empty()) continue;  // it was under way; it is answered later
      ++stored_;
      env_.run_for(milliseconds(1));
    }
    return "";
  }
  [[nodiscard]] Duration until_written() {
    const MonoTime began = env_.now();
    while (ask("s.x", "x").find("\"error\"") != npos && env_.now() - began < kPatience)
      env_.run_for(milliseconds(50));
    return env_.now() - began;
  }
  void check_others() {
    CHECK(ask("$JS.API.DIRECT.GET.S", R"({"seq":1})") == "x");
    CHECK(ask("$JS.API.STREAM.INFO.S", "").find("\"messages\":") != npos);
    CHECK(ask("", "core") == "core");
  }
  [[nodiscard]] int stored() const { return stored_; }

  static constexpr auto npos = std::string::npos;

 private:
  SimEnv env_;
  SimLog log_;
  Result<std::unique_ptr<server::Server>> server_ = failure("none");
  std::unique_ptr<SimClient> client_;
  int asked_ = 0, stored_ = 0;
};

constexpr const char* kStream = R"({"name":"S","subjects":["s.*"],"allow_direct":true})";

}  // namespace

TEST_CASE("a disk that is full for a while, again and again") {
  SimDisk disk(1);
  Site site(disk, 1);
  REQUIRE(site.ask("$JS.API.STREAM.CREATE.S", kStream).find("\"error\"") == Site::npos);
  REQUIRE(site.puts("s.a"));
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    disk.set_space(disk.used() + 1000);
    CHECK(site.put_until_refused().find("\"err_code\":10047") != Site::npos);
    site.check_others();
    CHECK(site.ask("$JS.API.STREAM.CREATE.N", R"({"name":"N"})").find("10047") != Site::npos);
    disk.set_space(std::numeric_limits<std::uint64_t>::max());
    CHECK(site.until_written() < kResumed);
  }
  CHECK(site.stored() > 20);
}

TEST_CASE("a disk that fails for a while, again and again") {
  SimDisk disk(2);
  Site site(disk, 2);
  REQUIRE(site.ask("$JS.API.STREAM.CREATE.S", kStream).find("\"error\"") == Site::npos);
  REQUIRE(site.puts("s.a"));
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    disk.set_faults({.writes = 1});
    const std::string refused = site.put_until_refused();
    CHECK(refused.find("\"err_code\":10077") != Site::npos);
    CHECK(refused.find("write error: input/output error") != Site::npos);
    site.check_others();
    CHECK(site.ask("$JS.API.STREAM.PURGE.S", "").find("10077") != Site::npos);
    disk.set_faults({});
    CHECK(site.until_written() < kResumed);
  }
}

}  // namespace midge::sim
