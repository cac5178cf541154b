#include "store/subjects/pattern_path.h"

#include <algorithm>

namespace midge::store {

// Whether the byte at `at` is a whole token.
bool PatternPath::is_wildcard(std::string_view pattern, std::size_t at) {
  return (at == 0 || pattern[at - 1] == '.') &&
         (at + 1 == pattern.size() || pattern[at + 1] == '.');
}

PatternPath::Step PatternPath::advance(Place& place, std::string_view text) const {
  const std::string_view pattern = patterns_[place.pattern];
  std::size_t at = place.at;
  bool in_star = place.in_star;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_star) {
      const std::size_t dot = text.find('.', i);
      if (dot == std::string_view::npos) break;  // the token goes on
      if (at + 1 == pattern.size()) return Step::kDead;
      i = dot;
      at += 2;
      in_star = false;
      continue;
    }
    if (at == pattern.size()) return Step::kDead;
    const char want = pattern[at];
    if (want == '*' && is_wildcard(pattern, at)) {
      if (text[i] == '.') return Step::kDead;
      in_star = true;
    } else if (want == '>' && at + 1 == pattern.size() && is_wildcard(pattern, at)) {
      return Step::kAll;
    } else if (want == text[i]) {
      ++at;
    } else {
      return Step::kDead;
    }
  }
  place.at = static_cast<std::uint32_t>(at) & 0x7fff'ffffU;
  place.in_star = in_star;
  return Step::kAlive;
}

PatternPath::Range PatternPath::extend(Range from, std::string_view text) {
  places_.resize(from.end);
  if (from.all) return {from.end, from.end, true};
  for (std::uint32_t i = from.begin; i < from.end; ++i) {
    Place place = places_[i];
    switch (advance(place, text)) {
      case Step::kDead:
        break;
      case Step::kAlive:
        places_.push_back(place);
        break;
      case Step::kAll:
        places_.resize(from.end);
        return {from.end, from.end, true};
    }
  }
  return {from.end, static_cast<std::uint32_t>(places_.size()), false};
}

bool PatternPath::complete(Range range) const {
  if (range.all) return true;
  return std::any_of(
      places_.begin() + range.begin, places_.begin() + range.end, [this](const Place& place) {
        return place.at + (place.in_star ? 1U : 0U) == patterns_[place.pattern].size();
      });
}

int PatternPath::only_byte(Range range) const {
  if (range.all || range.end - range.begin != 1) return -1;
  const Place& place = places_[range.begin];
  const std::string_view pattern = patterns_[place.pattern];
  if (place.in_star || place.at == pattern.size()) return -1;
  const char want = pattern[place.at];
  if ((want == '*' || want == '>') && is_wildcard(pattern, place.at)) return -1;
  return static_cast<unsigned char>(want);
}

}  // namespace midge::store
