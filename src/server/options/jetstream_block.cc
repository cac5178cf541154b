#include "server/options/jetstream_block.h"

#include <charconv>

#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

using broker::JetStreamLimits;
using conf::Kind;
using conf::Member;
using conf::Value;

// ---- values, each in the peer's words where it is wrong

template <auto Field>
void read_text(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (auto text = text_of(member, findings)) into.*Field = std::move(*text);
}
template <auto Field>
void read_number(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (const auto number = integer_of(member, findings)) into.*Field = *number;
}
template <auto Field>
void read_duration_text(const Member& member, JetStreamOptions& into, Findings& findings) {
  const auto text = text_of(member, findings);
  if (!text) return;
  if (const auto duration = conf::parse_duration(*text))
    into.*Field = *duration;
  else
    findings.add({Finding::Kind::kError, member.position.order, duration.error().text()});
}

// `10G`: a number, or a text that ends in one of K, M, G, T (each 1024 times the one before).
Result<std::int64_t> storage_size(const Value& value) {
  if (value.kind == Kind::kInteger) return value.integer;
  if (value.kind != Kind::kString) return failure("must be int64 or string");
  const std::string& text = value.text;
  if (text.empty()) return 0;
  const std::string digits = text.substr(0, text.size() - 1);
  const auto wrong = [&](const char* why) {
    return failure("strconv.ParseInt: parsing " + quoted(digits) + ": " + why);
  };
  std::int64_t number = 0;
  const char* const begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const auto [end, status] = std::from_chars(begin, digits.data() + digits.size(), number);
  if (status == std::errc::result_out_of_range) return wrong("value out of range");
  if (status != std::errc() || end != digits.data() + digits.size()) return wrong("invalid syntax");
  constexpr std::string_view kUnits = "KMGT";
  const std::size_t unit = kUnits.find(text.back());
  if (unit == std::string_view::npos)
    return failure("sizes defined as strings must end in K, M, G, T");
  if (__builtin_mul_overflow(number, std::int64_t{1} << (10 * (unit + 1)), &number))
    return wrong("value out of range");
  return number;
}

std::optional<std::int64_t> size_of(const Member& member, std::string_view name,
                                    Findings& findings) {
  const auto size = storage_size(member.value);
  if (size) return *size;
  findings.error(member.position, std::string(name) + " " + size.error().text());
  return std::nullopt;
}

void expected(const Member& member, const std::string& what, Findings& findings) {
  findings.error(member.position, "Expected " + what + " for " + quoted(member.key) + ", got " +
                                      plain_text(member.value));
}

void no_effect(const Member& member, Findings& findings) {
  findings.note(member.position, "\"" + member.key + "\" has no effect here");
}

// A duration; a bare number is seconds, which the peer warns of.
std::optional<Duration> interval_of(const Member& member, Findings& findings) {
  if (member.value.kind == Kind::kString) {
    const auto parsed = conf::parse_duration(member.value.text);
    if (parsed) return *parsed;
    findings.error(member.position, "error parsing " + member.key + ": " + parsed.error().text());
    return std::nullopt;
  }
  findings.warning(member.position, "invalid use of field " + quoted(member.key) + ": " +
                                        member.key + " should be converted to a duration");
  const auto count = integer_of(member, findings);
  if (!count) return std::nullopt;
  Duration interval;
  if (!__builtin_mul_overflow(*count, seconds(1).ns, &interval.ns)) return interval;
  findings.error(member.position, member.key + " value is too big");
  return std::nullopt;
}

// A map, or an error that names what it should define.
bool is_map_of(const Member& member, std::string_view what, Findings& findings) {
  if (member.value.kind == Kind::kMap) return true;
  findings.error(member.position, "Expected a map to define " + std::string(what) + ", got " +
                                      std::string(member.value.type_name()));
  return false;
}

// ---- `jetstream.limits`

constexpr BlockKey<JetStreamOptions> kBatchKeys[] = {
    {"max_inflight_per_stream", read_number<&JetStreamOptions::batch_inflight_per_stream>},
    {"max_inflight_total", read_number<&JetStreamOptions::batch_inflight_total>},
    {"max_msgs", read_number<&JetStreamOptions::batch_messages>},
    {"timeout", read_duration_text<&JetStreamOptions::batch_timeout>},
};

void read_batch(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (is_map_of(member, "batch limits", findings))
    read_block(member.value, kBatchKeys, into, findings);
}

constexpr BlockKey<JetStreamOptions> kLimitKeys[] = {
    {"max_ack_pending", read_number<&JetStreamOptions::max_ack_pending>},
    {"max_ha_assets", read_number<&JetStreamOptions::max_ha_assets>},
    {"max_request_batch", read_number<&JetStreamOptions::max_request_batch>},
    {"default_max_consumers", read_number<&JetStreamOptions::default_max_consumers>},
    {"duplicate_window", read_duration_text<&JetStreamOptions::duplicate_window>},
    {"batch", read_batch},
};

void read_limits(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (is_map_of(member, "JetStreamLimits", findings))
    read_block(member.value, kLimitKeys, into, findings);
}

