#include "io/posix/posix_profiler.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "io/posix/posix_symbols.h"

namespace midge::io {
namespace {

constexpr int kSignal = SIGPROF;
constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kSamplesMax = 40'000;
constexpr Duration kLook = milliseconds(50);
#if defined(__SANITIZE_THREAD__)
constexpr bool kIsCalledLate = true;
#else
constexpr bool kIsCalledLate = false;
#endif

struct RawSample {
  std::int64_t thread = 0;
  std::uint32_t depth = 0;
  std::array<std::uint64_t, kDepthMax> addresses;
};

// What handlers write to; each takes a place of its own.
struct Sink {
  explicit Sink(std::size_t capacity) : samples(capacity) {}
  std::vector<RawSample> samples;
  std::atomic<std::size_t> taken{0}, done{0};
};

std::atomic<Sink*> active_sink{nullptr};
std::atomic<int> handlers_running{0};

std::uint64_t interrupted_at(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#else
  return 0;
#endif
}

struct Walk {
  RawSample& sample;
  std::uint64_t from;  // frames inside it are the handler's own
  bool has_begun = false;
};

_Unwind_Reason_Code take_frame(_Unwind_Context* context, void* data) {
  Walk& walk = *static_cast<Walk*>(data);
  int before_instruction = 0;
  const std::uint64_t at = _Unwind_GetIPInfo(context, &before_instruction);
  walk.has_begun = walk.has_begun || at == walk.from;
  if (!walk.has_begun) return _URC_NO_REASON;
  if (at == 0 || walk.sample.depth == kDepthMax) return _URC_END_OF_STACK;
  const bool is_return = walk.sample.depth > 0 && before_instruction == 0;
  walk.sample.addresses[walk.sample.depth++] = is_return ? at - 1 : at;
  return _URC_NO_REASON;
}

// Touches its own place and no memory that anybody else frees: the sink stays until no handler
// runs.
void note_stack(int, siginfo_t*, void* context) {
  const int error = errno;
  handlers_running.fetch_add(1);
  if (Sink* sink = active_sink.load()) {
    const std::size_t place = sink->taken.fetch_add(1, std::memory_order_relaxed);
    if (place < sink->samples.size()) {
      RawSample& sample = sink->samples[place];
      Walk walk{sample, interrupted_at(context)};
      // ThreadSanitizer calls handlers late, from elsewhere in the same thread.
      walk.has_begun = kIsCalledLate;
      _Unwind_Backtrace(&take_frame, &walk);
      if (sample.depth == 0) sample.addresses[sample.depth++] = walk.from;
      sample.thread = ::syscall(SYS_gettid);
      sink->done.fetch_add(1, std::memory_order_release);
    }
  }
  handlers_running.fetch_sub(1);
  errno = error;
}

// False: the signal has a handler, of the program that embeds us.
bool install_handler() {
  static const bool installed = [] {
    struct sigaction before {};
    ::sigaction(kSignal, nullptr, &before);
    if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return false;
    // What unwinding needs is loaded now, not in the handler.
    RawSample sample;
    Walk walk{sample, 0};
    _Unwind_Backtrace(&take_frame, &walk);
    struct sigaction action {};
    action.sa_sigaction = &note_stack;
    action.sa_flags = SA_RESTART | SA_SIGINFO;
    return ::sigaction(kSignal, &action, nullptr) == 0;
  }();
  return installed;
}

std::vector<pid_t> threads() {
  std::vector<pid_t> found;
  DIR* folder = ::opendir("/proc/self/task");
  if (folder == nullptr) return found;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    pid_t thread = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), thread);
    if (error == std::errc() && end == name.data() + name.size()) found.push_back(thread);
  }
  ::closedir(folder);
  return found;
}

// Of a thread by its number, as the kernel composes it.
clockid_t processor_clock(pid_t thread) {
  constexpr int kOfThread = 4, kScheduled = 2;
  return static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3) | kOfThread | kScheduled);
}

}  // namespace

struct PosixProfiler::State {
  std::unique_ptr<Sink> sink;
  std::vector<timer_t> timers;
};

PosixProfiler::PosixProfiler() : state_(std::make_unique<State>()) {}

PosixProfiler::~PosixProfiler() { close(); }

void PosixProfiler::allow_here() {
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, kSignal);
  pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
}

Result<void> PosixProfiler::open(std::size_t capacity) {
  if (state_->sink) return failure("cpu profiling already in use");
  if (!install_handler()) return failure("SIGPROF is in use by this program");
  state_->sink = std::make_unique<Sink>(std::min(capacity, kSamplesMax));
  active_sink.store(state_->sink.get());
  return {};
}

std::vector<StackSample> PosixProfiler::close() {
  for (const timer_t timer : state_->timers) ::timer_delete(timer);
  state_->timers.clear();
  active_sink.store(nullptr);
  while (handlers_running.load() > 0) ::sched_yield();
  std::vector<StackSample> samples;
  const std::unique_ptr<Sink> sink = std::move(state_->sink);
  if (!sink) return samples;
  const std::size_t count = std::min(sink->taken.load(), sink->samples.size());
  for (std::size_t i = 0; i < count; ++i) {
    const RawSample& raw = sink->samples[i];
    samples.push_back({{raw.addresses.begin(), raw.addresses.begin() + raw.depth}, raw.thread});
  }
  return samples;
}

Result<void> PosixProfiler::start(Duration period, Duration at_most) {
  const std::vector<pid_t> all = threads();
  const auto each = static_cast<std::size_t>(at_most.ns / period.ns) + 1;
  TRY(open(each * all.size()));
  for (const pid_t thread : all) {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kSignal;
    event._sigev_un._tid = thread;  // glibc has no better name for it before 2.38
    timer_t timer{};
    if (::timer_create(processor_clock(thread), &event, &timer) != 0) continue;  // it has ended
    const timespec every{.tv_sec = period.ns / 1'000'000'000, .tv_nsec = period.ns % 1'000'000'000};
    const itimerspec spec{.it_interval = every, .it_value = every};
    ::timer_settime(timer, 0, &spec, nullptr);
    state_->timers.push_back(timer);
  }
  if (!state_->timers.empty()) return {};
  close();
  return failure("the system gives no timers");
}

std::vector<StackSample> PosixProfiler::stop() { return close(); }

Result<std::vector<StackSample>> PosixProfiler::look() {
  const std::vector<pid_t> all = threads();
  TRY(open(all.size()));
  const pid_t process = ::getpid();
  for (const pid_t thread : all) ::syscall(SYS_tgkill, process, thread, kSignal);
  // Threads that do not take the signal, and those of others, are waited for in vain.
  const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (std::int64_t waited = 0; waited < kLook.ns; waited += pause.tv_nsec) {
    if (state_->sink->done.load(std::memory_order_acquire) == all.size()) break;
    ::nanosleep(&pause, nullptr);
  }
  return close();
}

std::vector<CodeRange> PosixProfiler::code() { return loaded_code(); }

std::vector<std::string> PosixProfiler::functions(const std::vector<std::uint64_t>& addresses) {
  return function_names(addresses);
}

}  // namespace midge::io
