// What JetStream promises of one stream and its consumers, obvious and slow: the whole state in
// maps, everything computed anew from them, and no clock.
//
// Time is a count of phases. In each one things are done, and then nothing is; whatever is to
// happen "k phases later" happens in the quiet part of that phase: first requests end, then
// messages go for their age, then what was not acknowledged is due. The server delivers what it
// likes of what is due; all else has one answer.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::sim {

constexpr int kNoPhase = -1;  // never, no such limit

class ModelStream;

struct ModelMessage {
  std::string subject, body, id;
  std::uint64_t size = 0;
  int stored = 0;
  int ttl = kNoPhase;
  bool stays = false;  // its own wish: for ever
};

struct ConsumerTerms {
  std::string name;
  std::vector<std::string> filters;  // none: all
  enum class Policy : std::uint8_t { kAll, kNew, kLast, kFrom, kLastPerSubject } policy{};
  std::uint64_t from = 0;
  enum class Ack : std::uint8_t { kExplicit, kAll, kNone } ack{};
  std::vector<int> waits{0};  // phases; by the number of deliveries, the last one for all further
  int max_deliver = 0;        // 0: any number
  std::size_t max_ack_pending = 1000;
  bool push = false;
};

struct Delivery {
  std::string subject, body, reply;
  std::uint64_t deliveries = 0, sequence = 0, consumer_sequence = 0, pending = 0;
};

class ModelConsumer {
 public:
  ModelConsumer(ModelStream& stream, ConsumerTerms terms);

  struct Pending {
    std::uint64_t first = 0;  // the consumer's sequence of the first delivery
    std::uint32_t deliveries = 0;
    int delivered = 0;
    int due_at = 0;
    bool due = false;
    std::string reply;
  };
  struct Request {
    std::uint64_t left = 0;
    bool no_wait = false, expires = false;
    bool served = false;
  };

  [[nodiscard]] const ConsumerTerms& terms() const { return terms_; }
  [[nodiscard]] bool wants(std::string_view subject) const;
  [[nodiscard]] std::uint64_t pending_count() const;
  [[nodiscard]] std::size_t ack_pending() const { return pending_.size(); }
  [[nodiscard]] std::size_t redelivered() const;
  [[nodiscard]] std::size_t waiting() const { return requests_.size(); }
  struct Place {
    std::uint64_t consumer = 0, stream = 0;
    bool operator==(const Place&) const = default;
  };
  [[nodiscard]] Place delivered() const { return delivered_; }
  [[nodiscard]] Place floor() const { return floor_; }
  [[nodiscard]] bool is_done_with(std::uint64_t sequence) const;
  [[nodiscard]] bool is_full() const;
  // Those that may be answered for: a message that was delivered too often is not.
  [[nodiscard]] std::vector<std::uint64_t> answerable() const;
  [[nodiscard]] const Pending& pending(std::uint64_t sequence) const {
    return pending_.at(sequence);
  }
  // Whether messages wait that will go when somebody asks, at a moment of the server's choice.
  [[nodiscard]] bool is_vague() const;
  [[nodiscard]] bool may_be_asked_again(std::uint64_t sequence) const {
    return !is_exhausted(pending_.at(sequence));
  }

  // ---- what happens to it
  void bind(bool bound) { bound_ = bound; }
  void pause(int until) { paused_until_ = until; }
  [[nodiscard]] bool is_paused() const { return paused_until_ != kNoPhase; }
  void request(Request request);
  // Whether the server may deliver this now.
  Result<void> accept(const Delivery& delivery, int phase);
  // Nothing more came: whether nothing more had to.
  Result<void> settle();
  void ack(std::uint64_t sequence);
  void nak(std::uint64_t sequence, std::optional<int> again_at);
  void in_progress(std::uint64_t sequence, int phase);
  void terminate(std::uint64_t sequence);
  void on_removed(std::uint64_t sequence);
  // The quiet part of a phase.
  void end_requests();
  void fall_due(int phase);
  void end_pause(int phase);
  void restart(int phase);

  std::multiset<std::string> statuses;  // that the server owes