// ---- `jetstream`

void read_strict(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (member.value.kind == Kind::kBool) {
    into.strict = member.value.boolean;
    return;
  }
  const std::string shown =
      member.value.kind == Kind::kString
          ? member.value.text
          : "%!s(" + std::string(member.value.type_name()) + "=" + plain_text(member.value) + ")";
  findings.error(member.position, "Expected 'true' or 'false' for bool value, got '" + shown + "'");
}

void read_sync(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (member.value.kind == Kind::kString && lower_case(member.value.text) == "always") {
    into.sync_interval = {};
    return;
  }
  const auto interval = interval_of(member, findings);
  if (!interval) return;
  into.sync_interval = *interval;
  if (interval->ns > 0)
    findings.note(member.position,
                  "\"" + member.key +
                      "\" is set: messages are acknowledged before they are synced; "
                      "without it, or with \"always\", they are synced first");
}

void read_max_memory(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (const auto size = size_of(member, "max_mem_store", findings)) into.max_memory = *size;
}
void read_max_store(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (const auto size = size_of(member, "max_file_store", findings)) into.max_store = *size;
}
void read_idle_size(const Member& member, JetStreamOptions&, Findings& findings) {
  if (size_of(member, lower_case(member.key), findings)) no_effect(member, findings);
}
void read_buffered_size(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (const auto size = size_of(member, lower_case(member.key), findings))
    into.max_buffered_size = *size;
}
template <auto Field>
void read_count(const Member& member, auto& into, Findings& findings) {
  if (member.value.kind == Kind::kInteger)
    into.*Field = member.value.integer;
  else
    expected(member, "a parseable size", findings);
}
void read_meta_compact(const Member& member, JetStreamOptions&, Findings& findings) {
  if (member.value.kind == Kind::kInteger && member.value.integer >= 0)
    return no_effect(member, findings);
  expected(member, "an absolute size", findings);
}
void read_meta_compact_size(const Member& member, JetStreamOptions&, Findings& findings) {
  const auto size = size_of(member, lower_case(member.key), findings);
  if (!size) return;
  if (*size < 0) return expected(member, "an absolute size", findings);
  no_effect(member, findings);
}
void read_meta_compact_sync(const Member& member, JetStreamOptions&, Findings& findings) {
  if (boolean_of(member, findings)) no_effect(member, findings);
}
void read_max_concurrent_io(const Member& member, JetStreamOptions&, Findings& findings) {
  const std::int64_t most = 8192, least = 4;
  if (member.value.kind == Kind::kInteger && member.value.integer >= least &&
      member.value.integer <= most)
    return no_effect(member, findings);
  findings.error(member.position, "Expected an absolute size for " + quoted(member.key) +
                                      " between 4 and 8192, got " + plain_text(member.value));
}

void read_cipher(const Member& member, JetStreamOptions& into, Findings& findings) {
  const auto text = text_of(member, findings);
  if (!text) return;
  const std::string name = lower_case(*text);
  if (name == "aes")
    into.cipher = crypto::Cipher::kAes;
  else if (name == "chacha" || name == "chachapoly")
    into.cipher = crypto::Cipher::kChaCha;
  else
    findings.error(member.position, "Unknown cipher type: " + quoted(*text));
}

void read_idle_text(const Member& member, JetStreamOptions&, Findings& findings) {
  (void)text_of(member, findings);
}
void read_idle_number(const Member& member, JetStreamOptions&, Findings& findings) {
  (void)integer_of(member, findings);
}
constexpr BlockKey<JetStreamOptions> kTpmKeys[] = {
    {"keys_file", read_idle_text},    {"encryption_password", read_idle_text},
    {"srk_password", read_idle_text}, {"pcr", read_idle_number},
    {"cipher", read_cipher},
};
void read_tpm(const Member& member, JetStreamOptions& into, Findings& findings) {
  if (!is_map_of(member, "JetStreamLimits", findings)) return;
  const std::size_t before = findings.size();
  read_block(member.value, kTpmKeys, into, findings);
  if (findings.size() == before)
    findings.error(member.position, "TPM functionality is not supported on this platform");
}

constexpr BlockKey<JetStreamOptions> kKeys[] = {
    {"domain", read_text<&JetStreamOptions::domain>},
    {"extension_hint", read_text<&JetStreamOptions::extension_hint>},
    {"unique_tag", read_text<&JetStreamOptions::unique_tag>},
    {"max_memory_store max_mem_store max_mem", read_max_memory},
    {"max_file_store max_file", read_max_store},
    {"sync_interval sync", read_sync},
    {"strict", read_strict},
    {"limits", read_limits},
    {"key ek encryption_key", read_text<&JetStreamOptions::key>},
    {"prev_key prev_ek prev_encryption_key", read_text<&JetStreamOptions::previous_key>},
    {"cipher", read_cipher},
    {"tpm", read_tpm},
    {"max_outstanding_catchup", read_idle_size},
    {"max_buffered_size", read_buffered_size},
    {"max_buffered_msgs", read_count<&JetStreamOptions::max_buffered_msgs>},
    {"request_queue_limit", read_count<&JetStreamOptions::request_queue_limit>},
    {"info_queue_limit", read_count<&JetStreamOptions::info_queue_limit>},
    {"meta_compact", read_meta_compact},
    {"meta_compact_size", read_meta_compact_size},
    {"meta_compact_sync", read_meta_compact_sync},
    {"max_concurrent_io", read_max_concurrent_io},
};

