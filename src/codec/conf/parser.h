// From configuration text to a tree: nats-server's grammar, read by recursive descent.
//
// All errors are collected, not the first alone: after one, reading goes on at the next line. The
// texts are nats-server's; what we know beyond them (the place, what was found) follows in
// brackets. Bounded: nesting, includes, the size of what variables expand to, and the number of
// errors; any bytes may come in. Thread: any; blocks only in Sources.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/conf/sources.h"
#include "codec/conf/value.h"

namespace midge::conf {

inline constexpr int kDepthMax = 400;  // of maps and arrays
inline constexpr int kIncludeDepthMax = 32;
inline constexpr int kIncludesMax = 1000;                       // in one document
inline constexpr std::size_t kExpansionMax = 32 * 1024 * 1024;  // bytes copied by variables
inline constexpr std::size_t kErrorsMax = 20;

struct Parsed {
  Document document;
  std::vector<std::string> errors;  // one line each; empty if the document is whole
};

[[nodiscard]] Parsed parse_file(const std::string& path, const Sources& sources);

// `name` stands for the file in positions, and its folder is where includes are looked for.
[[nodiscard]] Parsed parse_text(const std::string& name, std::string_view text,
                                const Sources& sources);

}  // namespace midge::conf
