#include "server/options/mappings_block.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/options/fields.h"
#include "server/options/percent.h"
#include "server/options/quoted.h"
#include "subject/subject.h"
#include "subject/transform.h"

namespace midge::server {
namespace {

using broker::MappingConfig;
using broker::MappingDestination;
using conf::Kind;
using conf::Member;
using conf::Value;
using subject::Transform;

constexpr int kWhole = 100;  // percent

struct Weighted {
  MappingDestination destination;
  bool has_weight = false;
};

void read_destination(const Member& member, Weighted& entry, Findings& findings) {
  if (auto text = text_of(member, findings)) entry.destination.subject = std::move(*text);
}

void read_weight(const Member& member, Weighted& entry, Findings& findings) {
  const Value& value = member.value;
  if (value.kind != Kind::kInteger && value.kind != Kind::kString) {
    findings.error(member.position, "Unknown entry type for weight of " + plain_text(value));
    return;
  }
  std::string_view digits;
  const auto weight =
      value.kind == Kind::kInteger ? std::optional(value.integer) : percent_in(value.text, digits);
  entry.has_weight = true;
  if (!weight)
    findings.error(member.position,
                   "Invalid weight " + quoted(digits) + " for mapping destination");
  else if (*weight < 0 || *weight > kWhole)
    findings.error(member.position,
                   "Invalid weight " + std::to_string(*weight) + " for mapping destination");
  else
    entry.destination.weight = static_cast<int>(*weight);
}

void read_cluster(const Member& member, Weighted& entry, Findings& findings) {
  if (auto text = text_of(member, findings)) entry.destination.cluster = std::move(*text);
}

constexpr BlockKey<Weighted> kKeys[] = {
    {"dest destination", read_destination},
    {"weight", read_weight},
    {"cluster", read_cluster},
};

std::optional<MappingDestination> read_entry(const Value& map, Findings& findings) {
  Weighted entry;
  const std::size_t before = findings.size();
  for (const Member& member : map.members)
    if (!read_key(member, kKeys, entry, findings))
      findings.error(member.position,
                     "Unknown field " + quoted(member.key) + " for mapping destination");
  if (findings.size() > before) return std::nullopt;
  if (!entry.has_weight) {
    findings.error(map.position,
                   "Missing weight for mapping destination " + quoted(entry.destination.subject));
    return std::nullopt;
  }
  return entry.destination;
}

// Why `source` can not be mapped to `destination`, or nothing.
std::string refusal(const std::string& source, const std::string& destination) {
  // nats-server starts, and panics when the first message is published.
  if (destination.empty()) return "invalid mapping destination: it is empty";
  if (const Result<void> checked = subject::check_mapping_destination(destination); !checked)
    return checked.error().text();
  const auto transform = Transform::compile(source, destination, Transform::Use::kMapping);
  return transform ? "" : transform.error().text();
}

// Why these destinations do not go together, or one of them not at all.
std::string refusal(const MappingConfig& mapping) {
  std::set<std::string> seen;
  std::map<std::string, int> weights;  // by cluster
  for (const MappingDestination& destination : mapping.destinations) {
    if (!seen.insert(destination.subject).second)
      return "duplicate entry for " + quoted(destination.subject);
    if ((weights[destination.cluster] += destination.weight) > kWhole)
      return "total weight needs to be <= 100";
    if (std::string text = refusal(mapping.source, destination.subject); !text.empty()) return text;
  }
  return "";
}

void read_mapping(const Member& member, std::vector<MappingConfig>& mappings, Findings& findings) {
  const Value& value = member.value;
  MappingConfig mapping;
  mapping.source = member.key;
  std::string context = "Error adding mapping for " + quoted(mapping.source);
  if (value.kind == Kind::kString) {
    mapping.destinations.push_back({value.text, kWhole, ""});
    context += " to " + quoted(value.text);
  } else if (value.kind == Kind::kArray || value.kind == Kind::kMap) {
    const std::vector<Value> one =
        value.kind == Kind::kMap ? std::vector{value} : std::vector<Value>{};
    const std::size_t before = findings.size();
    for (const Value& item : one.empty() ? value.items : one) {
      if (item.kind != Kind::kMap)
        findings.error(item.position, "Expected an entry for the mapping destination");
      else if (auto destination = read_entry(item, findings))
        mapping.destinations.push_back(std::move(*destination));
    }
    if (findings.size() > before) return;
  } else {
    findings.error(member.position, "Expected an entry for the mapping destination");
    return;
  }
  if (const std::string text = refusal(mapping); !text.empty())
    findings.error(member.position, context + " : " + text);
  else if (!mapping.destinations.empty())
    mappings.push_back(std::move(mapping));
}

}  // namespace

void read_mappings(const Member& member, std::vector<MappingConfig>& mappings, Findings& findings) {
  if (!is_map(member, findings)) return;
  for (const Member& entry : member.value.members) {
    if (subject::is_valid(entry.key))
      read_mapping(entry, mappings, findings);
    else
      findings.error(member.position, "Subject " + quoted(entry.key) + " is not a valid subject (" +
                                          conf::to_string(entry.position) + ")");
  }
}

}  // namespace midge::server
