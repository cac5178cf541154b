#include "subject/subject.h"

#include <cstddef>

#include "subject/tokens.h"

namespace midge::subject {
namespace {

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool has_white_space(std::string_view token) {
  for (char c : token)
    if (is_white(c)) return true;
  return false;
}

}  // namespace

bool is_valid(std::string_view subject) {
  Tokens tokens(subject);
  do {
    std::string_view token = tokens.take();
    if (token.empty() || has_white_space(token)) return false;
    if (token == kTail && !tokens.done()) return false;
  } while (!tokens.done());
  return true;
}

bool is_literal(std::string_view subject) {
  Tokens tokens(subject);
  do {
    std::string_view token = tokens.take();
    if (token == kStar || token == kTail) return false;
  } while (!tokens.done());
  return true;
}

bool is_valid_literal(std::string_view subject) { return is_valid(subject) && is_literal(subject); }

bool matches(std::string_view subject, std::string_view pattern) {
  if (has_empty_token(subject)) return false;  // reaches nobody, not even `>`
  Tokens names(subject);
  Tokens wanted(pattern);
  do {
    std::string_view want = wanted.take();
    if (want == kTail && wanted.done()) return true;
    std::string_view name = names.take();
    if (want != kStar && want != name) return false;
  } while (!names.done() && !wanted.done());
  return names.done() && wanted.done();
}

bool is_subset(std::string_view inner, std::string_view outer) {
  Tokens inners(inner);
  Tokens outers(outer);
  do {
    std::string_view out = outers.take();
    if (out == kTail && outers.done()) return true;
    std::string_view in = inners.take();
    if (in == kTail && inners.done()) return false;  // `out` is one token, `in` is any number
    if (out != kStar && out != in) return false;
  } while (!inners.done() && !outers.done());
  return inners.done() && outers.done();
}

bool overlaps(std::string_view a, std::string_view b) {
  while (true) {
    const std::size_t a_dot = a.find('.'), b_dot = b.find('.');
    const std::string_view x = a.substr(0, a_dot), y = b.substr(0, b_dot);
    if (x == ">" || y == ">") return true;
    if (x != "*" && y != "*" && x != y) return false;
    const bool a_ends = a_dot == std::string_view::npos, b_ends = b_dot == std::string_view::npos;
    if (a_ends || b_ends) return a_ends && b_ends;
    a.remove_prefix(a_dot + 1);
    b.remove_prefix(b_dot + 1);
  }
}

std::size_t token_count(std::string_view subject) {
  if (subject.empty()) return 0;
  std::size_t count = 1;
  for (char c : subject) count += c == '.' ? 1 : 0;
  return count;
}

}  // namespace midge::subject
