// The entries of a stream's backup, as nats-server 2.15 writes them. Format:
// docs/formats/archive.md. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::jetstream {

inline constexpr std::string_view kArchiveMagic = "NATSARC1";
inline constexpr std::string_view kStateEntry = "state.json";
inline constexpr std::string_view kConsumerPrefix = "consumers/";

struct EntryHead {
  std::string_view name;
  std::int64_t time = 0;
  std::uint64_t sequence = 0;
  std::uint64_t header_size = 0, payload_size = 0;

  // What ends a backup.
  [[nodiscard]] bool is_end() const {
    return name.empty() && time == 0 && sequence == 0 && header_size == 0 && payload_size == 0;
  }
  [[nodiscard]] std::uint64_t size() const { return header_size + payload_size; }
};

// Behind the head follow its header and payload. The magic is the caller's.
void write_entry_head(std::string& into, const EntryHead& head);

// Entries out of a text that comes in pieces, the magic first. Views are valid until the next call.
class EntryReader {
 public:
  void feed(std::string_view plain);
  // The head of the next entry. Null: more must be fed. Errors (text as nats-server's): malformed.
  Result<const EntryHead*> head();
  // All of its header and payload; then it is the turn of the next entry. Nullopt: more must be
  // fed.
  std::optional<std::string_view> take();
  // No byte of a next entry has come.
  [[nodiscard]] bool is_at_end() const { return begin_ == waiting_.size(); }
  [[nodiscard]] bool has_head() const { return head_.has_value(); }

 private:
  std::string waiting_;
  std::size_t begin_ = 0;
  bool begun_ = false;
  std::optional<EntryHead> head_;
  std::string name_;
};

}  // namespace midge::jetstream
