// Goal: nats-server's line format byte by byte, rotation, reopening, syslog, and a reader who does
// not read holding up nobody. Method: pipes and sockets of the test's own; a pattern for PID and
// time.
#include "io/posix/log_writer.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <regex>

#include "io/posix/log_queue.h"
#include "io/posix/posix_address.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_thread.h"
#include "io/posix/test_folder.h"

using namespace midge;
using namespace midge::io;

namespace {

struct TestPipe {
  TestPipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    read = PosixFd(ends[0]);
    write = PosixFd(ends[1]);
  }
  std::string content() {  // of what has been written
    std::string all;
    char chunk[65536];
    ::fcntl(read.get(), F_SETFL, O_NONBLOCK);
    for (ssize_t count = 0; (count = ::read(read.get(), chunk, sizeof chunk)) > 0;)
      all.append(chunk, static_cast<std::size_t>(count));
    return all;
  }
  PosixFd read;
  PosixFd write;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

void write_each_level(Log& log) {
  log.trace("t");
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e");
  log.fatal("f");
}

std::string pid() { return std::to_string(::getpid()); }

}  // namespace

TEST_CASE("lines with time, without, and by level") {
  TestPipe pipe;
  LogOptions options;
  options.logtime_utc = true;
  auto log = make_log_writer_to(pipe.write.get(), options);
  REQUIRE(log);
  write_each_level(**log);
  (*log)->flush();
  auto lines = lines_of(pipe.content());
  REQUIRE(lines.size() == 4);
  const std::regex timed("\\[" + pid() +
                         "\\] 20\\d\\d/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6} \\[INF\\] i");
  CHECK(std::regex_match(lines[0], timed));

  options.logtime = false;
  options.debug = options.trace = true;
  REQUIRE((*log)->configure(options));
  write_each_level(**log);
  (*log)->flush();
  const std::string prefix = "[" + pid() + "] ";
  CHECK(lines_of(pipe.content()) ==
        std::vector<std::string>{prefix + "[TRC] t", prefix + "[DBG] d", prefix + "[INF] i",
                                 prefix + "[WRN] w", prefix + "[ERR] e", prefix + "[FTL] f"});
  CHECK((*log)->dropped_lines() == 0);
}

TEST_CASE("colours on a terminal") {
  int master = -1;
  int slave = -1;
  REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
  TestPipe terminal;
  terminal.read = PosixFd(master);
  terminal.write = PosixFd(slave);
  LogOptions options;
  options.logtime = false;
  options.debug = options.trace = true;
  auto log = make_log_writer_to(slave, options);
  REQUIRE(log);
  write_each_level(**log);
  (*log)->flush();
  const std::string prefix = "[" + pid() + "] [\x1b[";
  CHECK(terminal.content() == prefix + "33mTRC\x1b[0m] t\r\n" + prefix + "36mDBG\x1b[0m] d\r\n" +
                                  prefix + "32mINF\x1b[0m] i\r\n" + prefix +
                                  "0;93mWRN\x1b[0m] w\r\n" + prefix + "31mERR\x1b[0m] e\r\n" +
                                  prefix + "31mFTL\x1b[0m] f\r\n");
}

TEST_CASE("a reader who does not read: nobody waits, the newest lines survive, drops are told") {
  TestPipe pipe;
  LogOptions options;
  options.logtime = false;
  auto log = make_log_writer_to(pipe.write.get(), options);
  REQUIRE(log);
  constexpr int kLines = 100'000;
  const std::string filler(200, 'x');
  for (int i = 0; i < kLines; ++i) (*log)->info(filler + std::to_string(i));
  CHECK((*log)->dropped_lines() > 0);
  std::string all;
  const std::string last = "x" + std::to_string(kLines - 1) + "\n";
  while (!all.ends_with(last)) all += pipe.content();
  const auto lines = lines_of(all);
  CHECK(lines.size() < kLines);
  CHECK(lines.size() + (*log)->dropped_lines() >= kLines);
  CHECK(all.find("[WRN] ") != std::string::npos);
  CHECK(all.find(" log lines dropped: ") != std::string::npos);
  // Whole lines, in order.
  long previous = -1;
  for (const std::string& line : lines) {
    if (line.find("[INF]") == std::string::npos) continue;
    const long number = std::stol(line.substr(line.find('x') + filler.size()));
    CHECK(number > previous);
    previous = number;
  }
}

