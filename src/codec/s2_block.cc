#include "codec/s2_block.h"

#include <snappy.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace midge::codec {
namespace {

// Takes from the front of a block; nothing when it is at its end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  std::optional<std::uint32_t> number(std::size_t size) {
    if (bytes_.size() < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= std::uint32_t{static_cast<unsigned char>(bytes_[i])} << (8 * i);
    bytes_.remove_prefix(size);
    return value;
  }
  std::optional<std::string_view> take(std::size_t size) {
    if (bytes_.size() < size) return std::nullopt;
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = number(1);
      if (!byte) return std::nullopt;
      value |= std::uint64_t{*byte & 0x7f} << shift;
      if ((*byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }

 private:
  std::string_view bytes_;
};

struct Copy {
  std::size_t offset, length;
};

// A literal's length from its tag: small ones are in the tag, others behind it.
std::optional<std::size_t> literal_length(Reader& in, std::uint32_t tag) {
  const std::uint32_t code = tag >> 2;
  if (code < 60) return code + 1;
  const auto length = in.number(code - 59);
  if (!length) return std::nullopt;
  return std::size_t{*length} + 1;
}

// A copy's offset and length; an offset of zero repeats the one before, which is S2's own.
std::optional<Copy> read_copy(Reader& in, std::uint32_t tag, std::size_t last_offset) {
  switch (tag & 3) {
    case 1: {
      const auto low = in.number(1);
      if (!low) return std::nullopt;
      const std::size_t offset = ((tag & 0xe0) << 3) | *low;
      const std::size_t length = (tag >> 2) & 7;
      if (offset != 0) return Copy{offset, length + 4};
      if (length < 5) return Copy{last_offset, length + 4};
      const auto more = in.number(length - 4);
      if (!more) return std::nullopt;
      const std::size_t base = length == 5 ? 4 : length == 6 ? 256 : 65536;
      return Copy{last_offset, *more + base + 4};
    }
    case 2:
    case 3: {
      const auto offset = in.number((tag & 3) == 2 ? 2 : 4);
      if (!offset) return std::nullopt;
      return Copy{*offset, (tag >> 2) + 1};
    }
    default:
      return std::nullopt;
  }
}

// Whether the plain bytes are all there: `end` is where they must end.
bool decode(Reader& in, char* const begin, char* const end) {
  char* at = begin;
  std::size_t offset = 0;
  while (!in.at_end()) {
    const std::uint32_t tag = *in.number(1);
    const auto left = static_cast<std::size_t>(end - at);
    if ((tag & 3) == 0) {
      const auto length = literal_length(in, tag);
      const auto bytes = length && *length <= left ? in.take(*length) : std::nullopt;
      if (!bytes) return false;
      std::memcpy(at, bytes->data(), bytes->size());
      at += bytes->size();
      continue;
    }
    const auto copy = read_copy(in, tag, offset);
    if (!copy || copy->offset == 0 || copy->offset > static_cast<std::size_t>(at - begin) ||
        copy->length > left)
      return false;
    offset = copy->offset;
    const char* const from = at - offset;
    if (offset >= copy->length) {
      std::memcpy(at, from, copy->length);
    } else {
      // It overlaps what it makes.
      for (std::size_t i = 0; i < copy->length; ++i) at[i] = from[i];
    }
    at += copy->length;
  }
  return at == end;
}

}  // namespace

bool read_s2_block(std::string_view block, std::size_t room, std::string& plain) {
  Reader in(block);
  const auto size = in.varint();
  if (!size || *size > room) return false;
  const std::size_t before = plain.size();
  plain.resize(before + *size);
  char* const begin = plain.data() + before;
  if (decode(in, begin, begin + *size)) return true;
  plain.resize(before);
  return false;
}

void write_s2_block(std::string_view plain, std::string& block) {
  snappy::Compress(plain.data(), plain.size(), &block);
}

}  // namespace midge::codec
