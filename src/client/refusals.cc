#include "client/refusals.h"

#include "base/ascii.h"

namespace midge::detail {
namespace {

bool take_words(std::string_view& text, std::string_view words) {
  if (text.size() < words.size() || !equal_ignoring_case(text.substr(0, words.size()), words))
    return false;
  text.remove_prefix(words.size());
  return true;
}

// What stands between quotes.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  const std::size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  return inside;
}

}  // namespace

std::optional<Refusal> read_refusal(std::string_view error) {
  Refusal refusal;
  if (take_words(error, "Permissions Violation for Subscription to "))
    refusal.of_subscription = true;
  else if (!take_words(error, "Permissions Violation for Publish to "))
    return std::nullopt;
  const auto subject = take_quoted(error);
  if (!subject) return std::nullopt;
  refusal.subject = *subject;
  if (take_words(error, " using queue ")) refusal.queue = take_quoted(error).value_or("");
  return refusal;
}

void Refusals::add(std::uint64_t sid, const Error& why) {
  const io::Monitor::Lock lock(monitor_);
  by_sid_.insert_or_assign(sid, why);
}

std::optional<Error> Refusals::find(std::uint64_t sid) const {
  const io::Monitor::Lock lock(monitor_);
  const auto found = by_sid_.find(sid);
  if (found == by_sid_.end()) return std::nullopt;
  return found->second;
}

void Refusals::forget(std::uint64_t sid) {
  const io::Monitor::Lock lock(monitor_);
  by_sid_.erase(sid);
}

std::vector<std::uint64_t> Refusals::take() {
  const io::Monitor::Lock lock(monitor_);
  std::vector<std::uint64_t> sids;
  for (const auto& [sid, why] : by_sid_) sids.push_back(sid);
  by_sid_.clear();
  return sids;
}

}  // namespace midge::detail
