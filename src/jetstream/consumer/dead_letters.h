// The dead letters of one consumer: each is published until a stream says that it has it, always
// with the same message id, so that it is stored once, whatever is lost or restarted meanwhile.
//
//   add() ─► waiting ─► sent (again, with longer and longer pauses) ─► stored: the consumer is told
//
// What must be known after a restart (which letters there are, which are stored) is recorded by the
// consumer. Thread: its loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/message.h"
#include "io/timer.h"
#include "jetstream/consumer/dead_letter.h"
#include "jetstream/fwd.h"
#include "jetstream/member_receiver.h"
#include "subject/target.h"

namespace midge::jetstream {

class DeadLetters {
 public:
  explicit DeadLetters(Consumer& consumer);
  ~DeadLetters();

  // In the middle of routing, too.
  void add(DeadLetter letter);
  // The stream must keep this message.
  [[nodiscard]] bool has(store::Sequence sequence) const {
    return letters_.contains(sequence.value);
  }
  [[nodiscard]] std::size_t size() const { return letters_.size(); }
  // Why those that are there could not be stored; "" = nothing is known against it.
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::vector<DeadLetter> all() const;

 private:
  struct Letter {
    DeadLetter what;
    unsigned attempts = 0;
    MonoTime due{};  // sent: when it is sent again
  };
  using Letters = std::map<std::uint64_t, Letter>;  // by sequence of the stream

  void send_soon();
  void send_due();
  void send(Letters::iterator letter);
  void on_answer(const broker::Message& answer);
  void on_timer() { send_due(); }
  void arm_timer();
  void finish(Letters::iterator letter);
  void complain(std::string error);
  // It is a letter of this very consumer already.
  [[nodiscard]] bool is_own(std::string_view header) const;

  Consumer& consumer_;
  Letters letters_;
  std::deque<std::uint64_t> waiting_;
  std::set<std::pair<MonoTime, std::uint64_t>> sent_;  // by when they are sent again
  std::string inbox_;                                  // its tokens before the sequence
  std::optional<subject::Target> answers_subscription_;
  std::string error_;
  bool sends_soon_ = false;
  MemberReceiver<&DeadLetters::on_answer> answers_{*this};
  io::MemberTimer<&DeadLetters::on_timer> timer_{*this};
};

}  // namespace midge::jetstream
