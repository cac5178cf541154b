// What NATS promises of delivery, in as few lines as possible.
#pragma once

#include <string_view>

namespace midge::sim {

// `*` is one token, `>` the rest, at least one.
inline bool matches(std::string_view pattern, std::string_view subject) {
  while (true) {
    const auto token = pattern.substr(0, pattern.find('.'));
    if (token == ">") return true;
    const auto word = subject.substr(0, subject.find('.'));
    if (token != "*" && token != word) return false;
    const bool pattern_ends = token.size() == pattern.size();
    const bool subject_ends = word.size() == subject.size();
    if (pattern_ends || subject_ends) return pattern_ends && subject_ends;
    pattern.remove_prefix(token.size() + 1);
    subject.remove_prefix(word.size() + 1);
  }
}

}  // namespace midge::sim
