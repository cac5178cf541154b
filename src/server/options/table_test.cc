// Goal: the table is sound: no name twice, each row usable for what is made of it.
// Method: looks at every row.
#include "server/options/table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "server/options/usage.h"

namespace midge::server {
namespace {

std::set<std::string> split(std::string_view names) {
  std::set<std::string> out;
  while (!names.empty()) {
    const std::string_view name = first_name(names);
    out.emplace(name);
    names.remove_prefix(std::min(names.size(), name.size() + 1));
  }
  return out;
}

TEST_CASE("rows are sound") {
  std::set<std::string> keys;
  std::set<std::string> flags;
  for (const Row& row : option_table()) {
    CAPTURE(row.keys);
    CAPTURE(row.flags);
    CHECK((!row.keys.empty() || !row.flags.empty()));
    CHECK(!row.text.empty());
    for (const std::string& key : split(row.keys)) {
      CHECK(key == lower_case(key));
      CHECK(keys.insert(key).second);
      CHECK(find_option(key) == &row);
    }
    for (const std::string& flag : split(row.flags)) {
      CHECK(flags.insert(flag).second);
      CHECK(find_flag(flag) == &row);
    }
    const bool has_field = !std::holds_alternative<std::monostate>(row.field);
    const bool has_reader = row.read != nullptr;
    if (row.support == Support::kWorks && !row.keys.empty()) {
      CHECK((has_field || has_reader));
      CHECK(!row.go_name.empty() == (row.keys != "listen" && row.keys != "https"));
    }
    if (row.support == Support::kUnsupported && !row.keys.empty()) CHECK(has_reader);
    const bool has_flag_type = row.type == "bool" || row.type == "int64" || row.type == "string";
    if (!row.flags.empty()) CHECK((has_field || has_flag_type));
  }
}

TEST_CASE("names: keys in any case, flags exactly, whole names only") {
  CHECK(find_option("MAX_Payload") != nullptr);
  CHECK(find_option("max_pay") == nullptr);
  CHECK(find_option("") == nullptr);
  CHECK(find_flag("DV") != nullptr);
  CHECK(find_flag("dv") == nullptr);
  CHECK(find_flag("d") == nullptr);
  CHECK(find_flag("") == nullptr);
}

TEST_CASE("help and manual tell of every row") {
  const std::string usage = usage_text();
  const std::string reference = reference_text();
  CHECK(usage.starts_with("\nUsage: nats-server [options]\n"));
  for (const Row& row : option_table()) {
    for (const std::string& flag : split(row.flags))
      CHECK(usage.find("-" + flag) != std::string::npos);
    for (const std::string& key : split(row.keys))
      CHECK(reference.find("`" + key + "`") != std::string::npos);
  }
  CHECK(reference.find("| `max_connections`, `max_conn` | integer | 65536 | ") !=
        std::string::npos);
  const std::string midge_version = kMidgeVersion;
  CHECK(version_text() == "nats-server: v2.15.2\nmidge-server: v" + midge_version + "\n");
}

}  // namespace
}  // namespace midge::server
