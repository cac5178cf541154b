#include "auth/distinguished_name.h"

#include <algorithm>
#include <utility>

namespace midge::auth {
namespace {

constexpr std::string_view kSpecial = " \"#+,;<=>\\";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// Takes the text up to one of `ends` off its front, unescaped and without the spaces around it.
std::optional<std::string> take_until(std::string_view& text, std::string_view ends) {
  std::string taken;
  std::size_t size = 0;  // without trailing spaces that were not escaped
  while (!text.empty() && ends.find(text.front()) == std::string_view::npos) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == ' ') {
      if (!taken.empty()) taken += c;
      continue;
    }
    if (c != '\\') {
      taken += c;
    } else if (!text.empty() && kSpecial.find(text.front()) != std::string_view::npos) {
      taken += text.front();
      text.remove_prefix(1);
    } else {
      if (text.size() < 2 || hex_digit(text[0]) < 0 || hex_digit(text[1]) < 0) return std::nullopt;
      taken += static_cast<char>(hex_digit(text[0]) * 16 + hex_digit(text[1]));
      text.remove_prefix(2);
    }
    size = taken.size();
  }
  taken.resize(size);
  return taken;
}

}  // namespace

std::optional<DistinguishedName> DistinguishedName::parse(std::string_view text) {
  DistinguishedName name;
  Part part;
  while (!text.empty()) {
    auto type = take_until(text, "=,+");
    if (!type || type->empty() || !text.starts_with('=')) return std::nullopt;
    text.remove_prefix(1);
    if (text.starts_with('#')) return std::nullopt;
    auto value = take_until(text, ",+");
    if (!value) return std::nullopt;
    part.push_back({upper_case(*std::move(type)), *std::move(value)});
    const bool goes_on = text.starts_with('+');
    const bool ends = text.empty();
    if (!ends) text.remove_prefix(1);
    if (!ends && text.empty()) return std::nullopt;
    if (goes_on) continue;
    std::ranges::sort(part);
    name.parts_.push_back(std::exchange(part, {}));
  }
  if (name.parts_.empty()) return std::nullopt;
  return name;
}

bool DistinguishedName::has_parts_of(const DistinguishedName& other) const {
  std::vector<Part> mine = parts_, theirs = other.parts_;
  std::ranges::sort(mine);
  std::ranges::sort(theirs);
  return mine == theirs;
}

}  // namespace midge::auth
