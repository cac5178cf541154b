#include "proto/verb_match.h"

#include <algorithm>

#include "base/ascii.h"
#include "proto/blank.h"

namespace midge::proto {
namespace {

struct VerbSpelling {
  std::string_view letters;  // lower case; empty = no such verb
  Verb verb{};
  bool needs_blank = false;
  bool ignores_rest = false;
};

constexpr VerbSpelling kPub{"pub", Verb::kPub, true, false};
constexpr VerbSpelling kHpub{"hpub", Verb::kHpub, true, false};
constexpr VerbSpelling kSub{"sub", Verb::kSub, true, false};
constexpr VerbSpelling kUnsub{"unsub", Verb::kUnsub, true, false};
constexpr VerbSpelling kConnect{"connect", Verb::kConnect, false, false};
constexpr VerbSpelling kInfo{"info", Verb::kInfo, false, false};
constexpr VerbSpelling kPing{"ping", Verb::kPing, false, true};
constexpr VerbSpelling kPong{"pong", Verb::kPong, false, true};
constexpr VerbSpelling kOk{"+ok", Verb::kOk, false, true};
constexpr VerbSpelling kErr{"-err", Verb::kErr, true, false};
constexpr VerbSpelling kNoVerb{};

// The only verb that can start like `input`, which has at least two bytes.
const VerbSpelling& candidate(std::string_view input) {
  switch (ascii_lower(input[0])) {
    case 's':
      return kSub;
    case 'u':
      return kUnsub;
    case 'h':
      return kHpub;
    case 'c':
      return kConnect;
    case 'i':
      return kInfo;
    case '+':
      return kOk;
    case '-':
      return kErr;
    case 'p':
      switch (ascii_lower(input[1])) {
        case 'u':
          return kPub;
        case 'i':
          return kPing;
        case 'o':
          return kPong;
        default:
          return kNoVerb;
      }
    default:
      return kNoVerb;
  }
}

bool starts_a_verb(char letter) {
  return std::string_view("sSuUhHcCiI+-pP").find(letter) != std::string_view::npos;
}

}  // namespace

VerbMatch match_verb(std::string_view input) {
  if (input.empty()) return {VerbState::kCut};
  if (input.size() == 1) return {starts_a_verb(input[0]) ? VerbState::kCut : VerbState::kUnknown};

  const VerbSpelling& spelling = candidate(input);
  if (spelling.letters.empty()) return {VerbState::kUnknown};
  const std::size_t here = std::min(input.size(), spelling.letters.size());
  for (std::size_t at = 1; at < here; ++at)
    if (ascii_lower(input[at]) != spelling.letters[at]) return {VerbState::kUnknown};

  const std::size_t length = spelling.letters.size() + (spelling.needs_blank ? 1 : 0);
  if (input.size() < length) return {VerbState::kCut};
  if (spelling.needs_blank && !is_blank(input[length - 1])) return {VerbState::kUnknown};
  return {VerbState::kFound, spelling.verb, static_cast<std::uint8_t>(length),
          spelling.ignores_rest};
}

}  // namespace midge::proto