void read_enabled(const Member& member, Options& options, Findings& findings) {
  if (const auto truth = boolean_of(member, findings)) options.jetstream_enabled = *truth;
}

// Those of the block that are the server's.
constexpr BlockKey<Options> kServerKeys[] = {
    {"enabled enable", read_enabled},
    {"store_dir storedir store", read_store_dir},
};

// `enabled` or `disabled`, in any case.
std::optional<bool> word_of(const Value& value) {
  const std::string word = lower_case(value.text);
  if (word == "enabled" || word == "enable") return true;
  if (word == "disabled" || word == "disable") return false;
  return std::nullopt;
}

std::string word_error(const Value& value) {
  return "Expected 'enabled' or 'disabled' for string value, got '" + value.text + "'";
}

std::string kind_error(const Value& value) {
  return "Expected map, bool or string to define JetStream, got " + std::string(value.type_name());
}

// ---- `jetstream` of an account

void read_max_bytes_required(const Member& member, JetStreamLimits& into, Findings& findings) {
  if (member.value.kind == Kind::kBool)
    into.max_bytes_required = member.value.boolean;
  else
    expected(member, "a parseable bool", findings);
}

// Whose connections carry the traffic between copies; here there are no copies yet.
void read_cluster_traffic(const Member& member, JetStreamLimits&, Findings& findings) {
  if (member.value.kind != Kind::kString)
    return expected(member, "either 'system' or 'owner' string value", findings);
  const std::string& text = member.value.text;
  if (!text.empty() && text != "system" && text != "owner")
    return expected(member, "'system' or 'owner' string value", findings);
  no_effect(member, findings);
}

constexpr BlockKey<JetStreamLimits> kAccountKeys[] = {
    {"max_memory max_mem mem memory", read_count<&JetStreamLimits::max_memory>},
    {"max_store max_file max_disk store disk", read_count<&JetStreamLimits::max_store>},
    {"max_streams streams", read_count<&JetStreamLimits::max_streams>},
    {"max_consumers consumers", read_count<&JetStreamLimits::max_consumers>},
    {"max_bytes_required max_stream_bytes max_bytes", read_max_bytes_required},
    {"mem_max_stream_bytes memory_max_stream_bytes",
     read_count<&JetStreamLimits::memory_max_stream_bytes>},
    {"disk_max_stream_bytes store_max_stream_bytes",
     read_count<&JetStreamLimits::store_max_stream_bytes>},
    {"max_ack_pending", read_count<&JetStreamLimits::max_ack_pending>},
    {"cluster_traffic", read_cluster_traffic},
};

}  // namespace

void read_store_dir(const Member& member, Options& options, Findings& findings) {
  const auto text = text_of(member, findings);
  if (!text) return;
  if (!options.store_dir.empty())
    findings.error(member.position, "Duplicate 'store_dir' configuration");
  else
    options.store_dir = *text;
}

void read_jetstream(const Member& member, Options& options, Findings& findings) {
  const Value& value = member.value;
  switch (value.kind) {
    case Kind::kBool:
      options.jetstream_enabled = value.boolean;
      return;
    case Kind::kString:
      if (const auto on = word_of(value))
        options.jetstream_enabled = *on;
      else
        findings.error(member.position, word_error(value));
      return;
    case Kind::kMap:
      options.jetstream_enabled = true;
      for (const Member& entry : value.members)
        if (!read_key(entry, kServerKeys, options, findings) &&
            !read_key(entry, kKeys, options.jetstream, findings))
          unknown_field(entry, findings);
      return;
    default:
      findings.error(member.position, kind_error(value));
  }
}

void read_default_domains(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kMap)
    return findings.error(member.position, "error default_js_domain config: unsupported type " +
                                               std::string(member.value.type_name()));
  for (const Member& entry : member.value.members)
    if (auto domain = text_of(entry, findings))
      options.default_js_domains[entry.key] = std::move(*domain);
}

void read_account_jetstream(const Member& member, broker::AccountConfig& account,
                            Findings& findings) {
  const Value& value = member.value;
  const auto enable = [&](bool on) {
    account.jetstream = on ? std::optional(JetStreamLimits()) : std::nullopt;
  };
  // nats-server tells no place here.
  const auto wrong = [&](const std::string& text) {
    findings.add({Finding::Kind::kError, member.position.order, text});
  };
  switch (value.kind) {
    case Kind::kBool:
      return enable(value.boolean);
    case Kind::kString:
      if (const auto on = word_of(value)) return enable(*on);
      return wrong(word_error(value));
    case Kind::kMap:
      enable(true);
      return read_block(value, kAccountKeys, *account.jetstream, findings);
    default:
      wrong(kind_error(value));
  }
}

}  // namespace midge::server
