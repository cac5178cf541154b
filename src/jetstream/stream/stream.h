// One stream: takes messages in, keeps its limits, feeds its consumers.
//
// Life: made by its Shard → start() (subscribes) → messages and calls → close(). A publish is one
// step: check → sequence → append; nothing in it reads a clock or a random number. What answers it
// waits in the shard until the disk has it. Files: stream.cc (life, information), ingest.cc,
// limits.cc, expiry.cc, stream_memory.cc, advisories.cc, stream_consumers.cc, direct_get.cc,
// service.cc, unwanted.cc.
// Thread: its loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "base/ids.h"
#include "broker/message.h"
#include "io/timer.h"
#include "jetstream/api/error.h"
#include "jetstream/api/info.h"
#include "jetstream/config/stream_config.h"
#include "jetstream/consumer/consumer.h"
#include "jetstream/fwd.h"
#include "jetstream/headers.h"
#include "jetstream/member_receiver.h"
#include "jetstream/memory_round.h"
#include "jetstream/stream/dedupe.h"
#include "jetstream/stream/filter_index.h"
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/message_ttl.h"
#include "jetstream/stream/scheduler.h"
#include "jetstream/stream/source_feed.h"
#include "jetstream/usage.h"
#include "store/stream_store.h"
#include "subject/target.h"
#include "subject/transform.h"

namespace midge::jetstream {

using store::StreamId;

class DirectRead;
struct DirectTerms;
struct RecoveredStream;

// What a stream stored, all in all.
struct Taken {
  std::int64_t messages = 0, bytes = 0;
};

class Stream {
 public:
  struct Identity {
    StreamId id;
    AccountId account;
    std::string account_name;
    WallTime created;
    std::shared_ptr<AccountUsage> usage = std::make_shared<AccountUsage>();  // of the account
  };
  Stream(Shard& shard, Identity identity, StreamConfig config,
         std::unique_ptr<store::StreamStore> store);
  ~Stream();

  // Subscribes and serves. Its consumers have begun.
  void start();
  // Unsubscribes; consumers' waiting requests are told.
  void close();

  // ---- whether anybody may use it (service.cc)
  void suspend();
  // The server ends.
  void say_goodbye();
  void serve();
  [[nodiscard]] bool is_serving() const { return serving_; }
  // What waits for a date waits for it by the clock as it is now.
  void on_clock_step();
  // Null unless it is offline: it as it was left, without its messages.
  [[nodiscard]] const RecoveredStream* shelved() const { return shelved_.get(); }
  // Whether reports have it: of an account that has no JetStream nobody sees any.
  [[nodiscard]] bool is_shown() const { return !restoring_ && (serving_ || shelved_ != nullptr); }

  // ---- the API
  [[nodiscard]] StreamInfo info() const;
  [[nodiscard]] StreamState state() const;
  // `config` was checked against the present one.
  void update(StreamConfig config);
  std::uint64_t purge(const store::Filter& filter, std::uint64_t below, std::uint64_t keep);
  bool remove(Sequence sequence, bool erase);

  // ---- a backup of it that comes in (stream_restore.cc): before start()
  [[nodiscard]] bool is_restoring() const { return restoring_; }
  void set_restoring(bool restoring) { restoring_ = restoring; }
  // The sequence is beyond all before.
  void restore_message(Sequence sequence, const store::NewMessage& message);
  void restore_consumer(ConsumerConfig config, WallTime created, ConsumerProgress progress);
  // After start(): whatever the configuration says is too much goes.
  void keep_limits() { enforce_limits(); }

  // ---- consumers
  Consumer& add_consumer(ConsumerId id, ConsumerConfig config, WallTime created);
  Consumer& create_consumer(ConsumerConfig config, WallTime created);
  // Those of an earlier run, which go on when the stream starts. If it is offline they stay as they
  // are, and so does it.
  void take_consumers(RecoveredStream recovered);
  // Of a stream that is offline. False: there is none of that name.
  bool remove_shelved(std::string_view consumer);
  void remove_consumer(Consumer& consumer, std::string_view status);
  [[nodiscard]] Consumer* find_consumer(std::string_view name);
  [[nodiscard]] Consumer* find_consumer(ConsumerId id);
  // Its filter is to change: between the two it gets nothing.
  void forget_filter(Consumer& consumer);
  void learn_filter(Consumer& consumer);
  // It is signalled when more is visible.
  void tell_when_visible(Consumer& consumer);
  [[nodiscard]] std::vector<Consumer*> consumers();  // by name
  // In the order they came; for whoever looks at them in steps.
  [[nodiscard]] std::vector<ConsumerId> consumer_ids() const;
  [[nodiscard]] std::size_t consumer_count() const { return consumers_.size(); }
  // Without those that mirrors and sources read by: no listing shows them, no limit counts them.
  [[nodiscard]] std::vector<Consumer*> public_consumers();
  // Their names; also where the stream is offline.
  [[nodiscard]] std::vector<std::string> public_consumer_names();
  [[nodiscard]] std::size_t public_consumer_count() const {
    return consumers_.size() - direct_consumers_;
  }
  // A consumer needs this message no more.
  void on_acked(Sequence sequence);
  // Of a consumer that is gone, or wants less: what it kept from leaving leaves now, where interest
  // keeps messages (unwanted.cc).
  void drop_unwanted(const store::Filter& wanted, Sequence from);
  // From here on there may be messages that stay only because there is a consumer, though it does
  // not want them: they leave when the next consumer does, whatever that one reads.
  void leave_unclaimed(Sequence from) { unclaimed_ = std::min(unclaimed_, from); }
  void drop_unclaimed();

