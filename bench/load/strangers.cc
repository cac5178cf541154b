#include "strangers.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"

namespace midge::load {
namespace {

[[noreturn]] void compute(const cpu_set_t& cpus) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::sched_setaffinity(0, sizeof cpus, &cpus);
  const sched_param no_priority{};
  ::sched_setscheduler(0, SCHED_IDLE, &no_priority);
  for (volatile unsigned number = 0;;) number = number * 1'664'525U + 1'013'904'223U;
}

}  // namespace

Strangers::Strangers(int count, pid_t like) {
  cpu_set_t cpus;
  if (::sched_getaffinity(like, sizeof cpus, &cpus) != 0) fail_errno("sched_getaffinity");
  for (int i = 0; i < count; ++i) {
    const pid_t pid = ::fork();
    if (pid < 0) fail_errno("fork");
    if (pid == 0) compute(cpus);
    pids_.push_back(pid);
  }
}

Strangers::~Strangers() {
  for (const pid_t pid : pids_) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

}  // namespace midge::load