 private:
  [[nodiscard]] bool has_demand() const { return terms_.push ? bound_ : !requests_.empty(); }
  [[nodiscard]] bool is_exhausted(const Pending& pending) const {
    return terms_.max_deliver > 0 &&
           pending.deliveries >= static_cast<std::uint32_t>(terms_.max_deliver);
  }
  [[nodiscard]] std::optional<std::uint64_t> next_new() const;
  [[nodiscard]] int wait(std::uint32_t deliveries) const {
    return terms_.waits[std::min<std::size_t>(deliveries, terms_.waits.size()) - 1];
  }
  // Those that were delivered too often are before all others in line, and go.
  void give_up_exhausted();
  void finish(std::uint64_t sequence);
  void list_last(std::uint64_t above);

  ModelStream& stream_;
  ConsumerTerms terms_;
  std::uint64_t next_ = 1;
  std::uint64_t snapshot_ = 0;      // last_per_subject
  std::set<std::uint64_t> listed_;  // the same: still to be delivered
  std::map<std::uint64_t, Pending> pending_;
  std::set<std::uint64_t> kept_;  // given up, which an interest stream keeps
  Place delivered_, floor_;
  std::deque<Request> requests_;
  bool bound_ = false;
  int paused_until_ = kNoPhase;
};

struct StreamTerms {
  std::string name;
  enum class Retention : std::uint8_t { kLimits, kInterest, kWorkQueue } retention{};
  bool memory = false, discard_new = false, new_per_subject = false;
  std::int64_t max_messages = -1, max_bytes = -1, max_per_subject = -1;
  int max_age = kNoPhase;
  int window = 0;                    // of ids
  bool ttl = false, rollup = false;  // allowed
};

class ModelStream {
 public:
  explicit ModelStream(StreamTerms terms) : terms_(std::move(terms)) {}
  ModelStream(const ModelStream&) = delete;

  struct Publish {
    std::string subject, body, id;
    std::size_t header_size = 0;
    int ttl = kNoPhase;
    bool stays = false;
    enum class Rollup : std::uint8_t { kNone, kSubject, kAll } rollup{};
    std::optional<std::uint64_t> expected_last, expected_last_of_subject;
  };
  struct Answer {
    std::uint64_t sequence = 0;
    bool duplicate = false;
    int error = 0;  // a code of the API
    bool operator==(const Answer&) const = default;
  };
  Answer publish(const Publish& publish, int phase);
  bool remove(std::uint64_t sequence);
  std::uint64_t purge(const std::string& filter, std::uint64_t below, std::uint64_t keep);
  void update(StreamTerms terms, int phase);
  ModelConsumer& add_consumer(ConsumerTerms terms);
  void remove_consumer(const std::string& name);
  // A message's consumer is done with it.
  void acked(std::uint64_t sequence);
  // An interest stream lets go of what nobody needs.
  void sweep();
  void expire(int phase);
  void restart(int phase);

  [[nodiscard]] const StreamTerms& terms() const { return terms_; }
  [[nodiscard]] const std::map<std::uint64_t, ModelMessage>& messages() const { return messages_; }
  [[nodiscard]] std::uint64_t last() const { return last_; }
  [[nodiscard]] std::uint64_t first() const;
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] std::uint64_t subjects() const;
  std::map<std::string, ModelConsumer>& consumers() { return consumers_; }

 private:
  [[nodiscard]] bool is_needed(std::uint64_t sequence) const;
  [[nodiscard]] std::vector<std::uint64_t> of_subject(const std::string& subject) const;
  [[nodiscard]] bool is_expected(const Publish& publish) const;
  [[nodiscard]] int refusal(const Publish& publish, std::uint64_t size) const;
  void keep_limits();

  StreamTerms terms_;
  std::map<std::uint64_t, ModelMessage> messages_;
  std::uint64_t last_ = 0;
  std::map<std::string, std::pair<std::uint64_t, int>> ids_;  // sequence, phase
  std::map<std::string, ModelConsumer> consumers_;
};

}  // namespace midge::sim
