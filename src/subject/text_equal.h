// Equality of short texts without a call: subjects and tokens are compared once per lookup.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace midge::subject {

inline bool text_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  auto differ = [&a, &b]<class Word>(Word, std::size_t at) {
    Word x, y;
    std::memcpy(&x, a.data() + at, sizeof x);
    std::memcpy(&y, b.data() + at, sizeof y);
    return x != y;
  };
  const std::size_t size = a.size();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8)
      if (differ(std::uint64_t{}, at)) return false;
    return !differ(std::uint64_t{}, size - 8);  // overlaps what was compared before
  }
  if (size >= 4) return !differ(std::uint32_t{}, 0) && !differ(std::uint32_t{}, size - 4);
  for (std::size_t at = 0; at < size; ++at)
    if (a[at] != b[at]) return false;
  return true;
}

}  // namespace midge::subject
