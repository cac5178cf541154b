// Reading the JSON of API answers with no more knowledge than the names of fields.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::sim {

// What stands behind `"name":`; "" if there is no such field.
inline std::string_view behind(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const auto at = json.find(key);
  return at == std::string_view::npos ? std::string_view() : json.substr(at + key.size());
}

// The first number behind `"name":`; 0 if there is none.
inline std::uint64_t field(std::string_view json, std::string_view name) {
  const std::string_view text = behind(json, name);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer's sequence>.<time>.<pending>`
inline std::vector<std::string> tokens(std::string_view subject) {
  std::vector<std::string> parts(1);
  for (const char c : subject) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace midge::sim