  // ---- what its parts use
  Shard& shard() { return shard_; }
  // For texts that live for a moment.
  std::string& scratch() { return scratch_; }
  store::StreamStore& store() { return *store_; }
  [[nodiscard]] const store::StreamStore& store() const { return *store_; }
  [[nodiscard]] const StreamConfig& config() const { return config_; }
  [[nodiscard]] const std::string& name() const { return config_.name; }
  [[nodiscard]] StreamId id() const { return identity_.id; }
  [[nodiscard]] AccountId account() const { return identity_.account; }
  [[nodiscard]] const std::string& account_name() const { return identity_.account_name; }
  [[nodiscard]] WallTime created() const { return identity_.created; }
  // What stands before its name where its deliveries are answered; "" of the short form.
  [[nodiscard]] const std::string& ack_prefix() const { return ack_prefix_; }
  // Eight letters and digits: another one for each stream, also of the same name.
  [[nodiscard]] std::string identity_text() const;
  // Only up to here may anybody see messages.
  [[nodiscard]] Sequence visible_last() const { return visible_last_; }
  void set_visible_last(Sequence last, const Taken& taken);
  // Publishes come faster than they are stored: no more is taken in for now.
  [[nodiscard]] bool is_overloaded() const;
  [[nodiscard]] const Taken& taken() const { return taken_; }
  [[nodiscard]] bool is_durable_at_once() const { return config_.storage == Storage::kMemory; }
  // By the steady time.
  Dedupe& dedupe() { return dedupe_; }
  void forget_old_ids();
  Ingest& ingest() { return ingest_; }
  // Nullopt: there is no such zone, or the pattern is none.
  [[nodiscard]] std::optional<auth::jwt::TimeZone> zone(std::string_view name);
  [[nodiscard]] std::optional<Schedule> schedule_of(const IngestHeaders& fields);
  void advise_batch_abandoned(std::string_view batch, std::string_view reason);
  // What the last change rests on; zero: nothing.
  [[nodiscard]] store::JournalPosition durable_mark() const;
  // The same for messages: before that their publishers are not answered, and nobody sees them.
  // With persist_mode async they rest on nothing.
  [[nodiscard]] store::JournalPosition message_mark() const;
  // Whether any consumer's filter matches.
  [[nodiscard]] bool is_wanted(std::string_view subject);
  // The last message of this subject; zero: none.
  [[nodiscard]] Sequence last_of(std::string_view subject);
  // The last message that a pattern matches, and the first at or behind `from` ("" = any subject).
  // Zero: none, or it is no pattern. They may be so new that they are not durable.
  [[nodiscard]] Sequence last_matching(std::string_view pattern);
  [[nodiscard]] Sequence next_matching(std::string_view pattern, Sequence from);
  // A stored message's header with what a direct get adds.
  static HeaderWriter direct_headers(std::string_view stream, const store::StoredMessage& message);
  // What a message will count for in `bytes`.
  [[nodiscard]] std::uint64_t stored_size(std::size_t subject, std::size_t content) const;
  // The last thing that makes a message part of the stream; limits are kept and consumers told.
  Sequence store_message(const store::NewMessage& message);

  // Counts what it holds into what its account uses: `bytes` from now on.
  void count_usage(std::uint64_t bytes);
  // Why it can not be written to now.
  [[nodiscard]] std::optional<ApiError> write_refusal() const;
  // Why its account, or the server, has no room for a message of this size.
  [[nodiscard]] std::optional<ApiError> check_room(std::uint64_t bytes) const;
  AccountUsage& usage() { return *identity_.usage; }
  // Why nothing is taken in while the process has all the memory it may have.
  [[nodiscard]] std::optional<ApiError> memory_refusal() const;
  [[nodiscard]] MemoryUse memory_use() const;
  // Memory is short: lets go of what it can do without.
  void give_way();

  bool in_touched_list = false;  // the shard's

 private:
  friend class Ingest;

