// Numbers of Go's encoding/binary in seven-bit groups, the lowest first; signed ones folded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace midge::jetstream {

inline void put_varint(std::string& into, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) into += static_cast<char>(value | 0x80);
  into += static_cast<char>(value);
}

inline void put_signed_varint(std::string& into, std::int64_t value) {
  const std::uint64_t doubled = static_cast<std::uint64_t>(value) << 1;
  put_varint(into, value < 0 ? ~doubled : doubled);
}

// Takes numbers off the front of a text.
class VarintReader {
 public:
  enum class State : std::uint8_t { kGood, kShort, kTooLong };

  explicit VarintReader(std::string_view text) : text_(text) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (text_.empty()) return fail(State::kShort);
      const auto byte = static_cast<unsigned char>(text_.front());
      // Of the tenth byte only one bit has room.
      if (shift == 63 && byte > 1) break;
      text_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    return fail(State::kTooLong);
  }
  std::int64_t signed_number() {
    const std::uint64_t folded = number();
    const auto half = static_cast<std::int64_t>(folded >> 1);
    return (folded & 1) != 0 ? ~half : half;
  }

  // kShort: what is there may be the front of something whole.
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  std::uint64_t fail(State state) {
    if (state_ == State::kGood) state_ = state;
    text_ = {};
    return 0;
  }

  std::string_view text_;
  State state_ = State::kGood;
};

}  // namespace midge::jetstream
