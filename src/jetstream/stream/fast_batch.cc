#include "jetstream/stream/fast_batch.h"

#include <algorithm>
#include <charconv>

#include "jetstream/stream/ingest_headers.h"

namespace midge::jetstream {
namespace {

// How many messages all publishers of a stream together may send before one of them is told.
constexpr std::size_t kShared = 500;
constexpr std::uint16_t kFlowUnsaid = 10;

// The last token, cut off `text` with the dot before it. Nullopt: it is the only one.
std::optional<std::string_view> cut_last(std::string_view& text) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view token = text.substr(dot + 1);
  text = text.substr(0, dot);
  return token;
}

std::uint16_t read_flow(std::string_view text) {
  std::uint64_t flow = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), flow);
  if (status == std::errc::result_out_of_range) return UINT16_MAX;
  if (status != std::errc() || end != text.data() + text.size() || flow == 0) return kFlowUnsaid;
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(flow, UINT16_MAX));
}

bool may_be(FastOperation operation, std::uint64_t number) {
  if (number == 0 || number == UINT64_MAX) return false;
  switch (operation) {
    case FastOperation::kStart:
      return number == 1;
    case FastOperation::kAppend:
    case FastOperation::kCommitWithout:
      return number > 1;
    case FastOperation::kCommit:
    case FastOperation::kPing:
      break;
  }
  return true;
}

}  // namespace

std::optional<FastPlace> FastPlace::parse(std::string_view reply) {
  FastPlace place;
  (void)cut_last(reply);
  const auto operation = cut_last(reply), number = cut_last(reply), gaps = cut_last(reply),
             flow = cut_last(reply), id = cut_last(reply);
  if (!id) return std::nullopt;
  const auto code = IngestHeaders::number(*operation);
  const auto digits = IngestHeaders::number(*number);
  if (!code || *code > static_cast<std::uint64_t>(FastOperation::kPing)) return std::nullopt;
  place.operation = static_cast<FastOperation>(*code);
  if (!digits || !may_be(place.operation, *digits)) return std::nullopt;
  if (*gaps != "ok" && *gaps != "fail") return std::nullopt;
  place.number = *digits;
  place.gaps_ok = *gaps == "ok";
  place.flow = read_flow(*flow);
  place.id = *id;
  return place;
}

FastBatch::FastBatch(const FastPlace& start, std::size_t batches)
    : every_(batches > 1 ? 1 : std::min<std::uint16_t>(start.flow, kShared)),
      every_max_(start.flow),
      gaps_ok_(start.gaps_ok) {}

bool FastBatch::advance(std::size_t batches) {
  if (taken < told_ + every_) return false;
  told_ += (taken - told_) / every_ * every_;
  const auto share = std::max<std::size_t>(kShared / batches, 1);
  const auto most = static_cast<std::uint16_t>(std::min<std::size_t>(share, every_max_));
  // By and by: the others have to come to know it too.
  every_ = every_ < most ? static_cast<std::uint16_t>(std::min(every_ * 2, int{most}))
                         : std::max<std::uint16_t>(every_ / 2, most);
  return true;
}

}  // namespace midge::jetstream
