// Numbers of the store, as types that do not mix.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

#include "base/ids.h"

namespace midge::store {

// A position in an order that only grows. 0 = none.
template <class Tag>
struct SequenceOf {
  std::uint64_t value = 0;
  auto operator<=>(const SequenceOf&) const = default;
  constexpr SequenceOf operator+(std::uint64_t n) const { return {value + n}; }
  constexpr SequenceOf operator-(std::uint64_t n) const { return {value - n}; }
  constexpr std::uint64_t operator-(SequenceOf other) const { return value - other.value; }
  constexpr SequenceOf& operator++() {
    ++value;
    return *this;
  }
};

using Sequence = SequenceOf<struct StreamSequenceTag>;  // of a message in its stream
using JournalPosition = SequenceOf<struct JournalTag>;  // bytes of records written before

using StreamId = StrongId<struct StreamTag, std::uint64_t>;      // never given twice
using ConsumerId = StrongId<struct ConsumerTag, std::uint64_t>;  // never twice within a stream

}  // namespace midge::store

template <class Tag>
struct std::hash<midge::store::SequenceOf<Tag>> {
  std::size_t operator()(midge::store::SequenceOf<Tag> s) const noexcept {
    return std::hash<std::uint64_t>{}(s.value);
  }
};
