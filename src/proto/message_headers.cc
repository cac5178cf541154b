#include "proto/message_headers.h"

#include <algorithm>

#include "base/ascii.h"
#include "proto/size_text.h"

namespace midge::proto {
namespace {

std::unexpected<Error> bad(const char* what) {
  return failure(std::string("message headers ") + what, ErrorCode::kInvalid);
}

bool has_line_break(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

// `line` begins with the version.
Result<HeaderStatus> read_status(std::string_view line) {
  line.remove_prefix(kHeaderVersion.size());
  if (!line.empty() && !is_blank(line.front())) return bad("are of an unknown version");
  line = without_blanks(line);
  if (line.empty()) return HeaderStatus{};
  const std::string_view digits = line.substr(0, line.find_first_of(" \t"));
  const std::int32_t code = digits.size() == 3 ? parse_size(digits) : kNoSize;
  if (code <= 0 || has_line_break(line)) return bad("have a bad status");
  return HeaderStatus{code, without_blanks(line.substr(digits.size()))};
}

template <class IsWanted>
std::optional<std::string_view> find_first(std::string_view block, IsWanted&& is_wanted) {
  if (!enter_headers(block)) return {};
  HeaderField field;
  while (take_header_field(block, field))
    if (is_wanted(field.name)) return without_blanks(field.value);
  return {};
}

}  // namespace

Result<HeaderStatus> check_headers(std::string_view block) {
  std::string_view line;
  if (!block.starts_with(kHeaderVersion)) return bad("do not begin with NATS/1.0");
  if (!take_header_line(block, line)) return bad("are cut");
  ASSIGN_OR_RETURN(const HeaderStatus status, read_status(line));
  while (true) {
    if (!take_header_line(block, line)) return bad("are cut");
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return bad("have a line without a colon");
    if (colon == 0) return bad("have a field without a name");
    if (has_line_break(line)) return bad("have a line break in a field");
  }
  if (!block.empty()) return bad("go on behind their end");
  return status;
}

HeaderStatus header_status(std::string_view block) {
  std::string_view line;
  if (!block.starts_with(kHeaderVersion) || !take_header_line(block, line)) return {};
  return read_status(line).value_or(HeaderStatus{});
}

std::optional<std::string_view> find_header(std::string_view block, std::string_view name) {
  return find_first(block, [name](std::string_view there) { return there == name; });
}

std::optional<std::string_view> find_header_ignoring_case(std::string_view block,
                                                          std::string_view name) {
  return find_first(block,
                    [name](std::string_view there) { return equal_ignoring_case(there, name); });
}

std::vector<std::string_view> header_values(std::string_view block, std::string_view name) {
  std::vector<std::string_view> values;
  for_each_header_field(block, [&](const HeaderField& field) {
    if (field.name == name) values.push_back(field.value);
  });
  return values;
}

Result<void> check_header_field(std::string_view name, std::string_view value) {
  const auto may_stand = [](char letter) { return letter > ' ' && letter < 0x7f && letter != ':'; };
  if (name.empty() || !std::ranges::all_of(name, may_stand))
    return failure("a header's name must be printable ASCII without blanks and colons",
                   ErrorCode::kInvalid);
  if (has_line_break(value))
    return failure("a header's value must not have line breaks", ErrorCode::kInvalid);
  return {};
}

HeaderWriter::HeaderWriter(std::string_view status) : text_(kHeaderVersion) {
  if (!status.empty()) text_.append(1, ' ').append(status);
  text_.append("\r\n");
}

HeaderWriter HeaderWriter::after(std::string_view block, std::size_t more) {
  HeaderWriter writer;
  if (more > 0) writer.text_.reserve(block.size() + more);
  if (block.starts_with(kHeaderLine) && block.ends_with("\r\n\r\n"))
    writer.text_ = block.substr(0, block.size() - 2);
  return writer;
}

HeaderWriter& HeaderWriter::field(std::string_view name, std::string_view value) {
  text_.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

HeaderWriter& HeaderWriter::field(std::string_view name, std::uint64_t value) {
  return field(name, std::to_string(value));
}

std::string HeaderWriter::take() {
  text_.append("\r\n");
  return std::move(text_);
}

}  // namespace midge::proto
