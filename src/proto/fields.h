// The fields of a control line: what stands between its separators.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace midge::proto {

// Up to `Max` fields; `count` is Max + 1 if there are more.
template <std::size_t Max>
struct Fields {
  std::array<std::string_view, Max> text;
  std::size_t count = 0;
};

// Whether one of eight bytes is a space or below: the word-at-a-time test for bytes less than n.
inline bool has_separator(const char* bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return ((word - kOnes * (' ' + 1)) & ~word & (kOnes * 0x80)) != 0;
}

// `separates` is true of bytes up to the space only. It is a template argument so that it is
// inlined: this loop runs once per byte.
template <std::size_t Max, bool (*separates)(char)>
Fields<Max> split_fields(std::string_view args) {
  Fields<Max> fields;
  std::size_t at = 0;
  while (true) {
    while (at < args.size() && separates(args[at])) ++at;
    if (at == args.size()) return fields;
    const std::size_t start = at;
    while (at + 8 <= args.size() && !has_separator(args.data() + at)) at += 8;
    while (at < args.size() && !separates(args[at])) ++at;
    if (fields.count == Max) {
      ++fields.count;
      return fields;
    }
    fields.text[fields.count++] = args.substr(start, at - start);
  }
}

}  // namespace midge::proto
