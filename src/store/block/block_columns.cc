#include "store/block/block_columns.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace midge::store {
namespace {

constexpr std::uint32_t kHasHeader = 8;
constexpr std::uint32_t kPadding = 7;

}  // namespace

void BlockColumns::append(Sequence sequence, std::uint64_t offset, std::uint64_t end,
                          MessageSize size, std::uint32_t subject) {
  DCHECK(offset % 8 == 0 && offset < kOffsetLimit, "a record lies at a wrong offset");
  DCHECK(subject <= subjects(), "a subject's number is given out of order");
  const std::uint64_t relative = sequence - first_;
  if (relatives_.empty() && relative != records()) {
    relatives_.resize(records());
    std::iota(relatives_.begin(), relatives_.end(), 0U);
  }
  // An empty column means none: the first record of all that is not at 0 fills it from then on.
  if (!relatives_.empty() || relative != records())
    relatives_.push_back(static_cast<std::uint32_t>(relative));
  if (subject == texts_.size()) texts_.push_back(records());
  const std::uint64_t padding = end - offset - kRecordHead - size.bytes;
  places_.push_back(static_cast<std::uint32_t>(offset / 8) << 4 |
                    (size.has_header ? kHasHeader : 0) | static_cast<std::uint32_t>(padding));
  subjects_.push_back(subject);
  end_ = end;
}

bool BlockColumns::has_header(std::uint32_t record) const {
  return (places_[record] & kHasHeader) != 0;
}

void BlockColumns::shrink() {
  for (std::vector<std::uint32_t>* column : {&relatives_, &places_, &subjects_, &texts_})
    column->shrink_to_fit();
}

void BlockColumns::reserve(std::uint32_t records, std::uint32_t subjects) {
  places_.reserve(records);
  subjects_.reserve(records);
  texts_.reserve(subjects);
}

MessageSize BlockColumns::size(std::uint32_t record) const {
  const std::uint32_t place = places_[record];
  return {length(record) - kRecordHead - (place & kPadding), (place & kHasHeader) != 0};
}

bool BlockColumns::set_text_record(std::uint32_t subject, std::uint32_t record) {
  if (record >= records() || subjects_[record] != subject) return false;
  texts_[subject] = record;
  return true;
}

std::uint32_t BlockColumns::record_from(Sequence sequence) const {
  if (sequence <= first_) return 0;
  const std::uint64_t relative = sequence - first_;
  if (relatives_.empty())
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(relative, records()));
  return static_cast<std::uint32_t>(
      std::lower_bound(relatives_.begin(), relatives_.end(), relative) - relatives_.begin());
}

std::size_t BlockColumns::memory() const {
  return (relatives_.capacity() + places_.capacity() + subjects_.capacity() + texts_.capacity()) *
         sizeof(std::uint32_t);
}

}  // namespace midge::store
