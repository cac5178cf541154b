#include "codec/protobuf_writer.h"

namespace midge::codec {
namespace {

// How a field's value is written stands in the low bits of its tag.
constexpr unsigned kVarint = 0, kSized = 2, kTypeBits = 3;

}  // namespace

void ProtobufWriter::varint(std::uint64_t value) {
  constexpr std::uint64_t kMore = 0x80;
  for (; value >= kMore; value >>= 7) bytes_ += static_cast<char>(value | kMore);
  bytes_ += static_cast<char>(value);
}

ProtobufWriter& ProtobufWriter::number(unsigned field, std::uint64_t value) {
  if (value == 0) return *this;
  varint(field << kTypeBits | kVarint);
  varint(value);
  return *this;
}

ProtobufWriter& ProtobufWriter::numbers(unsigned field, const std::vector<std::uint64_t>& values) {
  ProtobufWriter packed;
  for (const std::uint64_t value : values) packed.varint(value);
  return message(field, packed);
}

ProtobufWriter& ProtobufWriter::text(unsigned field, std::string_view value) {
  varint(field << kTypeBits | kSized);
  varint(value.size());
  bytes_ += value;
  return *this;
}

}  // namespace midge::codec