  void on_publish(const broker::Message& message);
  broker::StreamTrace on_traced_publish(const broker::Message& message, bool only);
  void on_ack(const broker::Message& message);
  void on_direct_get(const broker::Message& message);
  void on_direct_get_last(const broker::Message& message);
  void subscribe();
  void unsubscribe();
  // Those that stay go on as they are.
  void start_feeds();
  // The last message of a source that is here, by its number there.
  [[nodiscard]] Sequence last_sourced(const SourceFeed& feed);
  void subscribe_to(std::string_view subject, broker::InternalReceiver& receiver,
                    std::string_view queue = {});

  void take_direct_get(const broker::Message& message, std::string_view last_of);
  void answer_direct_get(std::string_view reply, const DirectTerms& terms);
  void start_reading(std::string_view reply, const DirectTerms& terms);
  // In this tick or the next one.
  void read_soon();
  void go_on_reading();

  // Limits.
  void enforce_limits();
  void enforce_subject_limit(std::string_view subject);
  void enforce_subject_limits();
  // Whether there is more to do at once.
  bool expire_old(WallTime now);
  bool expire_by_ttl(WallTime now);
  void expire(Sequence sequence);
  void remember_expiry(Sequence sequence, std::string_view header, WallTime time);
  // Zero: nothing that is there has its age counted.
  [[nodiscard]] Sequence next_to_age();
  // What of a message's header concerns the time after it came in.
  void remember_header(Sequence sequence, const store::NewMessage& message);
  // The same of those that an earlier run left, with their ids.
  void remember_messages();
  void arm_age_timer();
  // Whether a message of `time` leaves for its age before anything that the timer waits for.
  [[nodiscard]] bool ages_before_timer(WallTime time) const;
  void on_age_timer();
  void on_removed(Sequence sequence, std::string_view subject, std::uint64_t size);
  void on_damage(const store::StreamStore::Damage& damage);
  void on_unwanted_timer();
  [[nodiscard]] bool is_still_wanted(Sequence sequence);

  Shard& shard_;
  Identity identity_;
  StreamConfig config_;
  std::unique_ptr<store::StreamStore> store_;
  const std::string ack_prefix_;
  Ingest ingest_;
  Dedupe dedupe_;
  Expiries expiries_;
  Sequence age_from_;  // all before stays for ever, whatever max_age says
  Scheduler scheduler_{*this};
  std::int64_t counted_ = 0;  // bytes of it that are in its account's usage
  Sequence visible_last_;
  Taken taken_, visible_;  // since the start; what of it is visible
  bool restoring_ = false;
  bool started_ = false, serving_ = true;
  std::unique_ptr<RecoveredStream> shelved_;
  std::vector<std::unique_ptr<Consumer>> consumers_;  // by id
  std::size_t direct_consumers_ = 0;
  tsl::robin_map<std::string_view, Consumer*> consumers_by_name_;  // their own names
  FilterIndex filters_;
  std::vector<Consumer*> await_visible_;
  std::string scratch_;
  std::vector<std::pair<ConsumerId, ConsumerProgress>> recovered_;
  std::uint64_t next_consumer_id_ = 1;
  std::vector<subject::Target> subscriptions_;
  std::vector<std::unique_ptr<SourceFeed>> feeds_;  // the mirror, or the sources in their order

  // What may be wanted by nobody: the messages that a filter matches, from a sequence on.
  struct Unwanted {
    store::Filter filter;
    Sequence from;
  };
  std::deque<Unwanted> unwanted_;
  static constexpr Sequence kAllClaimed{UINT64_MAX};
  Sequence unclaimed_ = kAllClaimed;
  std::vector<std::unique_ptr<DirectRead>> reads_;
  bool reads_soon_ = false;

  class PublishReceiver final : public broker::InternalReceiver {
   public:
    explicit PublishReceiver(Stream& stream) : stream_(stream) {}
    void on_message(const broker::Message& message) override { stream_.on_publish(message); }
    std::optional<broker::StreamTrace> on_traced(const broker::Message& message,
                                                 bool only) override {
      return stream_.on_traced_publish(message, only);
    }

   private:
    Stream& stream_;
  };
  PublishReceiver publishes_{*this};
  MemberReceiver<&Stream::on_ack> acks_{*this};
  MemberReceiver<&Stream::on_direct_get> direct_gets_{*this};
  MemberReceiver<&Stream::on_direct_get_last> direct_gets_last_{*this};
  WallTime age_due_;  // what the timer waits for, while it is armed
  io::MemberTimer<&Stream::on_age_timer> age_timer_{*this};
  io::MemberTimer<&Stream::read_soon> read_timer_{*this};
  io::MemberTimer<&Stream::on_unwanted_timer> unwanted_timer_{*this};
};

}  // namespace midge::jetstream
