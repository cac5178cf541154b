#include "store/subjects/filter.h"

#include <algorithm>
#include <utility>

#include "subject/subject.h"

namespace midge::store {

Filter::Filter(std::vector<std::string> patterns) {
  if (patterns.empty() || std::ranges::find(patterns, ">") != patterns.end()) return;
  std::ranges::sort(patterns);
  patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
  patterns_ = std::move(patterns);
  for (std::uint32_t i = 0; i < patterns_.size(); ++i)
    if (!subject::is_literal(patterns_[i])) wild_.push_back(i);

  kind_ = Kind::kGeneral;
  if (patterns_.size() > 1) return;
  const std::string_view only = patterns_.front();
  if (wild_.empty()) {
    kind_ = Kind::kLiteral;
    text_ = only;
  } else if (only.ends_with(".>") && subject::is_literal(only.substr(0, only.size() - 2))) {
    kind_ = Kind::kTail;
    text_ = only.substr(0, only.size() - 1);
  }
}

bool Filter::matches_any(std::string_view subject) const {
  // A literal subject is among the sorted patterns only if one of them is literally it.
  if (wild_.size() < patterns_.size() &&
      std::binary_search(patterns_.begin(), patterns_.end(), subject, std::less<>()))
    return true;
  return std::ranges::any_of(
      wild_, [&](std::uint32_t i) { return subject::matches(subject, patterns_[i]); });
}

}  // namespace midge::store
