#include "client/service/service_names.h"

#include <algorithm>
#include <string>

namespace midge::detail {
namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool is_name_letter(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         letter == '-';
}

// Digits without a zero before others.
bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit) &&
         (text.size() == 1 || text.front() != '0');
}

// Takes what is in front of `dot`, or all.
std::string_view take_part(std::string_view& rest, bool& more) {
  const std::size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  more = dot != std::string_view::npos;
  rest.remove_prefix(more ? dot + 1 : rest.size());
  return part;
}

// Parts with dots between them. `numbers`: those that look like numbers must be some.
bool are_identifiers(std::string_view text, bool numbers) {
  for (bool more = true; more;) {
    const std::string_view part = take_part(text, more);
    if (part.empty() || !std::ranges::all_of(part, is_name_letter)) return false;
    if (numbers && std::ranges::all_of(part, is_digit) && !is_number(part)) return false;
  }
  return true;
}

}  // namespace

bool is_service_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char letter) {
    return is_name_letter(letter) || letter == '_';
  });
}

bool is_semantic_version(std::string_view version) {
  if (const std::size_t plus = version.find('+'); plus != std::string_view::npos) {
    if (!are_identifiers(version.substr(plus + 1), false)) return false;
    version = version.substr(0, plus);
  }
  if (const std::size_t minus = version.find('-'); minus != std::string_view::npos) {
    if (!are_identifiers(version.substr(minus + 1), true)) return false;
    version = version.substr(0, minus);
  }
  int parts = 0;
  for (bool more = true; more; ++parts)
    if (!is_number(take_part(version, more))) return false;
  return parts == 3;
}

}  // namespace midge::detail
