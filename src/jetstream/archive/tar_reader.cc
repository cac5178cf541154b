#include "jetstream/archive/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace midge::jetstream {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kExtensionMax = 64 << 10;

struct Field {
  std::size_t at, size;
};
constexpr Field kName{0, 100}, kSize{124, 12}, kChecksum{148, 8}, kPrefix{345, 155};
constexpr std::size_t kType = 156;

std::unexpected<Error> invalid() {
  return failure("archive/tar: invalid tar header", ErrorCode::kInvalid);
}

std::size_t padding(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

std::string_view text(std::string_view head, Field field) {
  const std::string_view all = head.substr(field.at, field.size);
  return all.substr(0, all.find('\0'));
}

template <int kBase>
std::optional<std::uint64_t> number(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  text = text.substr(std::min(begin, text.size()));
  text = text.substr(0, text.find_first_of(std::string_view("\0 ", 2)));
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The sum of the head's bytes, its own place taken as blanks.
std::uint64_t checksum(std::string_view head) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.at && i < kChecksum.at + kChecksum.size;
    sum += own ? ' ' : static_cast<unsigned char>(head[i]);
  }
  return sum;
}

}  // namespace

void TarReader::feed(std::string_view bytes) {
  waiting_.erase(0, std::exchange(begin_, 0));
  if (!ended_) waiting_ += bytes;
}

Result<const TarEntry*> TarReader::entry() {
  while (!entry_ && !ended_) {
    const std::size_t skipped = std::min(padding_, waiting_.size() - begin_);
    begin_ += skipped;
    padding_ -= skipped;
    if (padding_ > 0) return nullptr;
    ASSIGN_OR_RETURN(const bool more, read_head());
    if (!more) return nullptr;
  }
  return entry_ ? &*entry_ : nullptr;
}

Result<bool> TarReader::read_head() {
  const std::string_view head = std::string_view(waiting_).substr(begin_, kBlock);
  if (head.size() < kBlock) return false;
  if (head.find_first_not_of('\0') == std::string_view::npos) {
    ended_ = true;
    return true;
  }
  const auto size = number<8>(head.substr(kSize.at, kSize.size));
  if (!size || number<8>(head.substr(kChecksum.at, kChecksum.size)) != checksum(head))
    return invalid();
  const char type = head[kType];
  if (type == 'x') return read_extension(*size);
  TarEntry entry;
  entry.name = text(head, kPrefix);
  if (!entry.name.empty()) entry.name += '/';
  entry.name += text(head, kName);
  entry.size = size_.value_or(*size);
  entry.is_file = type == '0' || type == '\0';
  if (!name_.empty()) entry.name = std::exchange(name_, {});
  size_.reset();
  if (entry.size > INT64_MAX) return invalid();
  begin_ += kBlock;
  left_ = entry.size;
  entry_ = std::move(entry);
  return true;
}

// Of the entry behind it.
Result<bool> TarReader::read_extension(std::size_t size) {
  if (size > kExtensionMax) return invalid();
  const std::size_t all = kBlock + size + padding(size);
  if (waiting_.size() - begin_ < all) return false;
  TRY(read_attributes(std::string_view(waiting_).substr(begin_ + kBlock, size)));
  begin_ += all;
  return true;
}

// Each is its length, a blank, name=value, the end of a line.
Result<void> TarReader::read_attributes(std::string_view records) {
  while (!records.empty()) {
    const std::size_t blank = records.find(' ');
    if (blank == std::string_view::npos) return invalid();
    const auto length = number<10>(records.substr(0, blank));
    if (!length || *length < blank + 3 || *length > records.size() || records[*length - 1] != '\n')
      return invalid();
    const std::string_view record = records.substr(blank + 1, *length - blank - 2);
    records.remove_prefix(*length);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return invalid();
    const std::string_view name = record.substr(0, equals), value = record.substr(equals + 1);
    if (name == "path") name_ = value;
    if (name != "size") continue;
    size_ = number<10>(value);
    if (!size_) return invalid();
  }
  return {};
}

std::string_view TarReader::content() const {
  const std::uint64_t there = std::min<std::uint64_t>(left_, waiting_.size() - begin_);
  return std::string_view(waiting_).substr(begin_, there);
}

void TarReader::use(std::size_t bytes) {
  begin_ += bytes;
  left_ -= bytes;
}

void TarReader::next() {
  padding_ = padding(entry_->size);
  entry_.reset();
}

}  // namespace midge::jetstream
