#include "io/posix/posix_cgroup.h"

#include <charconv>
#include <string_view>

#include "io/posix/posix_disk.h"

namespace midge::io {
namespace {

// Version 1 writes a page-rounded 2^63 where there is no limit.
constexpr std::int64_t kMemoryUnlimited = std::int64_t{1} << 60;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<std::string> content(const std::string& path) {
  auto text = PosixDisk().read_file(path);
  if (!text) return std::nullopt;
  return std::move(*text);
}

std::optional<std::int64_t> number_in(const std::string& path) {
  const auto text = content(path);
  return text ? number(*text) : std::nullopt;
}

template <class T>
void lower(std::optional<T>& limit, T value) {
  if (!limit || value < *limit) limit = value;
}

// Limits hold for everything below, so that the lowest one on the way to the root counts. In a
// container the path is often the host's and does not exist here; then the mount's root is ours.
template <class Look>
void each_group(const std::string& mount, std::string path, Look look) {
  if (path == "/") path.clear();
  while (true) {
    look(mount + path);
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return;
    path.erase(slash);
  }
}

void look_for_cpus_v2(const std::string& group, CgroupLimits& limits) {
  const auto text = content(group + "/cpu.max");  // `quota period`, or `max period`
  if (!text) return;
  const auto quota = number(*text);
  const auto space = text->find(' ');
  if (!quota || space == std::string::npos) return;
  const auto period = number(std::string_view(*text).substr(space + 1));
  if (period && *period > 0)
    lower(limits.cpus, static_cast<double>(*quota) / static_cast<double>(*period));
}

void look_for_cpus_v1(const std::string& group, CgroupLimits& limits) {
  const auto quota = number_in(group + "/cpu.cfs_quota_us");
  const auto period = number_in(group + "/cpu.cfs_period_us");
  if (quota && period && *quota > 0 && *period > 0)
    lower(limits.cpus, static_cast<double>(*quota) / static_cast<double>(*period));
}

void look_for_memory(const std::string& file, CgroupLimits& limits) {
  const auto bytes = number_in(file);
  if (bytes && *bytes < kMemoryUnlimited) lower(limits.memory, *bytes);
}

bool lists(std::string_view controllers, std::string_view name) {
  while (!controllers.empty()) {
    const auto comma = controllers.find(',');
    if (controllers.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
  return false;
}

// One line of /proc/self/cgroup: `hierarchy:controllers:path`.
void look_along(std::string_view line, const std::string& mounts, CgroupLimits& limits) {
  const auto first = line.find(':');
  const auto second = line.find(':', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return;
  const std::string_view controllers = line.substr(first + 1, second - first - 1);
  const std::string path(line.substr(second + 1));
  if (controllers.empty()) {
    each_group(mounts, path, [&limits](const std::string& group) {
      look_for_cpus_v2(group, limits);
      look_for_memory(group + "/memory.max", limits);
    });
  }
  if (lists(controllers, "cpu")) {
    each_group(mounts + "/cpu", path,
               [&limits](const std::string& group) { look_for_cpus_v1(group, limits); });
  }
  if (lists(controllers, "memory")) {
    each_group(mounts + "/memory", path, [&limits](const std::string& group) {
      look_for_memory(group + "/memory.limit_in_bytes", limits);
    });
  }
}

}  // namespace

CgroupLimits read_cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const auto groups = content(root + "/proc/self/cgroup");
  if (!groups) return limits;
  std::string_view rest = *groups;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    look_along(rest.substr(0, end), root + "/sys/fs/cgroup", limits);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return limits;
}

}  // namespace midge::io
