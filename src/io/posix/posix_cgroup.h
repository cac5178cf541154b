// What the control group grants this process; versions 1 and 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace midge::io {

struct CgroupLimits {
  std::optional<double> cpus;          // cores' worth of time
  std::optional<std::int64_t> memory;  // bytes
};

// `root` is put before every path that is read: "" for the real ones.
CgroupLimits read_cgroup_limits(const std::string& root);

}  // namespace midge::io
