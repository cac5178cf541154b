// A match result as one loop uses it: own targets, and other loops'.
//
// What leaves its account, or is mapped within it, is a Detour: then the route's own targets are
// empty and account_route.h has the rest. Thread: the loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "auth/permissions.h"
#include "base/ids.h"
#include "broker/account_route.h"
#include "broker/route_targets.h"
#include "subject/interest_index.h"

namespace midge::broker {

struct Route : RouteTargets {
  AccountId account;
  std::string subject;
  subject::InterestIndex::GenerationKey key;
  std::uint64_t generation = 0;
  std::uint32_t last_used = 0;
  bool cached = false;  // stays where it is until the next call of find() for another subject
  // Whether all own targets belong to different clients; computed when first asked.
  enum class Distinct : std::uint8_t { kUnknown, kYes, kNo } distinct = Distinct::kUnknown;
  std::unique_ptr<Detour> detour;  // null: the targets are all there is
  // Rules that allow publishing on the subject. They are immutable and cannot go while they are
  // held here, so the very same object always says the same; other rules are another object.
  std::shared_ptr<const auth::Permissions> permitted_by;
};

}  // namespace midge::broker
