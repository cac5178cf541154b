#include "client/jetstream/pull_ledger.h"

#include <algorithm>

namespace midge::detail {
namespace {

// Messages of a pull that is bounded by bytes.
constexpr std::size_t kAnyNumber = 1'000'000;

struct Meaning {
  int code;
  std::string_view beginning;  // of the description
  PullVerdict verdict;
};

// The first that fits.
constexpr Meaning kMeanings[] = {
    {100, "", PullVerdict::kGoOn},  // a heartbeat
    {400, "", PullVerdict::kEnd},
    {404, "", PullVerdict::kGoOn},
    {408, "", PullVerdict::kGoOn},
    {409, "Message Size Exceeds MaxBytes", PullVerdict::kGoOn},
    {409, "Batch Completed", PullVerdict::kGoOn},
    {409, "Consumer Deleted", PullVerdict::kLost},
    {409, "Consumer is push based", PullVerdict::kEnd},
    {409, "", PullVerdict::kBeginAnew},  // a new leader, a server that stops, a bound exceeded
    {412, "", PullVerdict::kEnd},
    {423, "", PullVerdict::kUnpinned},
    {503, "", PullVerdict::kLost},
};

std::size_t less(std::size_t from, std::size_t taken) { return from - std::min(from, taken); }

}  // namespace

std::optional<PullLedger::Pull> PullLedger::next(std::size_t held_messages,
                                                 std::size_t held_bytes) {
  Pull pull;
  if (limits_.bytes > 0) {
    const std::size_t there = bytes_ + held_bytes;
    if (messages_ > 0 && there > limits_.threshold_bytes) return std::nullopt;
    if (there >= limits_.bytes) return std::nullopt;
    pull = {kAnyNumber, limits_.bytes - there};
  } else {
    const std::size_t there = messages_ + held_messages;
    if (there > limits_.threshold_messages || there >= limits_.messages) return std::nullopt;
    pull = {limits_.messages - there, 0};
  }
  messages_ += pull.batch;
  bytes_ += pull.bytes;
  return pull;
}

void PullLedger::on_message(std::size_t bytes) {
  messages_ = less(messages_, 1);
  bytes_ = less(bytes_, bytes);
}

PullVerdict PullLedger::on_status(int code, std::string_view description,
                                  std::size_t pending_messages, std::size_t pending_bytes) {
  messages_ = less(messages_, pending_messages);
  bytes_ = less(bytes_, pending_bytes);
  for (const Meaning& meaning : kMeanings)
    if (code == meaning.code && description.starts_with(meaning.beginning)) return meaning.verdict;
  return PullVerdict::kWarn;
}

}  // namespace midge::detail
