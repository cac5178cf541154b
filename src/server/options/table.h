// Every option as one row. The file reader, the flags, the help text, the reload plan and the
// reference manual are made from these rows; nothing about an option is said twice.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

using Field = std::variant<std::monostate, bool Options::*, int Options::*, unsigned Options::*,
                           std::int64_t Options::*, std::string Options::*, Duration Options::*>;

// Reads a value that no plain field describes.
using Reader = void (*)(const conf::Member& member, Options& options, Findings& findings);

// The value as a reload's log line or error shows it, where `field` does not say it.
using Shower = std::string (*)(const Options& options);

enum class Support : std::uint8_t {
  kWorks,
  kNoEffect,     // known, accepted, does nothing here
  kUnsupported,  // a part that does not exist yet: refused by name
};

// Headings of the help text.
enum class Group : std::uint8_t {
  kServer,
  kLogging,
  kJetStream,
  kAuthorization,
  kTls,
  kCluster,
  kProfiling,
  kCommon,
};

struct Row {
  // Keys in the file, separated by spaces, the one to recommend first. Empty: a flag only.
  std::string_view keys;
  // What it sets. Decides the type of value and flag.
  Field field = {};
  Reader read = nullptr;  // instead of reading the file's value into `field`
  // The peer's type of a value that has no field (kNoEffect), and the manual's word for it.
  std::string_view type = "";
  Support support = Support::kWorks;
  bool zero_is_default = false;       // a zero in the file stands for the default
  bool seconds_are_accepted = false;  // a bare integer is seconds, with a warning
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  bool reloadable = false;
  std::string_view go_name = "";  // the option's name in nats-server's reload errors
  Shower show = nullptr;
  std::string_view flags = "";     // separated by spaces, short ones first, without dashes
  std::string_view argument = "";  // of the flag, as the help text shows it; empty for switches
  Group group = Group::kServer;
  std::string_view text = "";
};

[[nodiscard]] std::span<const Row> option_table();

// Names are compared without regard to case. Null if unknown.
[[nodiscard]] const Row* find_option(std::string_view key);
// Flags are compared exactly.
[[nodiscard]] const Row* find_flag(std::string_view name);

// The key or flag to call it by.
[[nodiscard]] std::string_view first_name(std::string_view names);
[[nodiscard]] bool contains_name(std::string_view names, std::string_view name);
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace midge::server
