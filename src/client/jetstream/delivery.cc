#include "client/jetstream/delivery.h"

#include <array>
#include <charconv>
#include <string>

#include "client/jetstream/context.h"

namespace midge {
namespace detail {
namespace {

constexpr std::string_view kPrefix = "$JS.ACK.";
constexpr std::size_t kShortTokens = 7;  // behind the prefix
constexpr std::size_t kLongTokens = 9;   // at least
constexpr std::string_view kNoDomain = "_";

bool read_number(std::string_view text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

}  // namespace

std::optional<DeliveryMetadata> parse_delivery(std::string_view reply) {
  if (!reply.starts_with(kPrefix)) return std::nullopt;
  reply.remove_prefix(kPrefix.size());
  std::array<std::string_view, kLongTokens> tokens;
  std::size_t count = 0;
  for (bool more = true; more && count < kLongTokens;) {
    const std::size_t dot = reply.find('.');
    tokens[count++] = reply.substr(0, dot);
    more = dot != std::string_view::npos;
    if (more) reply.remove_prefix(dot + 1);
  }
  if (count != kShortTokens && count != kLongTokens) return std::nullopt;
  const std::string_view* const at = tokens.data() + (count == kLongTokens ? 2 : 0);
  DeliveryMetadata metadata;
  if (count == kLongTokens && tokens[0] != kNoDomain) metadata.domain = tokens[0];
  metadata.stream = at[0];
  metadata.consumer = at[1];
  std::uint64_t time = 0;
  if (!read_number(at[2], metadata.deliveries) || !read_number(at[3], metadata.stream_sequence) ||
      !read_number(at[4], metadata.consumer_sequence) || !read_number(at[5], time) ||
      !read_number(at[6], metadata.pending))
    return std::nullopt;
  metadata.time = Time(Timeout(static_cast<std::int64_t>(time)));
  return metadata;
}

}  // namespace detail

namespace {

std::unexpected<Error> no_answer_wanted() {
  return failure("the message wants no answer", ErrorCode::kInvalid);
}

}  // namespace

Result<DeliveryMetadata> Delivery::metadata() const {
  if (auto metadata = detail::parse_delivery(message_.reply())) return *metadata;
  return failure("the message came from no consumer", ErrorCode::kInvalid);
}

Result<void> Delivery::answer(std::string_view text) const {
  if (!context_ || message_.reply().empty()) return no_answer_wanted();
  return context_->client().publish(message_.reply(), text);
}

Result<void> Delivery::ack() const { return answer("+ACK"); }

Result<void> Delivery::nak(Timeout delay) const {
  if (delay.count() <= 0) return answer("-NAK");
  return answer(R"(-NAK {"delay":)" + std::to_string(delay.count()) + "}");
}

Result<void> Delivery::in_progress() const { return answer("+WPI"); }

Result<void> Delivery::term(std::string_view reason) const {
  return answer(reason.empty() ? "+TERM" : "+TERM " + std::string(reason));
}

Result<void> Delivery::ack_and_wait(Deadline deadline) const {
  if (!context_ || message_.reply().empty()) return no_answer_wanted();
  TRY(context_->client().request(message_.reply(), "+ACK", std::move(deadline)));
  return {};
}

}  // namespace midge
