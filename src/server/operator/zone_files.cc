#include "server/operator/zone_files.h"

namespace midge::server {
namespace {

constexpr const char* kFolder = "/usr/share/zoneinfo/";
constexpr const char* kLocal = "/etc/localtime";

}  // namespace

Result<auth::jwt::TimeZone> ZoneFiles::read(std::string_view name) const {
  if (name == "UTC") return auth::jwt::TimeZone();
  const bool is_local = name.empty() || name == "Local";
  if (name.find("..") != name.npos || name.starts_with('/') || name.find('\\') != name.npos)
    return failure("time: invalid location name");
  auto file = disk_.read_file(is_local ? kLocal : kFolder + std::string(name));
  // A machine without a zone of its own has UTC.
  if (!file && is_local) return auth::jwt::TimeZone();
  if (!file) return failure("unknown time zone " + std::string(name));
  return auth::jwt::TimeZone::parse(*file);
}

Result<auth::jwt::TimeZone> ZoneFiles::find(std::string_view name) const {
  std::shared_ptr<const Zones> seen = zones_.load();
  if (const auto found = seen->find(name); found != seen->end()) return found->second;
  // Only what exists is kept: names come from claims, and there are but so many zones.
  ASSIGN_OR_RETURN(auth::jwt::TimeZone zone, read(name));
  while (true) {
    auto next = std::make_shared<Zones>(*seen);
    next->insert_or_assign(std::string(name), zone);
    if (zones_.compare_exchange_strong(seen, std::shared_ptr<const Zones>(std::move(next)))) break;
  }
  return zone;
}

}  // namespace midge::server
