#include "jetstream/archive/archive_entry.h"

#include "jetstream/archive/varint.h"

namespace midge::jetstream {
namespace {

constexpr std::size_t kNameMax = 1 << 20;

std::unexpected<Error> invalid() {
  return failure("archive: invalid archive stream", ErrorCode::kInvalid);
}

}  // namespace

void write_entry_head(std::string& into, const EntryHead& head) {
  put_varint(into, head.name.size());
  put_signed_varint(into, head.time);
  put_varint(into, head.sequence);
  put_varint(into, head.header_size);
  put_varint(into, head.payload_size);
  into += head.name;
}

void EntryReader::feed(std::string_view plain) {
  waiting_.erase(0, begin_);
  begin_ = 0;
  waiting_ += plain;
}

Result<const EntryHead*> EntryReader::head() {
  if (head_) return &*head_;
  std::string_view input = std::string_view(waiting_).substr(begin_);
  if (!begun_) {
    if (input.size() < kArchiveMagic.size()) return nullptr;
    if (!input.starts_with(kArchiveMagic)) return invalid();
    begun_ = true;
    begin_ += kArchiveMagic.size();
    input.remove_prefix(kArchiveMagic.size());
  }
  VarintReader in(input);
  const std::uint64_t name_size = in.number();
  EntryHead head;
  head.time = in.signed_number();
  head.sequence = in.number();
  head.header_size = in.number();
  head.payload_size = in.number();
  if (in.state() == VarintReader::State::kShort) return nullptr;
  const bool fits = head.header_size <= INT64_MAX && head.payload_size <= INT64_MAX &&
                    head.size() <= INT64_MAX && name_size <= kNameMax;
  if (in.state() != VarintReader::State::kGood || !fits) return invalid();
  if (in.rest().size() < name_size) return nullptr;
  name_ = in.rest().substr(0, name_size);
  head.name = name_;
  begin_ += input.size() - in.rest().size() + name_size;
  head_ = head;
  return &*head_;
}

std::optional<std::string_view> EntryReader::take() {
  const std::string_view input = std::string_view(waiting_).substr(begin_);
  if (input.size() < head_->size()) return std::nullopt;
  const std::string_view content = input.substr(0, head_->size());
  begin_ += content.size();
  head_.reset();
  return content;
}

}  // namespace midge::jetstream
