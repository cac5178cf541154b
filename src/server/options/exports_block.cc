#include "server/options/exports_block.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/percent.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

using broker::AccountConfig;
using broker::ExportConfig;
using broker::ImportConfig;
using broker::LatencyConfig;
using broker::ResponseType;
using conf::Kind;
using conf::Member;
using conf::Value;

enum class Flow { kUnknown, kStream, kService };

// An export while it is read: keys come in any order.
struct Export {
  ExportConfig config;
  Flow flow = Flow::kUnknown;
  bool has_response = false, has_threshold = false;
  // Keys that only services may have.
  std::vector<std::pair<const Member*, const char*>> for_services;
};

void read_export_of(const Member& member, Flow flow, const char* what, const char* other,
                    Export& entry, Findings& findings) {
  if (member.value.kind != Kind::kString) {
    findings.error(member.position, std::string("Expected ") + what + " name to be string, got " +
                                        member.value.type_name());
    return;
  }
  if (entry.flow != Flow::kUnknown) {
    findings.error(member.position, std::string("Detected ") + what + " " +
                                        quoted(member.value.text) + " but already saw a " + other);
    return;
  }
  entry.flow = flow;
  entry.config.is_service = flow == Flow::kService;
  entry.config.subject = member.value.text;
}

void read_stream_export(const Member& member, Export& entry, Findings& findings) {
  read_export_of(member, Flow::kStream, "stream", "service", entry, findings);
}

void read_service_export(const Member& member, Export& entry, Findings& findings) {
  read_export_of(member, Flow::kService, "service", "stream", entry, findings);
}

void read_export_accounts(const Member& member, Export& entry, Findings& findings) {
  if (!is_array(member, findings)) return;
  for (const Value& item : member.value.items)
    if (auto name = text_of(item, findings)) entry.config.accounts.push_back(std::move(*name));
}

void read_response(const Member& member, Export& entry, Findings& findings) {
  if (std::exchange(entry.has_response, true)) {
    findings.error(member.position, "Duplicate response type definition");
    return;
  }
  entry.for_services.emplace_back(&member, "response");
  if (member.value.kind != Kind::kString) {
    findings.error(member.position, "Expected response type to be string, got " +
                                        std::string(member.value.type_name()));
    return;
  }
  const std::string name = lower_case(member.value.text);
  if (name == "single" || name == "singleton")
    entry.config.response = ResponseType::kSingleton;
  else if (name == "stream")
    entry.config.response = ResponseType::kStream;
  else if (name == "chunk" || name == "chunked")
    entry.config.response = ResponseType::kChunked;
  else
    findings.error(member.position, "Unknown response type: " + quoted(member.value.text));
}

void read_threshold(const Member& member, Export& entry, Findings& findings) {
  if (std::exchange(entry.has_threshold, true)) {
    findings.error(member.position, "Duplicate response threshold detected");
    return;
  }
  entry.for_services.emplace_back(&member, "response");
  const bool is_text = member.value.kind == Kind::kString;
  const Result<Duration> threshold =
      is_text ? conf::parse_duration(member.value.text) : Result<Duration>(failure(""));
  if (threshold)
    entry.config.threshold = *threshold;
  else
    findings.error(member.position,
                   "Expected response threshold to be a parseable time duration, got " +
                       (is_text ? quoted(member.value.text) : member.value.type_name()));
}

void read_latency_subject(const Member& member, LatencyConfig& latency, Findings& findings) {
  if (member.value.kind == Kind::kString)
    latency.subject = member.value.text;
  else  // the peer's text names the type that is wanted
    findings.error(member.position, "Expected latency subject to be a string, got string (found " +
                                        std::string(member.value.type_name()) + ")");
}

