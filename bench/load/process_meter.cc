#include "process_meter.h"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>

#include "clock.h"
#include "fail.h"

namespace midge::load {

ProcessMeter::ProcessMeter(pid_t pid) : pid_(pid) {
  if (clock_getcpuclockid(pid, &clock_) != 0)
    fail("no CPU clock of process " + std::to_string(pid));
}

std::int64_t ProcessMeter::cpu_ns() const {
  timespec t;
  if (clock_gettime(clock_, &t) != 0) fail("process " + std::to_string(pid_) + " is gone");
  return t.tv_sec * kSecond + t.tv_nsec;
}

void ProcessMeter::reset_peak_rss() const {
  const std::string path = "/proc/" + std::to_string(pid_) + "/clear_refs";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr || std::fputs("5", file) < 0 || std::fclose(file) != 0) fail_errno(path);
}

std::int64_t ProcessMeter::written_bytes() const { return field_of("io", "write_bytes:"); }

std::int64_t ProcessMeter::field_of(const std::string& name, const char* field) const {
  const std::string path = "/proc/" + std::to_string(pid_) + "/" + name;
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) fail_errno(path);
  char line[256];
  long long value = -1;
  while (value < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, field, std::strlen(field)) == 0) {
      std::sscanf(line + std::strlen(field), "%lld", &value);
    }
  }
  std::fclose(file);
  if (value < 0) fail(path + " has no " + field);
  return value;
}

}  // namespace midge::load
