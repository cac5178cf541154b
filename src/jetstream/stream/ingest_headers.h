// What of a message's headers concerns the stream that takes it in. A field that is there with
// nothing in it counts as not there, as nats-server has it, but for Nats-Batch-Commit. Views into
// the header block.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace midge::jetstream {

struct IngestHeaders {
  // Of a number that can not be read: no sequence is this one.
  static constexpr std::uint64_t kNoNumber = UINT64_MAX;

  std::string_view message_id, expected_stream, expected_last_message_id, rollup, ttl;
  std::string_view expected_last_subject;  // of expected_last_subject_sequence
  std::optional<std::uint64_t> expected_last_sequence, expected_last_subject_sequence;
  std::string_view batch_id, batch_sequence;
  std::optional<std::string_view> batch_commit;
  std::string_view increment, stream_source, required_api_level;
  std::string_view schedule, schedule_target, schedule_source, schedule_ttl, schedule_rollup,
      schedule_zone;
  std::string_view scheduler, schedule_next;

  static IngestHeaders parse(std::string_view block);
  // Digits only. Nullopt: something else, or too large.
  static std::optional<std::uint64_t> number(std::string_view text);
};

}  // namespace midge::jetstream
