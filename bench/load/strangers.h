// Processes of nobody's that do nothing but compute, where the server may and with the least claim
// to the CPU (SCHED_IDLE): what traffic suffers beside them is the machine's doing, not a server's.
#pragma once

#include <sys/types.h>

#include <vector>

namespace midge::load {

class Strangers {
 public:
  // On the CPUs that process `like` may use.
  Strangers(int count, pid_t like);
  ~Strangers();  // they end
  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

 private:
  std::vector<pid_t> pids_;
};

}  // namespace midge::load
