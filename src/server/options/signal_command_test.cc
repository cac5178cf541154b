// Goal: `--signal` finds the processes meant, and no others, and says what nats-server says.
// Method: a process and a disk that exist only here.
#include "server/options/signal_command.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/whole_file_disk.h"

namespace midge::server {
namespace {

using io::Signal;

class FakeDisk final : public io::WholeFileDisk {
 public:
  std::map<std::string, std::string> files;

  Result<std::string> read_file(const std::string& path) override {
    const auto file = files.find(path);
    if (file != files.end()) return file->second;
    return failure("open " + path + ": no such file or directory", ErrorCode::kNotFound);
  }
  Result<void> write_file(const std::string&, std::string_view) override { return {}; }
  Result<void> remove_file(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list_directory(const std::string&) override {
    return std::vector<std::string>();
  }
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<void> rename_file(const std::string&, const std::string&) override { return {}; }
  bool exists(const std::string& path) override { return files.contains(path); }
  bool is_directory(const std::string&) override { return false; }
};

class FakeProcess final : public io::Process {
 public:
  std::vector<std::int64_t> running;
  std::vector<std::pair<std::int64_t, std::optional<Signal>>> sent;

  std::int64_t id() override { return 1; }
  std::int64_t resident_bytes() override { return 0; }
  Duration cpu_time() override { return {}; }
  unsigned cores() override { return 1; }
  double cpu_quota() override { return 1; }
  std::int64_t memory() override { return 0; }
  std::optional<std::int64_t> memory_quota() override { return std::nullopt; }
  std::string executable_name() override { return "midge-server"; }
  std::optional<std::string> environment(const std::string&) override { return std::nullopt; }
  std::string temp_directory() override { return "/tmp"; }
  std::int64_t raise_file_limit() override { return 0; }
  void watch_signals(io::Loop&, io::SignalEvents&) override {}
  Result<void> send_signal(std::int64_t pid, std::optional<Signal> signal) override {
    if (std::find(running.begin(), running.end(), pid) == running.end())
      return failure("no such process", ErrorCode::kNotFound);
    sent.emplace_back(pid, signal);
    return {};
  }
  std::vector<std::int64_t> find_processes(const std::string& name) override {
    return name == "midge-server" ? running : std::vector<std::int64_t>{};
  }
};

struct World {
  FakeDisk disk;
  FakeProcess process;

  // The error's text, or nothing.
  std::string send(const std::string& command, const std::string& target) {
    const Result<void> result = run_signal({command, target}, disk, process);
    return result ? "" : result.error().text();
  }
};

TEST_CASE("each command is its signal") {
  const std::pair<const char*, std::optional<Signal>> commands[] = {
      {"stop", std::nullopt},     {"quit", Signal::kInterrupt}, {"term", Signal::kTerminate},
      {"reopen", Signal::kUser1}, {"reload", Signal::kHangup},  {"ldm", Signal::kUser2},
  };
  for (const auto& [command, signal] : commands) {
    CAPTURE(command);
    World world;
    world.process.running = {42};
    CHECK(world.send(command, "42") == "");
    REQUIRE(world.process.sent.size() == 1);
    CHECK(world.process.sent[0] == std::pair<std::int64_t, std::optional<Signal>>{42, signal});
  }
}

TEST_CASE("the target: a pid, a pid file, a pattern, or whoever runs") {
  World world;
  world.process.running = {42, 43, 51};
  world.disk.files = {{"pid", "42"}, {"line", "43\n"}};
  CHECK(world.send("quit", "pid") == "");
  CHECK(world.send("quit", "line") == "");  // the peer does not accept the newline
  CHECK(world.send("quit", "4*") == "");
  CHECK(world.process.sent.size() == 4);
  CHECK(world.send("quit", "") == "multiple nats-server processes running:\n42\n43\n51");
  CHECK(world.process.sent.size() == 4);
  world.process.running = {51};
  CHECK(world.send("quit", "") == "");
  CHECK(world.process.sent.back().first == 51);
  CHECK(world.send("quit", "9*") == "");
  CHECK(world.process.sent.size() == 5);
}

TEST_CASE("errors") {
  World world;
  world.disk.files = {{"words", "hello"}, {"empty", ""}};
  CHECK(world.send("reload", "") == "no nats-server processes running");
  CHECK(world.send("bogus", "") == "no nats-server processes running");
  CHECK(world.send("bogus", "42") == "unknown signal \"bogus\"");
  CHECK(world.send("", "42") == "unknown signal \"\"");
  CHECK(world.send("RELOAD", "42") == "unknown signal \"RELOAD\"");
  CHECK(world.send("reload", "abc") == "invalid pid: abc");
  CHECK(world.send("reload", "words") == "invalid pid: hello");
  CHECK(world.send("reload", "empty") == "invalid pid: ");
  CHECK(world.send("reload", "42") == "\nsignal \"reload\" 42: no such process");
}

TEST_CASE("0 and negative numbers, which kill(2) takes for groups, reach nobody") {
  World world;
  world.process.running = {0, -5};
  CHECK(world.send("stop", "0") == "\nsignal \"stop\" 0: no such process");
  CHECK(world.send("stop", "-5") == "\nsignal \"stop\" -5: no such process");
  CHECK(world.process.sent.empty());
}

}  // namespace
}  // namespace midge::server
