#include "io/posix/posix_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ctime>

#include "base/check.h"
#include "io/posix/posix_cgroup.h"
#include "io/posix/posix_disk.h"
#include "io/posix/posix_error.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_loop.h"

namespace midge::io {
namespace {

struct SignalPair {
  Signal signal;
  int number;
};
constexpr std::array kSignals{
    SignalPair{Signal::kHangup, SIGHUP},     SignalPair{Signal::kUser1, SIGUSR1},
    SignalPair{Signal::kUser2, SIGUSR2},     SignalPair{Signal::kInterrupt, SIGINT},
    SignalPair{Signal::kTerminate, SIGTERM},
};

int number_of(std::optional<Signal> signal_or_kill) {
  for (const SignalPair& pair : kSignals)
    if (pair.signal == signal_or_kill) return pair.number;
  return SIGKILL;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string link_target(const std::string& path) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  target.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return target;
}

// The executable's name, whole where we may read the link, else the 15 bytes that the kernel shows.
bool runs(const std::string& process, const std::string& name) {
  std::string target = link_target(process + "/exe");
  if (!target.empty()) {
    constexpr std::string_view kDeleted = " (deleted)";  // replaced by an upgrade while it runs
    if (target.ends_with(kDeleted)) target.resize(target.size() - kDeleted.size());
    return base_name(target) == name;
  }
  auto comm = PosixDisk().read_file(process + "/comm");
  return comm && *comm == name.substr(0, 15) + "\n";
}

// Whoever opens a file for which the kernel's table of descriptors has no room waits for all cores
// to have passed by, 5 to 20 ms: a loop would, with all its connections, at each doubling from 64
// on. So the table grows at once, by eight bytes of the kernel's memory a descriptor.
void grow_descriptor_table(rlim_t limit) {
  constexpr rlim_t kDescriptors = 65'536;
  const PosixFd some(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // May fail where the limit is not what it says; then it grows as it has to.
  const PosixFd last(
      ::fcntl(some.get(), F_DUPFD_CLOEXEC, static_cast<int>(std::min(limit, kDescriptors)) - 1));
}

}  // namespace

class PosixProcess::SignalSource final : private Watched {
 public:
  SignalSource(PosixLoop& loop, SignalEvents& events) : loop_(loop), events_(events) {
    sigset_t set;
    sigemptyset(&set);
    for (const SignalPair& pair : kSignals) sigaddset(&set, pair.number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    fd_ = PosixFd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    ENSURE(fd_.valid(), "the system gives a descriptor for signals");
    loop_.watch(fd_.get(), *this, EPOLLIN, false);
  }
  ~SignalSource() { loop_.forget(fd_.get(), *this); }

 private:
  void on_ready(std::uint32_t) override {
    signalfd_siginfo info;
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      for (const SignalPair& pair : kSignals)
        if (pair.number == static_cast<int>(info.ssi_signo)) events_.on_signal(pair.signal);
    }
  }

  PosixLoop& loop_;
  SignalEvents& events_;
  PosixFd fd_;
};

PosixProcess::PosixProcess(std::string argv0) : argv0_(std::move(argv0)) {}
PosixProcess::~PosixProcess() = default;

std::int64_t PosixProcess::id() { return ::getpid(); }

std::int64_t PosixProcess::resident_bytes() {
  const auto text = PosixDisk().read_file("/proc/self/statm");  // `total resident …`, in pages
  if (!text) return 0;
  std::int64_t pages = 0;
  const char* const start = text->data() + text->find(' ') + 1;
  std::from_chars(start, text->data() + text->size(), pages);
  return pages * ::sysconf(_SC_PAGESIZE);
}

void PosixProcess::release_free_memory() { ::malloc_trim(0); }

Duration PosixProcess::cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

unsigned PosixProcess::cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_ONLN));  // more cores than the set holds
}

double PosixProcess::cpu_quota() {
  const auto limit = read_cgroup_limits("").cpus;
  const auto all = static_cast<double>(cores());
  return limit && *limit < all ? *limit : all;
}

std::int64_t PosixProcess::memory() {
  const std::int64_t pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? pages * size : 0;
}

std::optional<std::int64_t> PosixProcess::memory_quota() { return read_cgroup_limits("").memory; }

std::string PosixProcess::executable_name() { return base_name(argv0_); }

std::optional<std::string> PosixProcess::environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string PosixProcess::temp_directory() {
  const auto set = environment("TMPDIR");
  return set && !set->empty() ? *set : "/tmp";
}

std::int64_t PosixProcess::raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  grow_descriptor_table(limit.rlim_cur);
  return static_cast<std::int64_t>(limit.rlim_cur);
}

void PosixProcess::watch_signals(Loop& loop, SignalEvents& events) {
  ::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow any more is an error like others.
  ::signal(SIGXFSZ, SIG_IGN);
  signals_ = std::make_unique<SignalSource>(static_cast<PosixLoop&>(loop), events);
}

Result<void> PosixProcess::send_signal(std::int64_t pid, std::optional<Signal> signal_or_kill) {
  if (::kill(static_cast<pid_t>(pid), number_of(signal_or_kill)) == 0) return {};
  return failure(system_text(errno), system_code(errno));
}

std::vector<std::int64_t> PosixProcess::find_processes(const std::string& name) {
  std::vector<std::int64_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), &::closedir);
  if (folder == nullptr) return found;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view text = entry->d_name;
    std::int64_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc{} || end != text.data() + text.size() || pid == id()) continue;
    if (runs("/proc/" + std::string(text), name)) found.push_back(pid);
  }
  return found;
}

}  // namespace midge::io
