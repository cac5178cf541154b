// Time zones from the machine's tz database, each read once. Any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "auth/jwt/time_zone.h"
#include "io/disk.h"

namespace midge::server {

class ZoneFiles final : public auth::jwt::ZoneSource {
 public:
  explicit ZoneFiles(io::Disk& disk) : disk_(disk) {}
  [[nodiscard]] Result<auth::jwt::TimeZone> find(std::string_view name) const override;

 private:
  using Zones = std::map<std::string, auth::jwt::TimeZone, std::less<>>;
  [[nodiscard]] Result<auth::jwt::TimeZone> read(std::string_view name) const;

  io::Disk& disk_;
  mutable std::atomic<std::shared_ptr<const Zones>> zones_{std::make_shared<const Zones>()};
};

}  // namespace midge::server
