// Header blocks of messages (ADR-4): `NATS/1.0[ status[ description]]\r\n`, a line `Name:
// value\r\n` for each field, `\r\n`.
//
// Reading yields views into the block, in its order, and allocates nothing. What looks for one
// field takes the block as it is and finds what can be found; check_headers() tells whether all of
// it is as it should be. Names are kept as they were sent, values are without the blanks around
// them. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proto/blank.h"

namespace midge::proto {

inline constexpr std::string_view kHeaderVersion = "NATS/1.0";
inline constexpr std::string_view kHeaderLine = "NATS/1.0\r\n";  // of a block without a status

struct HeaderField {
  std::string_view name;
  std::string_view value;
};

struct HeaderStatus {
  int code = 0;  // three digits; 0 = none
  std::string_view description;
};

// Error: what is wrong with the block.
Result<HeaderStatus> check_headers(std::string_view block);
// The same of a block that need not be right behind its first line; none if that is not right.
HeaderStatus header_status(std::string_view block);

// The value of the first field of this name.
std::optional<std::string_view> find_header(std::string_view block, std::string_view name);
std::optional<std::string_view> find_header_ignoring_case(std::string_view block,
                                                          std::string_view name);
// The values of all fields of this name.
std::vector<std::string_view> header_values(std::string_view block, std::string_view name);

// Whether these may stand in a block: the name printable ASCII without blanks and colons, the value
// free of line breaks. Error: what is wrong, for the caller who gave them.
Result<void> check_header_field(std::string_view name, std::string_view value);

// Makes a block.
class HeaderWriter {
 public:
  // `status`: as `404 Message Not Found`; "" = none.
  explicit HeaderWriter(std::string_view status = {});
  // Goes on behind the fields of `block`, or starts a new one if it is not a block.
  // `more`: how many bytes will be added, about.
  static HeaderWriter after(std::string_view block, std::size_t more = 0);
  // Not checked: see check_header_field() for what others have chosen.
  HeaderWriter& field(std::string_view name, std::string_view value);
  HeaderWriter& field(std::string_view name, std::uint64_t value);
  // The whole block with its empty line.
  std::string take();

 private:
  std::string text_;
};

// --- walking a block ---

constexpr std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes a line off the front. False, and nothing taken, if none ends there.
inline bool take_header_line(std::string_view& rest, std::string_view& line) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return true;
}

// Takes the first line of a block off, whatever status it tells. False if this is no block.
inline bool enter_headers(std::string_view& block) {
  std::string_view line;
  return block.starts_with(kHeaderVersion) && take_header_line(block, line);
}

// Takes the next field off `rest`, which begins behind a block's first line; its value is all that
// stands behind the colon. Lines without one are passed over. False at the block's end.
inline bool take_header_field(std::string_view& rest, HeaderField& field) {
  std::string_view line;
  while (take_header_line(rest, line) && !line.empty()) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    field = {line.substr(0, colon), line.substr(colon + 1)};
    return true;
  }
  return false;
}

// Calls visit(HeaderField) for each field, whatever the block's status.
template <class Visit>
void for_each_header_field(std::string_view block, Visit&& visit) {
  if (!enter_headers(block)) return;
  HeaderField field;
  while (take_header_field(block, field))
    visit(HeaderField{field.name, without_blanks(field.value)});
}

}  // namespace midge::proto
