// Goal: a filter matches what its patterns match one by one, in every shape it compiles them to.
// Method: tables, and random patterns and subjects of few tokens against a model that cuts both
// into tokens.
#include "store/subjects/filter.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace midge::store {
namespace {

std::vector<std::string> tokens(const std::string& text) {
  std::vector<std::string> out(1);
  for (char c : text) {
    if (c == '.')
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

bool model_matches(const std::string& subject, const std::string& pattern) {
  const std::vector<std::string> names = tokens(subject);
  const std::vector<std::string> wants = tokens(pattern);
  for (std::size_t i = 0; i < wants.size(); ++i) {
    if (wants[i] == ">" && i + 1 == wants.size()) return names.size() > i;
    if (i >= names.size()) return false;
    if (wants[i] != "*" && wants[i] != names[i]) return false;
  }
  return names.size() == wants.size();
}

std::string random_text(std::mt19937& random, bool wild) {
  static const char* const kNames[] = {"a", "b", "ab", "a*", "*b"};
  std::string text;
  const std::uint32_t count = 1 + random() % 4;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0) text += '.';
    const std::uint32_t draw = random() % 10;
    if (wild && draw < 3)
      text += '*';
    else if (wild && draw == 3 && i + 1 == count)
      text += '>';
    else
      text += kNames[random() % 5];
  }
  return text;
}

TEST_CASE("a filter matches what its patterns match") {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::string> patterns(random() % 4);
    for (std::string& pattern : patterns) pattern = random_text(random, true);
    const Filter filter(patterns);
    for (int i = 0; i < 5; ++i) {
      const std::string subject = random_text(random, false);
      bool expected = patterns.empty();
      for (const std::string& pattern : patterns)
        expected = expected || model_matches(subject, pattern);
      CAPTURE(subject);
      CAPTURE(patterns.size());
      REQUIRE(filter.matches(subject) == expected);
    }
  }
}

TEST_CASE("no pattern and `>` mean all") {
  CHECK(Filter().is_all());
  CHECK(Filter(std::vector<std::string>{}).is_all());
  CHECK(Filter({">"}).is_all());
  CHECK(Filter({"a", ">", "b.*"}).is_all());
  CHECK(Filter({"a", ">"}).patterns().empty());
  CHECK(Filter({">"}) == Filter());
  CHECK_FALSE(Filter({"*"}).is_all());
}

TEST_CASE("patterns are sorted and each stands once") {
  const Filter filter({"b", "a.*", "b"});
  CHECK(filter.patterns() == std::vector<std::string>{"a.*", "b"});
  CHECK(filter == Filter({"a.*", "b"}));
  CHECK(Filter({"b", "b"}).literal() == "b");
}

TEST_CASE("the literal of a filter") {
  CHECK(Filter({"a.b"}).literal() == "a.b");
  CHECK(Filter({"a.b*"}).literal() == "a.b*");
  CHECK(Filter({"a.*"}).literal().empty());
  CHECK(Filter({"a", "b"}).literal().empty());
  CHECK(Filter().literal().empty());
}

TEST_CASE("a tail wants at least one token more") {
  const Filter filter({"a.>"});
  CHECK(filter.matches("a.b"));
  CHECK(filter.matches("a.b.c"));
  CHECK_FALSE(filter.matches("a"));
  CHECK_FALSE(filter.matches("ab.c"));
  // The wildcard before the tail is one too.
  CHECK(Filter({"*.>"}).matches("a.b"));
  CHECK_FALSE(Filter({"*.>"}).matches("a"));
}

}  // namespace
}  // namespace midge::store
