// Advisories: what happened to streams and consumers, told on `$JS.EVENT.>` to whoever listens.
//
// Each costs a lookup of interest, and nothing more where there is none. They leave when what they
// tell of is durable, in the order of the calls. May be called in the middle of routing: the lookup
// waits for the tick. Thread: the stream's loop.
#pragma once

#include <string_view>

#include "jetstream/api/api_call.h"
#include "jetstream/consumer/ack_state.h"
#include "jetstream/fwd.h"

namespace midge::jetstream {

struct StreamState;

enum class Action : std::uint8_t { kCreated, kUpdated, kDeleted };

void advise(Stream& stream, Action action);
void advise(Consumer& consumer, Action action);
void advise_pause(Consumer& consumer);
void advise_pinned(Consumer& consumer, std::string_view group, std::string_view pin_id);
void advise_unpinned(Consumer& consumer, std::string_view group, std::string_view reason);
// `delivery`: which of the consumer's deliveries was answered so.
void advise_naked(Consumer& consumer, const PendingMessage& message, ConsumerSequence delivery);
void advise_terminated(Consumer& consumer, const PendingMessage& message, ConsumerSequence delivery,
                       std::string_view reason);
void advise_max_deliver(Consumer& consumer, const PendingMessage& message);
// A metric: how long it took, of as many acknowledgements as the consumer's sampling says.
void advise_acked(Consumer& consumer, const PendingMessage& message, ConsumerSequence delivery);
// To the system account: the disk is full.
void advise_out_of_storage(Shard& shard);
// To the system account: so many requests to the API were dropped, as too many waited.
void advise_api_limit(Shard& shard, std::size_t dropped);
void advise_snapshot_created(Stream& stream, const StreamState& state);
void advise_snapshot_completed(Stream& stream, WallTime start, WallTime end,
                               std::string_view error);
void advise_restore_created(Shard& shard, AccountId account, std::string_view account_name,
                            std::string_view stream);
void advise_restore_completed(Shard& shard, AccountId account, std::string_view account_name,
                              std::string_view stream, WallTime start, std::uint64_t bytes);
// What was asked of the API, and the answer.
void advise_api(Shard& shard, const ApiCall& call, std::string_view answer);

}  // namespace midge::jetstream
