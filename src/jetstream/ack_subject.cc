#include "jetstream/ack_subject.h"

#include <algorithm>
#include <charconv>

#include "codec/base62.h"
#include "crypto/sha256.h"

namespace midge::jetstream {
namespace {

// Of the two forms.
constexpr int kShortTokens = 9, kLongTokensMin = 11;
// In front of the consumer's name.
constexpr int kShortHead = 3, kLongHead = 5;
constexpr std::size_t kHashSize = 8;

std::string_view take_token(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view token = text.substr(0, dot);
  text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  return token;
}

bool take_number(std::string_view& text, std::uint64_t& number) {
  const std::string_view token = take_token(text);
  const auto [end, status] = std::from_chars(token.data(), token.data() + token.size(), number);
  return status == std::errc() && end == token.data() + token.size();
}

}  // namespace

std::optional<AckSubject> parse_ack_subject(std::string_view subject) {
  if (!subject.starts_with("$JS.ACK.")) return std::nullopt;
  const auto tokens = std::ranges::count(subject, '.') + 1;
  if (tokens != kShortTokens && tokens < kLongTokensMin) return std::nullopt;
  for (int head = tokens == kShortTokens ? kShortHead : kLongHead; head > 0; --head)
    take_token(subject);
  AckSubject ack;
  ack.consumer = take_token(subject);
  std::uint64_t sequence = 0, delivery = 0, time = 0;
  if (!take_number(subject, ack.deliveries) || !take_number(subject, sequence) ||
      !take_number(subject, delivery) || !take_number(subject, time) ||
      !take_number(subject, ack.pending))
    return std::nullopt;
  ack.sequence = {sequence};
  ack.delivery = {delivery};
  ack.time = {static_cast<std::int64_t>(time)};
  return ack;
}

std::string name_hash(std::string_view name) {
  std::string hash;
  const std::string digest = crypto::sha256_hex(name);
  for (const char* digits = digest.data(); digits < digest.data() + 2 * kHashSize; digits += 2) {
    unsigned byte = 0;
    (void)std::from_chars(digits, digits + 2, byte, 16);
    hash += codec::kBase62[byte % codec::kBase62.size()];
  }
  return hash;
}

std::string long_ack_prefix(std::string_view domain, std::string_view account) {
  return std::string(domain.empty() ? "_" : domain) + "." + name_hash(account) + ".";
}

}  // namespace midge::jetstream
