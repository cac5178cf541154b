#include "jetstream/archive/consumer_archive.h"

#include <algorithm>
#include <charconv>

#include "codec/json_struct.h"
#include "codec/json_tree.h"

namespace midge::jetstream {
namespace {

// Our own field; nats-server passes over it.
constexpr std::string_view kSnapshotField = "midge_last_per_subject";

struct Place {
  std::uint64_t consumer = 0, stream = 0;
};
template <class Visitor>
void describe(Visitor& v, Place& p) {
  v.field("consumer_seq", p.consumer).field("stream_seq", p.stream);
}

struct PendingEntry {
  std::uint64_t sequence = 0;
  std::int64_t time = 0;
};
template <class Visitor>
void describe(Visitor& v, PendingEntry& p) {
  v.field("Sequence", p.sequence).field("Timestamp", p.time);
}

struct State {
  Place delivered, floor;
  std::uint64_t snapshot = 0;
};
template <class Visitor>
void describe(Visitor& v, State& s) {
  v.field("delivered", s.delivered).field("ack_floor", s.floor);
  v.unless_empty(kSnapshotField, s.snapshot);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc() && end == text.data() + text.size() ? value : 0;
}

void write_place(codec::JsonWriter& json, std::string_view name, const Positions& at,
                 Sequence last) {
  json.key(name);
  codec::JsonStructWriter(json).write(Place{at.consumer.value, std::min(at.stream, last).value});
}

Result<std::vector<ArchivedPending>> read_pending(const codec::JsonValue& state) {
  std::vector<ArchivedPending> all;
  const codec::JsonValue* pending = state.find("pending");
  if (pending == nullptr) return all;
  for (const codec::JsonMember& member : pending->members) {
    PendingEntry entry;
    TRY(codec::read_json_struct(member.value, entry, false));
    all.push_back({{number(member.name)}, {entry.sequence}, WallTime{entry.time}, 1});
  }
  std::ranges::sort(all, {}, &ArchivedPending::stream);
  const codec::JsonValue* again = state.find("redelivered");
  if (again == nullptr) return all;
  for (const codec::JsonMember& member : again->members) {
    const Sequence sequence{number(member.name)};
    const auto found = std::ranges::lower_bound(all, sequence, {}, &ArchivedPending::stream);
    const std::int64_t count = member.value.integer().value_or(0);
    if (found != all.end() && found->stream == sequence && count > 0)
      found->deliveries += static_cast<std::uint32_t>(std::min<std::int64_t>(count, INT32_MAX));
  }
  return all;
}

}  // namespace

// It reads from a stream.
std::string json_error(const Error& error) {
  return error.text() == "unexpected end of JSON input" ? "unexpected EOF" : error.text();
}

std::string write_archived_consumer(const ConsumerConfig& config, const ConsumerProgress& progress,
                                    Sequence last) {
  codec::JsonWriter json;
  json.begin_object().key("config");
  codec::JsonStructWriter(json).write(config);
  json.key("state").begin_object();
  write_place(json, "delivered", progress.acks.delivered(), last);
  write_place(json, "ack_floor", progress.acks.floor(), last);
  if (progress.acks.delivered().stream < progress.snapshot)
    json.field(kSnapshotField, std::min(progress.snapshot, last).value);
  bool any = false, again = false;
  progress.acks.for_each_pending([&](const PendingMessage& message) {
    if (message.stream > last) return;
    if (!std::exchange(any, true)) json.key("pending").begin_object();
    json.key(std::to_string(message.stream.value));
    codec::JsonStructWriter(json).write(PendingEntry{message.consumer.value, message.delivered.ns});
    again |= message.deliveries > 1;
  });
  if (any) json.end_object();
  if (again) {
    json.key("redelivered").begin_object();
    progress.acks.for_each_pending([&](const PendingMessage& message) {
      if (message.stream <= last && message.deliveries > 1)
        json.field(std::to_string(message.stream.value), message.deliveries - 1);
    });
    json.end_object();
  }
  return json.end_object().end_object().take();
}

Result<ArchivedConsumer> read_archived_consumer(std::string_view json, std::string_view name) {
  const std::string quoted = "\"" + std::string(name) + "\"";
  const auto bad = [&](const Error& error) {
    return failure("failed to decode consumer " + quoted + " state: " + json_error(error),
                   ErrorCode::kInvalid);
  };
  auto tree = codec::read_json_tree(json);
  if (!tree) return bad(tree.error());
  const codec::JsonValue* config = tree->find("config");
  const codec::JsonValue* state = tree->find("state");
  if (config == nullptr)
    return failure("consumer " + quoted + " is missing config", ErrorCode::kInvalid);
  if (state == nullptr)
    return failure("consumer " + quoted + " is missing state", ErrorCode::kInvalid);
  ArchivedConsumer consumer;
  State read;
  if (auto result = codec::read_json_struct(*config, consumer.config, false); !result)
    return bad(result.error());
  if (auto result = codec::read_json_struct(*state, read, false); !result)
    return bad(result.error());
  auto pending = read_pending(*state);
  if (!pending) return bad(pending.error());
  auto progress =
      archived_progress({{read.delivered.consumer}, {read.delivered.stream}},
                        {{read.floor.consumer}, {read.floor.stream}}, std::move(*pending));
  if (!progress)
    return failure("failed to set consumer " + quoted + " state: " + progress.error().text(),
                   ErrorCode::kInvalid);
  consumer.progress = std::move(*progress);
  consumer.progress.snapshot = {read.snapshot};
  return consumer;
}

Result<ConsumerProgress> archived_progress(Positions delivered, Positions floor,
                                           std::vector<ArchivedPending> pending) {
  if (floor.consumer > delivered.consumer)
    return failure("bad ack floor for consumer", ErrorCode::kInvalid);
  if (floor.stream > delivered.stream)
    return failure("bad ack floor for stream", ErrorCode::kInvalid);
  std::ranges::sort(pending, {}, &ArchivedPending::stream);
  ConsumerProgress progress;
  progress.acks.restore(delivered, floor);
  progress.next = delivered.stream + 1;
  progress.began_at = {std::max<std::uint64_t>(1, floor.stream.value + 1)};
  Sequence before;
  for (const ArchivedPending& each : pending) {
    const bool fits = each.stream > floor.stream && each.stream <= delivered.stream;
    if (!fits || each.stream == before)
      return failure(
          "bad pending entry, sequence [" + std::to_string(each.stream.value) + "] out of range",
          ErrorCode::kInvalid);
    before = each.stream;
    PendingMessage message;
    message.stream = each.stream;
    message.consumer = std::min(each.consumer, delivered.consumer);
    message.delivered = message.deadline = each.delivered;
    message.deliveries = each.deliveries;
    progress.acks.restore(message);
  }
  return progress;
}

}  // namespace midge::jetstream
