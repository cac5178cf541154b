#include "proto/server_verb.h"

#include "base/ascii.h"
#include "proto/blank.h"

namespace midge::proto {
namespace {

struct Spelling {
  std::string_view letters;
  ServerVerb verb;
  bool needs_blank;
};

constexpr Spelling kSpellings[] = {
    {"MSG", ServerVerb::kMsg, true},    {"HMSG", ServerVerb::kHmsg, true},
    {"PING", ServerVerb::kPing, false}, {"PONG", ServerVerb::kPong, false},
    {"+OK", ServerVerb::kOk, false},    {"-ERR", ServerVerb::kErr, true},
    {"INFO", ServerVerb::kInfo, true},
};

}  // namespace

ServerVerbMatch match_server_verb(std::string_view input) {
  for (const Spelling& spelling : kSpellings) {
    const std::string_view letters = input.substr(0, spelling.letters.size());
    if (!equal_ignoring_case(letters, spelling.letters.substr(0, letters.size()))) continue;
    const std::size_t length = spelling.letters.size() + (spelling.needs_blank ? 1 : 0);
    // No verb begins with another, but two may begin alike: what is cut could be either.
    if (input.size() < length) return {VerbState::kCut};
    if (spelling.needs_blank && !is_blank(input[length - 1])) break;
    return {VerbState::kFound, spelling.verb, static_cast<std::uint8_t>(length)};
  }
  return {};
}

}  // namespace midge::proto