TEST_CASE("ending with a reader who does not read gives up") {
  TestPipe pipe;
  auto log = make_log_writer_to(pipe.write.get(), {});
  REQUIRE(log);
  for (int i = 0; i < 2000; ++i) (*log)->info(std::string(100, 'x'));
  log->reset();  // would hang
  CHECK_FALSE(pipe.content().empty());
}

TEST_CASE("stderr closed at the other end is no error of ours") {
  TestPipe pipe;
  auto log = make_log_writer_to(pipe.write.get(), {});
  REQUIRE(log);
  pipe.read = PosixFd();
  (*log)->info("nobody");
  (*log)->flush();
  CHECK((*log)->dropped_lines() == 1);
}

TEST_CASE("file: appended to, reopened on demand") {
  TestFolder folder;
  folder.write("log", "before\n");
  LogOptions options;
  options.logtime = false;
  options.log_file = folder.path("log");
  auto log = make_log_writer(options);
  REQUIRE(log);
  (*log)->info("one");
  REQUIRE(::rename(folder.path("log").c_str(), folder.path("moved").c_str()) == 0);
  (*log)->info("two");
  (*log)->reopen();
  (*log)->flush();
  const std::string prefix = "[" + pid() + "] [INF] ";
  CHECK(folder.read("moved") == "before\n" + prefix + "one\n" + prefix + "two\n");
  CHECK(folder.read("log") == prefix + "File log re-opened\n");
}

TEST_CASE("reopening what is not a file says so") {
  TestPipe pipe;
  LogOptions options;
  options.logtime = false;
  auto log = make_log_writer_to(pipe.write.get(), options);
  REQUIRE(log);
  (*log)->reopen();
  (*log)->flush();
  CHECK(pipe.content() == "[" + pid() + "] [INF] File log re-open ignored, not a file logger\n");
}

TEST_CASE("rotation renames at the size and keeps the newest") {
  TestFolder folder;
  folder.write("log.2020.01.01.00.00.00.1", "old");
  folder.write("log.not.a.backup", "mine");
  LogOptions options;
  options.logtime = false;
  options.log_file = folder.path("log");
  options.log_size_limit = 300;
  options.log_max_num = 3;
  auto log = make_log_writer(options);
  REQUIRE(log);
  for (int i = 0; i < 100; ++i) (*log)->info("line " + std::to_string(i));
  (*log)->flush();
  const auto names = folder.names();
  REQUIRE(names.size() == 4);
  CHECK(names[0] == "log");
  const std::regex backup("log\\.\\d{4}(\\.\\d\\d){5}\\.\\d{9}");
  CHECK(std::regex_match(names[1], backup));
  CHECK(std::regex_match(names[2], backup));
  CHECK(names[3] == "log.not.a.backup");
  // Nothing is lost between the files that are left, and the new one names the old one.
  const std::string prefix = "[" + pid() + "] [INF] ";
  CHECK(folder.read("log").starts_with(prefix + "Rotated log, backup saved as \"" +
                                       folder.path(names[2]) + "\"\n"));
  int next = -1;
  for (const std::string& name : {names[1], names[2], names[0]}) {
    for (const std::string& line : lines_of(folder.read(name))) {
      if (line.find("line ") == std::string::npos) continue;
      const int number = std::stoi(line.substr(line.find("line ") + 5));
      if (next >= 0) CHECK(number == next);
      next = number + 1;
    }
  }
  CHECK(next == 100);
}

