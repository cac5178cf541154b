// One message as bytes: docs/formats/block.md, "Message record". Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "store/message.h"

namespace midge::store {

inline constexpr std::size_t kRecordHead = 34;  // bytes before the subject
inline constexpr std::size_t kRecordMin = 40;   // a subject of one byte
inline constexpr std::size_t kRecordMax = std::size_t{1} << 30;

// What limits and accounts count of a message.
struct MessageSize {
  std::uint64_t bytes = 0;  // subject, header and payload
  bool has_header = false;
  bool operator==(const MessageSize&) const = default;
};

struct Record {
  StoredMessage message;  // views of the bytes it was read from
  std::uint32_t length = 0;
  bool erased = false;  // then the texts are zeros
};

// The length of its record.
std::size_t record_length(const NewMessage& message);
// Whether it can be one: a subject of 1 to 65,535 bytes, kRecordMax in all.
bool fits_a_record(const NewMessage& message);
// Writes record_length() bytes. The message must fit a record.
void write_record(char* into, Sequence sequence, const NewMessage& message);

// The record that `bytes` begin with; what follows it is not looked at. Every bit is checked.
// Errors: kIo, with what is wrong.
Result<Record> read_record(std::string_view bytes);
// The same of bytes that this process wrote or has checked before.
Record view_record(const char* at);

// Zeros instead of the texts of a record of `length` bytes.
void erase_record(char* at, std::size_t length);

}  // namespace midge::store
