// Ids that more than one room speaks of, as types that do not mix.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace midge {

template <class Tag, class Value>
struct StrongId {
  Value value{};
  auto operator<=>(const StrongId&) const = default;
};

using LoopId = StrongId<struct LoopTag, std::uint8_t>;         // index of a loop in its process
using AccountId = StrongId<struct AccountTag, std::uint32_t>;  // an account of this server
using ConnectionId = StrongId<struct ConnectionTag, std::uint64_t>;  // `cid`: unique per server run

inline constexpr AccountId kGlobalAccount{0};  // `$G`

// The most loops a server can have: LoopId is one byte, and targets store it in one.
inline constexpr unsigned kLoopsMax = 250;

}  // namespace midge

template <class Tag, class Value>
struct std::hash<midge::StrongId<Tag, Value>> {
  std::size_t operator()(midge::StrongId<Tag, Value> id) const noexcept {
    return std::hash<Value>{}(id.value);
  }
};
