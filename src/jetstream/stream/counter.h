// Sums of counters: decimal integers of any size, as texts. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace midge::jetstream {

// `[+-]digits`, without leading zeros and plus; nullopt: not such a text.
std::optional<std::string> normal_integer(std::string_view text);
// Of two such.
std::string add_integers(std::string_view a, std::string_view b);
// The same number with the other sign.
std::string negative(std::string_view number);
// A counter's body, `{"val":"5"}`.
std::string counter_body(std::string_view value);
// The number in it; nullopt: it is broken.
std::optional<std::string> counter_value(std::string_view body);

}  // namespace midge::jetstream
