#include "jetstream/stream/ingest_headers.h"

#include <algorithm>
#include <charconv>

#include "jetstream/headers.h"

namespace midge::jetstream {
namespace {

struct TextField {
  std::string_view name;
  std::string_view IngestHeaders::*into;
};
// What stands behind `Nats-`.
constexpr TextField kTexts[] = {
    {"Msg-Id", &IngestHeaders::message_id},
    {"Expected-Stream", &IngestHeaders::expected_stream},
    {"Expected-Last-Msg-Id", &IngestHeaders::expected_last_message_id},
    {"Expected-Last-Subject-Sequence-Subject", &IngestHeaders::expected_last_subject},
    {"Rollup", &IngestHeaders::rollup},
    {"TTL", &IngestHeaders::ttl},
    {"Batch-Id", &IngestHeaders::batch_id},
    {"Batch-Sequence", &IngestHeaders::batch_sequence},
    {"Incr", &IngestHeaders::increment},
    {"Stream-Source", &IngestHeaders::stream_source},
    {"Required-Api-Level", &IngestHeaders::required_api_level},
    {"Schedule", &IngestHeaders::schedule},
    {"Schedule-Target", &IngestHeaders::schedule_target},
    {"Schedule-Source", &IngestHeaders::schedule_source},
    {"Schedule-TTL", &IngestHeaders::schedule_ttl},
    {"Schedule-Rollup", &IngestHeaders::schedule_rollup},
    {"Schedule-Time-Zone", &IngestHeaders::schedule_zone},
    {"Scheduler", &IngestHeaders::scheduler},
    {"Schedule-Next", &IngestHeaders::schedule_next},
};

void take_number(std::optional<std::uint64_t>& into, std::string_view text) {
  if (!into && !text.empty()) into = IngestHeaders::number(text).value_or(IngestHeaders::kNoNumber);
}

}  // namespace

std::optional<std::uint64_t> IngestHeaders::number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

IngestHeaders IngestHeaders::parse(std::string_view block) {
  IngestHeaders h;
  for_each_header(block, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with("Nats-")) return;
    const std::string_view rest = name.substr(5);
    if (rest == "Expected-Last-Sequence") return take_number(h.expected_last_sequence, value);
    if (rest == "Expected-Last-Subject-Sequence")
      return take_number(h.expected_last_subject_sequence, value);
    if (rest == "Batch-Commit" && !h.batch_commit) h.batch_commit = value;
    const auto field = std::ranges::find(kTexts, rest, &TextField::name);
    if (field != std::end(kTexts) && (h.*field->into).empty()) h.*field->into = value;
  });
  return h;
}

}  // namespace midge::jetstream
