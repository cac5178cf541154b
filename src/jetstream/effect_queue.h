// What waits for the disk before it may leave this loop: acknowledgements and replies, each with
// the journal position it rests on. They leave in order. Their bytes lie one behind the other in
// chunks, so that one costs no allocation. Thread: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/ids.h"

namespace midge::jetstream {

// One, whose bytes are somebody else's.
struct EffectView {
  store::JournalPosition after;  // may leave when the journal is durable to here
  AccountId account;
  std::string_view to, reply;
  std::string_view header, body;
};

class EffectQueue {
 public:
  void add(const EffectView& effect);
  // Calls send(const EffectView&) with each that may leave; more may be added meanwhile.
  template <class Send>
  void release(store::JournalPosition durable, Send&& send) {
    while (!waiting_.empty() && waiting_.front().after <= durable) {
      send(view(waiting_.front()));
      drop_front();
    }
  }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kChunk = 64 << 10;

  struct Entry {
    store::JournalPosition after;
    AccountId account;
    std::uint32_t to, reply, header, body;  // sizes
    const char* text;                       // all four
    std::uint64_t chunk;                    // its number

    [[nodiscard]] std::size_t size() const { return std::size_t{to} + reply + header + body; }
  };
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0, used = 0;
  };

  static EffectView view(const Entry& entry);
  char* room_for(std::size_t size);
  void drop_front();

  std::deque<Entry> waiting_;
  std::deque<Chunk> chunks_;
  std::uint64_t first_chunk_ = 0;  // the number of chunks_.front()
  std::size_t bytes_ = 0;
};

}  // namespace midge::jetstream