void read_latency_sampling(const Member& member, LatencyConfig& latency, Findings& findings) {
  const Value& value = member.value;
  std::int64_t percent = 0;
  if (value.kind == Kind::kInteger) {
    percent = value.integer;
  } else if (value.kind == Kind::kString && lower_case(value.text) == "headers") {
    latency.sampling = 0;
    return;
  } else if (value.kind == Kind::kString) {
    std::string_view digits;
    const auto number = percent_in(value.text, digits);
    if (!number) {
      findings.error(member.position, "Failed to parse latency sample: strconv.Atoi: parsing " +
                                          quoted(digits) + ": invalid syntax");
      return;
    }
    percent = *number;
  } else {
    findings.error(member.position, "Expected latency sample to be a string or map/struct, got " +
                                        std::string(value.type_name()));
    return;
  }
  if (percent < 1 || percent > 100)
    findings.error(member.position, "bad sampling percentage, should be 1-100");
  else
    latency.sampling = static_cast<int>(percent);
}

constexpr BlockKey<LatencyConfig> kLatencyKeys[] = {
    {"sampling", read_latency_sampling},
    {"subject", read_latency_subject},
};

void read_latency(const Member& member, Export& entry, Findings& findings) {
  entry.for_services.emplace_back(&member, "latency");
  LatencyConfig latency;
  if (member.value.kind == Kind::kString) {
    latency.subject = member.value.text;
  } else if (member.value.kind == Kind::kMap) {
    std::vector<const Member*> unknown;
    const std::size_t before = findings.size();
    for (const Member& part : member.value.members)
      if (!read_key(part, kLatencyKeys, latency, findings)) unknown.push_back(&part);
    if (findings.size() == before && latency.subject.empty())
      findings.error(member.position, "Latency subject required, but missing");
    for (const Member* part : unknown)
      findings.note(part->position, "\"" + part->key + "\" has no effect here");
  } else {
    findings.error(member.position, "Expected latency entry to be a map/struct or string, got " +
                                        std::string(member.value.type_name()));
    return;
  }
  entry.config.latency = std::move(latency);
}

void read_token_position(const Member& member, Export& entry, Findings& findings) {
  constexpr std::int64_t kMost = 1 << 20;  // beyond any subject
  const auto position = integer_of(member, findings);
  if (position)
    entry.config.account_token_position =
        static_cast<int>(std::clamp<std::int64_t>(*position, -1, kMost));
}

void read_export_trace(const Member& member, Export& entry, Findings& findings) {
  entry.for_services.emplace_back(&member, "allow_trace");
  if (const auto allowed = boolean_of(member, findings)) entry.config.allow_trace = *allowed;
}

constexpr BlockKey<Export> kExportKeys[] = {
    {"stream", read_stream_export},
    {"service", read_service_export},
    {"accounts", read_export_accounts},
    {"response response_type", read_response},
    {"threshold response_threshold response_max_time response_time", read_threshold},
    {"latency", read_latency},
    {"account_token_position", read_token_position},
    {"allow_trace", read_export_trace},
};

void read_export(const Value& item, AccountConfig& account, Findings& findings) {
  Export entry;
  read_block(item, kExportKeys, entry, findings);
  if (entry.flow == Flow::kStream)
    for (const auto& [member, what] : entry.for_services)
      findings.error(member->position,
                     std::string("Detected ") + what + " directive on non-service");
  if (entry.flow != Flow::kUnknown) account.exports.push_back(std::move(entry.config));
}

struct Import {
  ImportConfig config;
  Flow flow = Flow::kUnknown;
  const Member* trace = nullptr;
};

// What is imported: `{account: A, subject: s}`.
void read_source_account(const Member& member, ImportConfig& source, Findings& findings) {
  if (auto text = text_of(member, findings)) source.account = std::move(*text);
}

void read_source_subject(const Member& member, ImportConfig& source, Findings& findings) {
  if (auto text = text_of(member, findings)) source.subject = std::move(*text);
}

constexpr BlockKey<ImportConfig> kSourceKeys[] = {
    {"account", read_source_account},
    {"subject", read_source_subject},
};

