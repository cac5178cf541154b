#include "server/options/friendly_size.h"

#include <fmt/format.h>

#include <string_view>

namespace midge::server {

std::string friendly_size(std::int64_t bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  double size = static_cast<double>(bytes);
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  for (size /= 1024; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  return fmt::format("{:.2f} {}B", size, kUnits[unit]);
}

}  // namespace midge::server
