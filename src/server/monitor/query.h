// The query part of a request's target, and its parameters read as nats-server reads them: with
// Go's rules and Go's error texts. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::server {

enum class PlusSign : std::uint8_t { kLiteral, kSpace };

// nullopt if a `%` is not followed by two hex digits.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, PlusSign plus);

class Query {
 public:
  // Pairs that do not decode, or hold a semicolon, are left out. Of several values the first
  // counts.
  explicit Query(std::string_view text);

  // "" if absent.
  [[nodiscard]] const std::string& text(std::string_view name) const;
  // These answer false or 0 for an absent or empty parameter. Errors are for the one who asked:
  // `Error decoding boolean for 'subs': strconv.ParseBool: parsing "x": invalid syntax`.
  [[nodiscard]] Result<bool> boolean(std::string_view name) const;
  [[nodiscard]] Result<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] Result<std::uint64_t> unsigned_integer(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace midge::server