TEST_CASE("configuration errors have the peer's texts") {
  LogOptions options;
  options.log_file = "/no-such-folder/log";
  auto log = make_log_writer(options);
  REQUIRE_FALSE(log);
  CHECK(log.error().text() ==
        "error opening file: open /no-such-folder/log: no such file or directory");
  options.log_file.clear();
  for (const auto& [url, text] : {
           std::pair{"http://x:1", "error invalid network type: \"http\""},
           std::pair{"foo", "error invalid network type: \"\""},
           std::pair{"unix:///no-such",
                     "error connecting to syslog: \"dial unix /no-such: connect: "
                     "no such file or directory\""},
       }) {
    options.remote_syslog = url;
    log = make_log_writer(options);
    REQUIRE_FALSE(log);
    CHECK(log.error().text() == text);
  }
}

TEST_CASE("remote syslog over udp, tcp and unix") {
  const std::string stamp = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(Z|[+-]\\d\\d:\\d\\d) \\S+ ";
  const std::string tag = "\\S+\\[" + pid() + "\\]: ";
  TestFolder folder;
  for (const std::string kind : {"udp", "tcp", "unix"}) {
    CAPTURE(kind);
    SocketAddress address = any_address(AF_INET, 0);
    reinterpret_cast<sockaddr_in&>(address.storage).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (kind == "unix") {
      auto& where = reinterpret_cast<sockaddr_un&>(address.storage);
      where.sun_family = AF_UNIX;
      std::strcpy(where.sun_path, folder.path("socket").c_str());
      address.size = sizeof where;
    }
    const PosixFd daemon(::socket(address.family(), kind == "udp" ? SOCK_DGRAM : SOCK_STREAM, 0));
    REQUIRE(::bind(daemon.get(), address.get(), address.size) == 0);
    if (kind != "udp") REQUIRE(::listen(daemon.get(), 4) == 0);
    LogOptions options;
    options.remote_syslog =
        kind + "://" + (kind == "unix" ? folder.path("socket") : local_of(daemon.get()).text());
    auto log = make_log_writer(options);
    REQUIRE(log);
    (*log)->error("one");
    (*log)->write(LogLevel::kTrace, "two");
    (*log)->flush();
    const PosixFd accepted(kind == "udp" ? ::dup(daemon.get())
                                         : ::accept(daemon.get(), nullptr, nullptr));
    std::string got;
    char chunk[1000];
    while (std::count(got.begin(), got.end(), '\n') < 2) {
      const ssize_t count = ::recv(accepted.get(), chunk, sizeof chunk, 0);
      REQUIRE(count > 0);
      got.append(chunk, static_cast<std::size_t>(count));
    }
    const std::string time = kind == "unix" ? "\\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d " : stamp;
    const std::regex lines("<3>" + time + tag + "one\n<5>" + time + tag + "two\n");
    CAPTURE(got);
    CHECK(std::regex_match(got, lines));
  }
}

TEST_CASE("the queue is bounded by bytes, and waiting for it by time") {
  struct Held final : LogTarget {
    bool write(const LogLine&) override { return true; }
  };
  LogQueue queue(1000);
  queue.set_target(std::make_shared<Held>());
  for (int i = 0; i < 100; ++i) queue.add({LogLevel::kInfo, {}, std::string(100, 'x')});
  CHECK(queue.dropped() > 90);
  CHECK_FALSE(queue.wait_until_written(milliseconds(1)));  // nobody works
  PosixThread worker("worker", [&] { queue.run(); });
  CHECK(queue.wait_until_written(seconds(60)));
  queue.stop();
}

TEST_CASE("many threads log at once, each in its own order") {
  TestFolder folder;
  LogOptions options;
  options.log_file = folder.path("log");
  auto log = make_log_writer(options);
  REQUIRE(log);
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  {
    std::vector<std::unique_ptr<PosixThread>> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.push_back(std::make_unique<PosixThread>("writer", [&log, thread] {
        for (int i = 0; i < kLines; ++i)
          (*log)->info(std::to_string(thread) + ":" + std::to_string(i));
      }));
  }
  (*log)->flush();
  std::vector<int> next(kThreads, 0);
  for (const std::string& line : lines_of(folder.read("log"))) {
    const auto text = line.substr(line.rfind(' ') + 1);
    CHECK(std::stoi(text.substr(2)) == next[static_cast<std::size_t>(text[0] - '0')]++);
  }
  CHECK(next == std::vector<int>(kThreads, kLines));
}
