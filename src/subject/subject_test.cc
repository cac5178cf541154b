// Goal: the rules of subjects are the peer's.
// Method: tables. The verdicts on odd subjects were read off nats-server 2.15.2 over raw TCP: which
// SUB is refused, and which subscriptions a PUB on an odd subject reaches.
#include "subject/subject.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace midge::subject {
namespace {

using std::string_view_literals::operator""sv;

struct Verdict {
  std::string_view subject;
  bool valid;
  bool literal;
};

TEST_CASE("validity and literalness") {
  const Verdict table[] = {
      {"foo", true, true},
      {"foo.bar", true, true},
      {"$SYS.x", true, true},
      {"foo.*", true, false},
      {"*", true, false},
      {">", true, false},
      {"foo.>", true, false},
      {"*.>", true, false},
      {"foo*", true, true},
      {"a.*b.c", true, true},
      {"a.>b", true, true},
      {">>", true, true},
      {"**", true, true},
      {"", false, true},
      {".", false, true},
      {"foo..bar", false, true},
      {".foo", false, true},
      {"foo.", false, true},
      {">.a", false, false},
      {"a.>.b", false, false},
      {"a b", false, true},
      {"a\tb", false, true},
      {"a\rb", false, true},
      {"a\nb", false, true},
      {"foo.\0b"sv, true, true},
      {"foo.\x01", true, true},
      {"\xff\xfe", true, true},
      {"foo\x0b", true, true},
      {"foo\x0c"
       "bar",
       true, true},
      {"a.\xc2\xa0", true, true},
      {"a.*.>", true, false},
      {"*..a", false, false},
  };
  for (const Verdict& row : table) {
    CAPTURE(row.subject);
    CHECK(is_valid(row.subject) == row.valid);
    CHECK(is_literal(row.subject) == row.literal);
    CHECK(is_valid_literal(row.subject) == (row.valid && row.literal));
  }
}

TEST_CASE("token count") {
  CHECK(token_count("") == 0);
  CHECK(token_count("a") == 1);
  CHECK(token_count("a.b.c") == 3);
}

const std::vector<std::string_view> kPatterns = {
    ">",   "*",       "*.*",  "*.*.*",   "foo",   "foo.*",  "foo.>",  "foo.*.bar", "*.foo",
    "*.>", "foo.*.*", "foo*", "foo.bar", "*.*.>", "foo.>x", "a.*b.c", "foo.*.>"};

struct Reach {
  std::string_view subject;
  std::vector<std::string_view> patterns;  // of kPatterns, in that order
};

TEST_CASE("what a publish reaches, odd subjects included") {
  const Reach table[] = {
      {"foo", {">", "*", "foo"}},
      {"foo.bar", {">", "*.*", "foo.*", "foo.>", "*.>", "foo.bar"}},
      {"foo.*", {">", "*.*", "foo.*", "foo.>", "*.>"}},
      {"foo.>", {">", "*.*", "foo.*", "foo.>", "*.>"}},
      {">", {">", "*"}},
      {"*", {">", "*"}},
      {"foo.*.bar", {">", "*.*.*", "foo.>", "foo.*.bar", "*.>", "foo.*.*", "*.*.>", "foo.*.>"}},
      {"foo.>.bar", {">", "*.*.*", "foo.>", "foo.*.bar", "*.>", "foo.*.*", "*.*.>", "foo.*.>"}},
      {"foo.*.*", {">", "*.*.*", "foo.>", "*.>", "foo.*.*", "*.*.>", "foo.*.>"}},
      {"*.foo", {">", "*.*", "*.foo", "*.>"}},
      {">.foo", {">", "*.*", "*.foo", "*.>"}},
      {"foo*", {">", "*", "foo*"}},
      {"foo.>x", {">", "*.*", "foo.*", "foo.>", "*.>", "foo.>x"}},
      {"a.*b.c", {">", "*.*.*", "*.>", "*.*.>", "a.*b.c"}},
      {"foo.\xff", {">", "*.*", "foo.*", "foo.>", "*.>"}},
      {"foo.\0b"sv, {">", "*.*", "foo.*", "foo.>", "*.>"}},
      {"foo..bar", {}},
      {".foo", {}},
      {"foo.", {}},
      {"foo.bar.", {}},
      {".", {}},
      {"..", {}},
      {"", {}},
  };
  for (const Reach& row : table) {
    CAPTURE(row.subject);
    std::vector<std::string_view> reached;
    for (std::string_view pattern : kPatterns)
      if (matches(row.subject, pattern)) reached.push_back(pattern);
    CHECK(reached == row.patterns);
  }
}

TEST_CASE("subset, by a table") {
  struct Row {
    std::string_view inner, outer;
    bool subset;
  };
  const Row table[] = {
      {"a", "a", true},       {"a", "*", true},        {"a", ">", true},
      {"*", "a", false},      {"*", "*", true},        {"*", ">", true},
      {">", "*", false},      {">", ">", true},        {"a.b", "a.*", true},
      {"a.*", "a.b", false},  {"a.*", "a.>", true},    {"a.>", "a.*", false},
      {"a.>", "a.>", true},   {"a", "a.>", false},     {"a.>", ">", true},
      {"a.*.c", "a.>", true}, {"a.b.c", "a.*", false}, {"*.b", "a.*", false},
      {"a.>", "*.>", true},   {"*.>", "a.>", false},   {"a.b", "a.b.c", false},
      {"a.*.>", "a.>", true}, {"a.>", "a.*.>", false},
  };
  for (const Row& row : table) {
    CAPTURE(row.inner);
    CAPTURE(row.outer);
    CHECK(is_subset(row.inner, row.outer) == row.subset);
  }
}

// All texts of up to `length` tokens drawn from `tokens`.
std::vector<std::string> all_subjects(const std::vector<std::string>& tokens, int length) {
  std::vector<std::string> all;
  std::vector<std::string> last = {""};
  for (int i = 0; i < length; ++i) {
    std::vector<std::string> next;
    for (const std::string& prefix : last)
      for (const std::string& token : tokens)
        next.push_back(prefix.empty() ? token : prefix + "." + token);
    all.insert(all.end(), next.begin(), next.end());
    last = next;
  }
  return all;
}

TEST_CASE("subset agrees with matching every literal subject of a small world") {
  // `c` stands for every token that no pattern names; four tokens for every longer subject.
  std::vector<std::string> subjects = all_subjects({"a", "b", "c"}, 4);
  std::vector<std::string> patterns;
  for (const std::string& text : all_subjects({"a", "b", "*", ">"}, 3))
    if (is_valid(text)) patterns.push_back(text);
  for (const std::string& inner : patterns) {
    for (const std::string& outer : patterns) {
      bool expected = true;
      for (const std::string& subject : subjects)
        if (matches(subject, inner) && !matches(subject, outer)) expected = false;
      if (is_subset(inner, outer) != expected) {
        CAPTURE(inner);
        CAPTURE(outer);
        CHECK(is_subset(inner, outer) == expected);
      }
    }
  }
}

}  // namespace
}  // namespace midge::subject
