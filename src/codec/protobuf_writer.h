// Writes messages in protobuf's wire format: numbers, texts, messages within messages.
//
//   ProtobufWriter inner;
//   inner.number(1, 3).text(2, "abc");
//   ProtobufWriter outer;
//   outer.message(5, inner);
//   outer.bytes();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::codec {

class ProtobufWriter {
 public:
  // 0, which is what readers assume, is left out.
  ProtobufWriter& number(unsigned field, std::uint64_t value);
  ProtobufWriter& number(unsigned field, std::int64_t value) {
    return number(field, static_cast<std::uint64_t>(value));
  }
  // Of a repeated field, packed.
  ProtobufWriter& numbers(unsigned field, const std::vector<std::uint64_t>& values);
  // Also where it is "": of a repeated field each counts.
  ProtobufWriter& text(unsigned field, std::string_view value);
  ProtobufWriter& message(unsigned field, const ProtobufWriter& value) {
    return text(field, value.bytes_);
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value);
  std::string bytes_;
};

}  // namespace midge::codec
