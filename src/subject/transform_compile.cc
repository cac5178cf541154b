// Compiling transforms: what a destination may say, and why it is refused.
#include <algorithm>
#include <charconv>
#include <limits>

#include "subject/subject.h"
#include "subject/tokens.h"
#include "subject/transform.h"

namespace midge::subject {
namespace {

constexpr std::string_view kUnknownFunction = "unknown function";
constexpr std::string_view kIndexOutOfRange = "wildcard index out of range";
constexpr std::string_view kTooFewArguments = "not enough arguments passed to the function";
constexpr std::string_view kTooManyArguments = "too many arguments passed to the function";
constexpr std::string_view kBadArgument = "function argument is invalid or in the wrong format";
constexpr std::string_view kNotAllWildcards = "not using all of the token wildcard(s)";
constexpr std::string_view kOnlyWildcard =
    "the only mapping function allowed for import transforms is {{Wildcard()}}";
constexpr std::string_view kInvalidTransform = "invalid transform";
constexpr std::string_view kPrefix = "invalid mapping destination: ";

std::unexpected<Error> bad_destination(std::string_view what, std::string_view where) {
  std::string text(kPrefix);
  text.append(what).append(" in ").append(where);
  return failure(std::move(text), ErrorCode::kInvalid);
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Decimal, with a sign at most. False: not a number, or out of range.
template <class Number>
bool parse_number(std::string_view text, Number& number) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

// Names vary in case where words begin: `SplitFromLeft`, `splitfromleft`.
bool is_named(std::string_view written, std::string_view name) {
  if (written.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char lower = static_cast<char>(name[i] | 0x20);
    if (written[i] == lower) continue;
    if (name[i] == lower || written[i] != name[i]) return false;
  }
  return true;
}

// Between commas; blanks after a comma do not count.
std::vector<std::string_view> split_arguments(std::string_view text) {
  std::vector<std::string_view> arguments;
  while (true) {
    const std::size_t comma = text.find(',');
    arguments.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return arguments;
    text.remove_prefix(comma + 1);
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  }
}

// As transforms have it: blanks are let through, the tokens' order is not.
struct Shape {
  bool valid = true;
  bool has_tail = false;
  std::vector<std::uint32_t> stars;  // which tokens are `*`
  std::uint32_t tokens = 0;
};

Shape shape_of(std::string_view subject) {
  Shape shape;
  Tokens tokens(subject);
  do {
    const std::string_view token = tokens.take();
    if (token.empty() || shape.has_tail) shape.valid = false;
    if (token == kTail) shape.has_tail = true;
    if (token == kStar) shape.stars.push_back(shape.tokens);
    ++shape.tokens;
  } while (!tokens.done());
  return shape;
}

template <class Write>
std::string rewrite_tokens(std::string_view subject, Write write) {
  std::string result;
  Tokens tokens(subject);
  while (true) {
    result += write(tokens.take());
    if (tokens.done()) return result;
    result += '.';
  }
}

}  // namespace

bool Transform::is_call(std::string_view token) {
  return token.size() > 4 && token.starts_with("{{") && token.ends_with("}}");
}

Result<Transform::Parsed> Transform::parse_token(std::string_view token) {
  Parsed parsed;
  std::int64_t number = 0;
  if (token.size() > 1 && token.front() == '$' && parse_number(token.substr(1), number)) {
    parsed.piece.kind = Kind::kWildcard;
    parsed.wildcards.push_back(number);
    return parsed;
  }
  if (is_call(token)) return parse_call(token);
  parsed.piece.text = token;
  return parsed;
}

Result<Transform::Parsed> Transform::parse_call(std::string_view token) {
  static constexpr std::pair<std::string_view, Kind> kFunctions[] = {
      {"Wildcard", Kind::kWildcard},
      {"Partition", Kind::kPartition},
      {"Random", Kind::kRandom},
      {"Split", Kind::kSplit},
      {"SplitFromLeft", Kind::kSplitFromLeft},
      {"SplitFromRight", Kind::kSplitFromRight},
      {"SliceFromLeft", Kind::kSliceFromLeft},
      {"SliceFromRight", Kind::kSliceFromRight},
      {"Left", Kind::kLeft},
      {"Right", Kind::kRight},
  };
  const std::string_view call = trimmed(token.substr(2, token.size() - 4));
  const std::size_t open = call.find('(');
  if (open == std::string_view::npos || !call.ends_with(')') ||
      call.find('\n') != std::string_view::npos)
    return bad_destination(kUnknownFunction, token);
  const std::string_view name = trimmed(call.substr(0, open));
  for (const auto& [known, kind] : kFunctions) {
    if (!is_named(name, known)) continue;
    return parse_arguments(kind, token,
                           split_arguments(call.substr(open + 1, call.size() - open - 2)));
  }
  return bad_destination(kUnknownFunction, token);
}

Result<Transform::Parsed> Transform::parse_arguments(
    Kind kind, std::string_view token, const std::vector<std::string_view>& arguments) {
  Parsed parsed;
  parsed.piece.kind = kind;
  const auto take_wildcard = [&](std::string_view text) {
    return parse_number(trimmed(text), parsed.wildcards.emplace_back());
  };
  if (kind == Kind::kPartition) {
    if (!parse_number(trimmed(arguments[0]), parsed.piece.size))
      return bad_destination(kBadArgument, token);
    for (std::size_t i = 1; i < arguments.size(); ++i)
      if (!take_wildcard(arguments[i])) return bad_destination(kBadArgument, token);
    return parsed;
  }
  if (kind == Kind::kRandom) {
    // nats-server's words for too many arguments, too.
    if (arguments.size() != 1) return bad_destination(kTooFewArguments, token);
    if (!parse_number(trimmed(arguments[0]), parsed.piece.size))
      return bad_destination(kBadArgument, token);
    return parsed;
  }
  const std::size_t wanted = kind == Kind::kWildcard ? 1 : 2;
  if (arguments.size() < wanted || (arguments.size() == 1 && arguments[0].empty()))
    return bad_destination(kTooFewArguments, token);
  if (arguments.size() > wanted) return bad_destination(kTooManyArguments, token);
  if (!take_wildcard(arguments[0])) return bad_destination(kBadArgument, token);
  if (kind == Kind::kWildcard) return parsed;
  if (kind == Kind::kSplit) {
    if (arguments[1].find_first_of(" .") != std::string_view::npos)
      return bad_destination(kBadArgument, token);
    parsed.piece.text = arguments[1];
    return parsed;
  }
  if (!parse_number(trimmed(arguments[1]), parsed.piece.size))
    return bad_destination(kBadArgument, token);
  return parsed;
}

Result<Transform> Transform::compile(std::string_view source, std::string_view destination,
                                     Use use) {
  if (source.empty()) source = kTail;
  const Shape from = shape_of(source);
  const Shape to = shape_of(destination);
  if (!from.valid || !to.valid || !to.stars.empty() || from.has_tail != to.has_tail)
    return failure("invalid subject", ErrorCode::kInvalid);

  Transform transform;
  transform.source_ = source;
  transform.destination_ = destination;
  const bool literal = from.stars.empty() && !from.has_tail;
  const auto count = static_cast<std::int64_t>(from.stars.size());
  std::int64_t used = 0;
  Tokens tokens(destination);
  do {
    const std::string_view token = tokens.take();
    ASSIGN_OR_RETURN(Parsed parsed, parse_token(token));
    Piece& piece = parsed.piece;
    const bool needs_wildcards =
        piece.kind != Kind::kText && piece.kind != Kind::kPartition && piece.kind != Kind::kRandom;
    if (use == Use::kImport && piece.kind != Kind::kText && piece.kind != Kind::kWildcard)
      return bad_destination(kOnlyWildcard, token);
    if (literal) {
      if (needs_wildcards) return bad_destination(kIndexOutOfRange, token);
      parsed.wildcards.clear();  // partition() hashes the whole subject
    }
    for (const std::int64_t number : parsed.wildcards) {
      if (number > count) {
        return bad_destination(kIndexOutOfRange,
                               std::string(token) + ": [" + std::to_string(number) + "]");
      }
      // Numbers below 1 stand for the first token, as in nats-server.
      piece.places.push_back(number < 1 ? 0 : from.stars[static_cast<std::size_t>(number) - 1]);
    }
    used += static_cast<std::int64_t>(parsed.wildcards.size());
    if (token == kTail) {
      piece.kind = Kind::kTail;
      piece.places.push_back(from.tokens - 1);
    }
    transform.is_random_ = transform.is_random_ || piece.kind == Kind::kRandom;
    transform.pieces_.push_back(std::move(piece));
  } while (!tokens.done());
  if (use == Use::kImport && used < count) return bad_destination(kNotAllWildcards, destination);
  return transform;
}

Result<Transform> Transform::compile_reverse(std::string_view source,
                                             std::string_view destination) {
  const std::string numbered = number_wildcards(destination);
  TRY(compile(star_wildcards(source), numbered, Use::kImport));
  // Where the destination has the source's nth wildcard: as which of its own.
  std::vector<std::int64_t> places;
  Tokens tokens(numbered);
  do {
    const auto parsed = parse_token(tokens.take());
    if (parsed && !parsed->wildcards.empty()) places.push_back(parsed->wildcards[0]);
  } while (!tokens.done());
  std::int64_t nth = 0;
  const std::string back = rewrite_tokens(star_wildcards(source), [&](std::string_view token) {
    if (token != kStar) return std::string(token);
    const auto found = std::ranges::find(places, ++nth);
    const auto place = found == places.end() ? nth : found - places.begin() + 1;
    return "$" + std::to_string(place);
  });
  return compile(star_wildcards(numbered), back, Use::kMapping);
}

std::string number_wildcards(std::string_view subject) {
  int count = 0;
  return rewrite_tokens(subject, [&count](std::string_view token) {
    return token == kStar ? "$" + std::to_string(++count) : std::string(token);
  });
}

std::string star_wildcards(std::string_view destination) {
  return rewrite_tokens(destination, [](std::string_view token) {
    const auto parsed = Transform::parse_token(token);
    const bool is_wildcard = parsed && parsed->piece.kind == Transform::Kind::kWildcard;
    return std::string(is_wildcard ? kStar : token);
  });
}

Result<void> check_mapping_destination(std::string_view destination) {
  Tokens tokens(destination);
  bool had_tail = false;
  do {
    const std::string_view token = tokens.take();
    if (Transform::is_call(token)) {
      TRY(Transform::parse_call(token));
      continue;
    }
    if (token.empty() || std::ranges::any_of(token, is_blank))
      return failure(std::string(kPrefix).append(kInvalidTransform), ErrorCode::kInvalid);
    if (had_tail) return bad_destination(kInvalidTransform, token);
    had_tail = token == kTail;
  } while (!tokens.done());
  return {};
}

}  // namespace midge::subject
