#include "codec/s2_stream.h"

#include <cstdint>
#include <optional>

#include "codec/crc32c.h"

namespace midge::codec {
namespace {

constexpr std::string_view kBegin("\xff\x06\x00\x00S2sTwO", 10);
constexpr std::size_t kChunkMax = 64 * 1024;  // of plain bytes, in what is written
constexpr unsigned char kCompressed = 0x00, kPlain = 0x01, kSkippable = 0x80, kStreamId = 0xff;

void put(std::string& to, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

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

bool read_block(std::string_view block, std::size_t room, std::string& plain) {
  Reader in(block);
  const auto size = in.varint();
  if (!size || *size > room) return false;
  const std::size_t begin = plain.size();
  std::size_t offset = 0;
  while (!in.at_end()) {
    const std::uint32_t tag = *in.number(1);
    const std::size_t left = *size - (plain.size() - begin);
    if ((tag & 3) == 0) {
      const auto length = literal_length(in, tag);
      const auto bytes = length && *length <= left ? in.take(*length) : std::nullopt;
      if (!bytes) return false;
      plain += *bytes;
      continue;
    }
    const auto copy = read_copy(in, tag, offset);
    if (!copy || copy->offset == 0 || copy->offset > plain.size() - begin || copy->length > left)
      return false;
    offset = copy->offset;
    // It may overlap what it makes.
    for (std::size_t i = 0; i < copy->length; ++i) plain += plain[plain.size() - offset];
  }
  return plain.size() - begin == *size;
}

}  // namespace

std::string write_s2_stream(std::string_view bytes) {
  std::string stream(kBegin);
  while (!bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, kChunkMax);
    bytes.remove_prefix(chunk.size());
    stream += static_cast<char>(kPlain);
    put(stream, static_cast<std::uint32_t>(chunk.size() + 4), 3);
    put(stream, masked_crc32c(chunk), 4);
    stream += chunk;
  }
  return stream;
}

Result<std::string> read_s2_stream(std::string_view stream, std::size_t size_max) {
  std::string plain;
  Reader in(stream);
  bool begun = false;
  while (!in.at_end()) {
    const std::uint32_t type = *in.number(1);
    const auto size = in.number(3);
    const auto rest = size ? in.take(*size) : std::nullopt;
    if (!rest) return failure("s2: unexpected end");
    if (type == kStreamId) {
      begun = *rest == "S2sTwO" || *rest == "sNaPpY";
      if (!begun) return failure("s2: no stream");
      continue;
    }
    if (!begun) return failure("s2: no stream");
    if (type != kCompressed && type != kPlain) {
      if (type < kSkippable) return failure("s2: unknown chunk");
      continue;
    }
    Reader chunk(*rest);
    const auto checksum = chunk.number(4);
    if (!checksum) return failure("s2: unexpected end");
    const std::string_view bytes = rest->substr(4);
    const std::size_t before = plain.size();
    const std::size_t room = size_max - before;
    if (type == kPlain) {
      if (bytes.size() > room) return failure("s2: too large", ErrorCode::kTooLarge);
      plain += bytes;
    } else if (!read_block(bytes, room, plain)) {
      return failure("s2: corrupt input");
    }
    if (masked_crc32c(std::string_view(plain).substr(before)) != *checksum)
      return failure("s2: crc mismatch");
  }
  return plain;
}

}  // namespace midge::codec