void read_import_of(const Member& member, Flow flow, const char* what, const char* other,
                    Import& entry, Findings& findings) {
  if (entry.flow != Flow::kUnknown) {
    findings.error(member.position,
                   std::string("Detected ") + lower_case(what) + " but already saw a " + other);
    return;
  }
  entry.flow = flow;
  entry.config.is_service = flow == Flow::kService;
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, std::string(what) + " entry should be an account map, got " +
                                        member.value.type_name());
    return;
  }
  read_block(member.value, kSourceKeys, entry.config, findings);
  if (entry.config.account.empty() || entry.config.subject.empty())
    findings.error(member.position, "Expect an account name and a subject");
}

void read_stream_import(const Member& member, Import& entry, Findings& findings) {
  read_import_of(member, Flow::kStream, "Stream", "service", entry, findings);
}

void read_service_import(const Member& member, Import& entry, Findings& findings) {
  read_import_of(member, Flow::kService, "Service", "stream", entry, findings);
}

void read_prefix(const Member& member, Import& entry, Findings& findings) {
  if (auto text = text_of(member, findings)) entry.config.prefix = std::move(*text);
}

void read_to(const Member& member, Import& entry, Findings& findings) {
  if (auto text = text_of(member, findings)) entry.config.to = std::move(*text);
}

void read_share(const Member& member, Import& entry, Findings& findings) {
  if (const auto share = boolean_of(member, findings)) entry.config.share = *share;
}

void read_import_trace(const Member& member, Import& entry, Findings& findings) {
  entry.trace = &member;
  if (const auto allowed = boolean_of(member, findings)) entry.config.allow_trace = *allowed;
}

constexpr BlockKey<Import> kImportKeys[] = {
    {"stream", read_stream_import}, {"service", read_service_import},
    {"prefix", read_prefix},        {"to", read_to},
    {"share", read_share},          {"allow_trace", read_import_trace},
};

// Where a service stands in the importing account.
const std::string& local_subject(const ImportConfig& import) {
  return import.to.empty() ? import.subject : import.to;
}

// The peer leaves it at one import of a local subject from one account.
void check_duplicate(const AccountConfig& account, const ImportConfig& import, const Value& item,
                     Findings& findings) {
  for (const ImportConfig& other : account.imports) {
    if (!other.is_service || other.account != import.account ||
        local_subject(other) != local_subject(import))
      continue;
    findings.error(last_position(item),
                   "Duplicate service import subject " + quoted(local_subject(import)) +
                       ", previously used in import for account " + quoted(other.account) +
                       ", subject " + quoted(other.subject));
    return;
  }
}

void read_import(const Value& item, AccountConfig& account, Findings& findings) {
  Import entry;
  const std::size_t before = findings.size();
  read_block(item, kImportKeys, entry, findings);
  if (entry.trace != nullptr && entry.flow == Flow::kService)
    findings.error(entry.trace->position, "Detected allow_trace directive on a non-stream");
  if (entry.flow == Flow::kUnknown || findings.size() > before) return;
  if (entry.config.is_service) check_duplicate(account, entry.config, item, findings);
  account.imports.push_back(std::move(entry.config));
}

}  // namespace

void read_exports(const Member& member, AccountConfig& account, Findings& findings) {
  if (member.value.kind != Kind::kArray) {
    findings.error(member.position,
                   "Exports should be an array, got " + std::string(member.value.type_name()));
    return;
  }
  for (const Value& item : member.value.items) {
    if (item.kind == Kind::kMap)
      read_export(item, account, findings);
    else
      findings.error(item.position, "Export Items should be a map with type entry, got " +
                                        std::string(item.type_name()));
  }
}

void read_imports(const Member& member, AccountConfig& account, Findings& findings) {
  if (member.value.kind != Kind::kArray) {
    findings.error(member.position,
                   "Imports should be an array, got " + std::string(member.value.type_name()));
    return;
  }
  for (const Value& item : member.value.items) {
    if (item.kind == Kind::kMap)
      read_import(item, account, findings);
    else
      findings.error(item.position, "Import Items should be a map with type entry, got " +
                                        std::string(item.type_name()));
  }
}

}  // namespace midge::server
