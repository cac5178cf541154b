// What one loop has for another: messages with their targets there, gathered during a tick and sent
// as one mail.
//
// Layout of the buffer: records, each a Record head followed by subject, reply, queue name, the
// payload if it is small (larger ones are referenced in blocks_), padding, and the targets. A
// fan-out repeats its targets only when they change. Thread: filled on one loop, then read on the
// other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "broker/message.h"
#include "broker/message_trace.h"
#include "broker/raw_buffer.h"
#include "io/mail.h"
#include "subject/target.h"

namespace midge::broker {

// Who published a message for a queue group, as the loops that look for a member must know it.
struct Origin {
  LoopId loop;
  bool wants_answer = false;  // is to be told if nobody gets the message
  bool echo = true;           // may get it itself
  std::uint64_t cid = 0;
};

class DeliveryBatch final : public io::Mail {
 public:
  // `expected`: how many bytes of records there will probably be.
  explicit DeliveryBatch(LoopId from, std::size_t expected = 0)
      : from_(from), buffer_(std::max(expected, kBufferMin)) {}

  // Plain delivery to `targets`, all on the receiving loop. `route` identifies the target list:
  // equal non-null values within a batch mean equal lists.
  void add(const Message& message, std::span<const subject::Target> targets);
  // Delivery to one member of a queue group; the receiver picks another if it is gone. `hops`
  // counts the loops that tried.
  void add_queue(const Message& message, std::string_view queue, subject::Target member,
                 Origin origin, unsigned hops);

  // A message to a `_R_.` subject, for the loop that knows where it leads.
  // `origin`: who published it.
  void add_response(std::string_view to, const Message& message, Origin origin);

  // Makes it the batch of one traced message, which is all it holds.
  void carry(TraceLegPtr leg) { leg_ = std::move(leg); }

  void arrive(io::LoopHandler& handler) override;

  // Bytes this batch keeps in memory.
  [[nodiscard]] std::size_t weight() const { return buffer_.size() + block_bytes_; }
  [[nodiscard]] std::size_t record_bytes() const { return buffer_.size(); }
  [[nodiscard]] bool empty() const { return buffer_.empty(); }
  [[nodiscard]] LoopId from() const { return from_; }

  struct Delivery {
    Message message;
    std::span<const subject::Target> targets;
    std::string_view queue;  // "" = plain; of a response: where it goes to
    bool is_response = false;
    Origin origin;
    unsigned hops = 0;
  };
  // Calls function(Delivery&) for each record in order.
  template <class Function>
  void for_each(Function function) const;

 private:
  struct Record {
    std::uint32_t size;  // of the whole record, a multiple of 8
    std::uint32_t subject_size;
    std::uint32_t reply_size;
    std::uint32_t queue_size;
    std::uint32_t header_size;
    std::uint32_t payload_size;
    std::uint32_t block;         // index into blocks_; kInline = the payload follows
    std::uint32_t target_count;  // kSameTargets = those of the record before
    std::uint64_t origin_cid;
    std::uint8_t origin_loop;
    std::uint8_t flags;
    std::uint8_t hops;
    std::uint8_t unused;
    std::uint32_t account;
  };
  enum Flags : std::uint8_t { kWantsAnswer = 1, kEcho = 2, kResponse = 4 };
  struct Reference {
    const char* payload;
    SharedBytes block;
  };
  static constexpr std::uint32_t kInline = ~0U;
  static constexpr std::uint32_t kSameTargets = ~0U;
  static constexpr std::size_t kInlineMax = 2048;
  static constexpr std::size_t kBufferMin = 1024;

  void append(const Message& message, std::string_view queue,
              std::span<const subject::Target> targets, Origin origin, unsigned hops,
              bool is_response = false);

  LoopId from_;
  RawBuffer buffer_;
  std::vector<Reference> references_;
  std::size_t block_bytes_ = 0;
  std::vector<subject::Target> last_targets_;
  TraceLegPtr leg_;  // null: nothing is traced
};

template <class Function>
void DeliveryBatch::for_each(Function function) const {
  std::span<const subject::Target> targets;
  for (std::size_t at = 0; at < buffer_.size();) {
    const Record& record = *reinterpret_cast<const Record*>(buffer_.data() + at);
    const char* text = buffer_.data() + at + sizeof(Record);
    Delivery delivery;
    delivery.message.account = {record.account};
    delivery.message.subject = {text, record.subject_size};
    text += record.subject_size;
    delivery.message.reply = {text, record.reply_size};
    text += record.reply_size;
    delivery.queue = {text, record.queue_size};
    text += record.queue_size;
    delivery.message.header_size = record.header_size;
    if (record.block == kInline) {
      delivery.message.payload = {text, record.payload_size};
    } else {
      const Reference& reference = references_[record.block];
      delivery.message.payload = {reference.payload, record.payload_size};
      delivery.message.block = &reference.block;
    }
    delivery.origin = {{record.origin_loop},
                       (record.flags & kWantsAnswer) != 0,
                       (record.flags & kEcho) != 0,
                       record.origin_cid};
    delivery.is_response = (record.flags & kResponse) != 0;
    delivery.hops = record.hops;
    if (record.target_count != kSameTargets) {
      const char* list =
          buffer_.data() + at + record.size - record.target_count * sizeof(subject::Target);
      targets = {reinterpret_cast<const subject::Target*>(list), record.target_count};
    }
    delivery.targets = targets;
    function(delivery);
    at += record.size;
  }
}

}  // namespace midge::broker
