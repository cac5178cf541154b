// Values inside the blocks of a configuration file: each read by its type, or found wrong in the
// peer's words.
//
// A block is described by a table of BlockKey: names, and what reads the value. What no table
// knows is an unknown field.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/table.h"

namespace midge::server {

// `interface conversion: interface {} is string, not int64`, and what we know beyond it.
void wrong_type(const conf::Member& member, std::string_view wanted, Findings& findings);

// Nothing: it was of another type, and that is among the findings.
[[nodiscard]] std::optional<std::string> text_of(const conf::Member& member, Findings& findings);
[[nodiscard]] std::optional<std::int64_t> integer_of(const conf::Member& member,
                                                     Findings& findings);
[[nodiscard]] std::optional<bool> boolean_of(const conf::Member& member, Findings& findings);
[[nodiscard]] bool is_map(const conf::Member& member, Findings& findings);
[[nodiscard]] bool is_array(const conf::Member& member, Findings& findings);
// Of an item of an array.
[[nodiscard]] std::optional<std::string> text_of(const conf::Value& item, Findings& findings);

// A string, or an array of strings. Items of other types are found wrong; null if it is neither:
// then nothing is found yet.
[[nodiscard]] std::optional<std::vector<std::string>> texts_of(const conf::Value& value,
                                                               Findings& findings);

// As Go prints a value with `%v`; maps in the order of the file.
[[nodiscard]] std::string plain_text(const conf::Value& value);

// `server.conf:12`.
[[nodiscard]] std::string place_of(const conf::Position& position);

// Where the peer reports what a map lacks: at its last key.
[[nodiscard]] const conf::Position& last_position(const conf::Value& map);

template <class Target>
struct BlockKey {
  std::string_view names;  // in lower case, separated by spaces
  void (*read)(const conf::Member& member, Target& target, Findings& findings);
};

template <class Target, class Keys>
[[nodiscard]] bool read_key(const conf::Member& member, const Keys& keys, Target& target,
                            Findings& findings) {
  const std::string name = lower_case(member.key);
  for (const BlockKey<Target>& key : keys) {
    if (!contains_name(key.names, name)) continue;
    key.read(member, target, findings);
    return true;
  }
  return false;
}

// `unknown field "x"`, unless some variable is called so.
void unknown_field(const conf::Member& member, Findings& findings);

template <class Target, class Keys>
void read_block(const conf::Value& map, const Keys& keys, Target& target, Findings& findings) {
  for (const conf::Member& member : map.members)
    if (!read_key(member, keys, target, findings)) unknown_field(member, findings);
}

}  // namespace midge::server
