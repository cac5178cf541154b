// Goal: what the process tells of itself and its machine is right. Method: compare with independent
// ways of asking; control groups from a made-up tree of files.
#include <doctest/doctest.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "io/posix/loop_fixture.h"
#include "io/posix/posix_cgroup.h"
#include "io/posix/test_folder.h"

using namespace midge;
using namespace midge::io;

TEST_CASE("cgroup version 2: the lowest limit on the way to the root counts") {
  TestFolder root;
  root.write("proc/self/cgroup", "0::/outer/inner\n");
  root.write("sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  root.write("sys/fs/cgroup/outer/memory.max", "1073741824\n");
  root.write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  root.write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  CHECK(limits.cpus == 1.5);
  CHECK(limits.memory == 1073741824);
}

TEST_CASE("cgroup version 1: a host's path that is not visible, and the number for no limit") {
  TestFolder root;
  root.write("proc/self/cgroup",
             "12:cpu,cpuacct:/docker/abc\n11:memory:/docker/abc\n1:name=systemd:/\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const CgroupLimits limits = read_cgroup_limits(root.path());
  CHECK(limits.cpus == 0.5);
  CHECK_FALSE(limits.memory);
}

TEST_CASE("no cgroup, no limits") {
  TestFolder root;
  const CgroupLimits limits = read_cgroup_limits(root.path());
  CHECK_FALSE(limits.cpus);
  CHECK_FALSE(limits.memory);
}

TEST_CASE("figures of this process") {
  const auto env = make_posix_env({.argv0 = "/usr/local/bin/some-server"});
  Process& process = env->process();
  CHECK(process.id() == ::getpid());
  CHECK(process.executable_name() == "some-server");
  CHECK(process.resident_bytes() > 100'000);
  CHECK(process.resident_bytes() % 4096 == 0);
  const Duration before = process.cpu_time();
  while (process.cpu_time() == before) {
  }
  CHECK(process.cores() >= 1);
  CHECK(process.cpu_quota() > 0);
  CHECK(process.cpu_quota() <= process.cores());
  CHECK_FALSE(process.environment("MIDGE_TEST_SURELY_UNSET"));
  ::setenv("MIDGE_TEST_SET", "yes", 1);
  CHECK(process.environment("MIDGE_TEST_SET") == "yes");
}

TEST_CASE("the limit of open files goes up to the hard one") {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit low{64, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  CHECK(make_posix_env()->process().raise_file_limit() ==
        static_cast<std::int64_t>(before.rlim_max));
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_CASE("the table of descriptors has grown before connections come") {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  static_cast<void>(make_posix_env()->process().raise_file_limit());
  const std::string status = PosixDisk().read_file("/proc/self/status").value();
  const std::string name = "\nFDSize:";
  const unsigned long size = std::stoul(status.substr(status.find(name) + name.size()));
  CHECK(size >= std::min<unsigned long>(limit.rlim_max, 65'536));
}

TEST_CASE("processes are found by their executable's name, and this one is not") {
  const auto env = make_posix_env();
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_ends[0], 0);
    ::close(pipe_ends[1]);
    ::execlp("cat", "cat", nullptr);
    ::_exit(1);
  }
  ::close(pipe_ends[0]);
  const auto is_found = [&] {
    for (const std::int64_t pid : env->process().find_processes("cat"))
      if (pid == child) return true;
    return false;
  };
  while (!is_found()) {  // until the child has become it
  }
  for (const std::int64_t pid : env->process().find_processes("io_test")) CHECK(pid != ::getpid());
  CHECK(env->process().find_processes("no-such-program").empty());
  CHECK(env->process().send_signal(child, Signal::kTerminate));
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  ::close(pipe_ends[1]);
  const auto gone = env->process().send_signal(child, std::nullopt);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code() == ErrorCode::kNotFound);
  CHECK(gone.error().text() == "no such process");
}

TEST_CASE("signals come as events of the watching loop") {
  struct Seen final : SignalEvents {
    void on_signal(Signal signal) override {
      signals.insert(signal);
      count.step();
    }
    std::set<Signal> signals;
    Milestone count;
  } seen;
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  {
    auto env = make_posix_env();
    const auto loops = env->make_loops(2);
    env->process().watch_signals(*loops[0], seen);
    CountingHandler handlers[2];
    LoopHandler* const pointers[] = {&handlers[0], &handlers[1]};
    env->start(pointers);
    for (const Signal signal :
         {Signal::kHangup, Signal::kUser1, Signal::kUser2, Signal::kInterrupt, Signal::kTerminate})
      CHECK(env->process().send_signal(::getpid(), signal));
    seen.count.wait_for(5);
    env->stop();
    env->join();
    CHECK(seen.signals.size() == 5);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("files: written whole, read back, removed; errors name what and why") {
  TestFolder folder;
  const auto env = make_posix_env();
  Disk& disk = env->disk();
  const std::string path = folder.path() + "/file";
  const std::string content(100'000, 'c');
  CHECK_FALSE(disk.exists(path));
  REQUIRE(disk.write_file(path, content));
  REQUIRE(disk.write_file(path, "shorter"));
  CHECK(disk.read_file(path).value() == "shorter");
  REQUIRE(disk.write_file(path, content));
  CHECK(disk.read_file(path).value() == content);
  CHECK(disk.exists(path));
  CHECK_FALSE(disk.is_directory(path));
  CHECK(disk.is_directory(folder.path()));
  CHECK(disk.remove_file(path));
  const auto missing = disk.read_file(path);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == ErrorCode::kNotFound);
  CHECK(missing.error().text() == "open " + path + ": no such file or directory");
  const auto folder_read = disk.read_file(folder.path());
  REQUIRE_FALSE(folder_read);
  CHECK(folder_read.error().text() == "read " + folder.path() + ": is a directory");
}

TEST_CASE("entropy: fills all bytes, and draws differ") {
  const auto env = make_posix_env();
  std::set<std::uint64_t> draws;
  for (int i = 0; i < 1000; ++i) draws.insert(env->entropy().next());
  CHECK(draws.size() == 1000);
  std::array<unsigned char, 4096> bytes{};
  env->entropy().fill(bytes);
  const std::set<unsigned char> values(bytes.end() - 1024, bytes.end());
  CHECK(values.size() > 200);
}

TEST_CASE("clocks: one goes up, the other tells the date") {
  const auto env = make_posix_env();
  const MonoTime first = env->clock().now();
  CHECK(env->clock().now() >= first);
  CHECK(env->clock().wall().ns > std::int64_t{1'700'000'000} * 1'000'000'000);
}
