#include "broker/account_responses.h"

#include <span>
#include <utility>

namespace midge::broker {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kLettersPerHalf = 11;  // 66 bits for 64
constexpr std::size_t kSubjectSize = kResponsePrefix.size() + std::size_t{2} * kLettersPerHalf;
constexpr std::uint32_t kGenerationMask = (1U << 24) - 1;

void append_half(std::uint64_t value, std::string& into) {
  for (unsigned i = 0; i < kLettersPerHalf; ++i, value >>= 6) into += kLetters[value & 63];
}

constexpr unsigned char kNoLetter = 64;
constexpr auto kValues = [] {
  std::array<unsigned char, 256> values{};
  values.fill(kNoLetter);
  for (unsigned i = 0; i < kLetters.size(); ++i)
    values[static_cast<unsigned char>(kLetters[i])] = static_cast<unsigned char>(i);
  return values;
}();

std::optional<std::uint64_t> parse_half(std::string_view text) {
  std::uint64_t value = 0;
  unsigned char seen = 0;
  for (unsigned i = kLettersPerHalf; i-- > 0;) {
    const unsigned char letter = kValues[static_cast<unsigned char>(text[i])];
    seen |= letter;
    value = value << 6 | letter;
  }
  if ((seen & kNoLetter) != 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ResponseToken> ResponseToken::parse(std::string_view subject) {
  if (subject.size() != kSubjectSize || !is_response_subject(subject)) return std::nullopt;
  const std::string_view text = subject.substr(kResponsePrefix.size());
  const auto place = parse_half(text.substr(0, kLettersPerHalf));
  const auto check = parse_half(text.substr(kLettersPerHalf));
  if (!place || !check) return std::nullopt;
  ResponseToken token;
  token.loop = {static_cast<std::uint8_t>(*place >> 56)};
  token.generation = static_cast<std::uint32_t>(*place >> 32) & kGenerationMask;
  token.slot = static_cast<std::uint32_t>(*place);
  token.check = *check;
  return token;
}

void ResponseToken::append_to(std::string& subject) const {
  subject += kResponsePrefix;
  append_half(
      std::uint64_t{loop.value} << 56 | std::uint64_t{generation & kGenerationMask} << 32 | slot,
      subject);
  append_half(check, subject);
}

std::uint64_t ResponseTable::next_check() {
  if (checks_left_ == 0) {
    entropy_.fill({reinterpret_cast<unsigned char*>(checks_.data()), sizeof checks_});
    checks_left_ = checks_.size();
  }
  return checks_[--checks_left_];
}

void ResponseTable::open(ResponseEntry entry, std::string& subject) {
  if (free_.empty()) {
    if (entries_.size() >= kEntriesMax) return;
    free_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  entry.generation = entries_[slot].generation;
  entry.check = next_check();
  ResponseToken{loop_, slot, entry.generation, entry.check}.append_to(subject);
  entries_[slot] = std::move(entry);
}

ResponseEntry* ResponseTable::find(const ResponseToken& token, MonoTime now) {
  if (token.loop != loop_ || token.slot >= entries_.size()) return nullptr;
  ResponseEntry& entry = entries_[token.slot];
  if (entry.reply.empty() || entry.generation != token.generation || entry.check != token.check)
    return nullptr;
  return entry.expires <= now ? nullptr : &entry;
}

ResponseEntry ResponseTable::close(const ResponseToken& token) {
  if (token.slot >= entries_.size() || entries_[token.slot].generation != token.generation ||
      entries_[token.slot].reply.empty())
    return {};
  return release(token.slot);
}

ResponseEntry ResponseTable::release(std::uint32_t slot) {
  ResponseEntry taken = std::exchange(entries_[slot], ResponseEntry{});
  entries_[slot].generation = (taken.generation + 1) & kGenerationMask;
  free_.push_back(slot);
  return taken;
}

}  // namespace midge::broker
