#include "server/options/file_options.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "codec/conf/duration.h"
#include "server/options/document_checks.h"
#include "server/options/fields.h"
#include "server/options/quoted.h"
#include "server/options/readers.h"
#include "server/options/table.h"

namespace midge::server {
namespace {

using conf::Kind;
using conf::Member;

const Options kDefaults;

// Number of single edits (or swaps of neighbours) between two short words, cut off at 3.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

// ` (did you mean "port"?)`, or nothing.
std::string suggestion(std::string_view key) {
  if (key.size() < 3 || key.size() > 40) return "";
  const std::string name = lower_case(key);
  std::string_view best;
  std::size_t best_distance = 3;
  for (const Row& row : option_table()) {
    for (std::string_view names = row.keys; !names.empty();) {
      const std::string_view candidate = first_name(names);
      names.remove_prefix(std::min(names.size(), candidate.size() + 1));
      const std::size_t edits = distance(name, candidate);
      if (edits >= best_distance || edits * 2 >= name.size()) continue;
      best = candidate;
      best_distance = edits;
    }
  }
  return best.empty() ? "" : " (did you mean \"" + std::string(best) + "\"?)";
}

class FileReader {
 public:
  FileReader(const Row& row, const Member& member, Options& options, Findings& findings)
      : row_(row), member_(member), options_(options), findings_(findings) {}

  void operator()(std::monostate) const {
    const std::string_view actual = member_.value.type_name();
    if (!row_.type.empty() && actual != row_.type) wrong_type(member_, row_.type, findings_);
  }
  void operator()(bool Options::*field) const {
    if (member_.value.kind == Kind::kBool)
      options_.*field = member_.value.boolean;
    else
      wrong_type(member_, "bool", findings_);
  }
  void operator()(std::string Options::*field) const {
    if (member_.value.kind == Kind::kString)
      options_.*field = member_.value.text;
    else
      wrong_type(member_, "string", findings_);
  }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void operator()(Integer Options::*field) const {
    if (member_.value.kind != Kind::kInteger) {
      wrong_type(member_, "int64", findings_);
      return;
    }
    const std::int64_t value = member_.value.integer;
    if (value > row_.max)
      findings_.error(member_.position, member_.key + " value is too big");
    else if (value == 0 && row_.zero_is_default)
      options_.*field = kDefaults.*field;
    else
      options_.*field = static_cast<Integer>(std::clamp<std::int64_t>(
          value, std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max()));
  }
  void operator()(Duration Options::*field) const {
    const std::string name(first_name(row_.keys));
    Duration duration;
    if (member_.value.kind == Kind::kString) {
      Result<Duration> parsed = conf::parse_duration(member_.value.text);
      if (!parsed) {
        findings_.error(member_.position, "error parsing " + name + ": " + parsed.error().text());
        return;
      }
      duration = *parsed;
    } else {
      findings_.warning(member_.position, "invalid use of field \"" + name + "\": " + name +
                                              " should be converted to a duration");
      if (member_.value.kind != Kind::kInteger) {
        wrong_type(member_, "int64", findings_);
        return;
      }
      if (__builtin_mul_overflow(member_.value.integer, std::int64_t{1000000000}, &duration.ns)) {
        findings_.error(member_.position, member_.key + " value is too big");
        return;
      }
    }
    options_.*field = duration == Duration{0} && row_.zero_is_default ? kDefaults.*field : duration;
  }

 private:
  const Row& row_;
  const Member& member_;
  Options& options_;
  Findings& findings_;
};

void apply_member(const Member& member, Options& options, Findings& findings) {
  const Row* row = find_option(member.key);
  if (row == nullptr) {
    if (!member.is_variable)
      findings.error(member.position,
                     "unknown field " + quoted(member.key) + suggestion(member.key));
    return;
  }
  if (row->read != nullptr)
    row->read(member, options, findings);
  else
    std::visit(FileReader(*row, member, options, findings), row->field);
  if (row->support == Support::kNoEffect)
    findings.note(member.position, "\"" + member.key + "\" has no effect here");
}

}  // namespace

void apply_file(const conf::Document& document, const conf::Sources& sources, Options& options,
                Findings& findings) {
  for (const Member& member : document.root.members) apply_member(member, options, findings);
  check_document(document, sources, options, findings);
  if (document.root.members.empty() && !document.files.empty())
    findings.add({Finding::Kind::kWarning, 0,
                  *document.files.front() + ": config has no values or is empty"});
}

}  // namespace midge::server
