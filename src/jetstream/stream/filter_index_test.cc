// The index against the filters themselves, while one after the other leaves.
#include "jetstream/stream/filter_index.h"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

// The index never looks at them.
Consumer* fake(std::uintptr_t number) { return reinterpret_cast<Consumer*>(number * 64); }

std::set<Consumer*> found(FilterIndex& index, std::string_view subject) {
  const auto& some = index.matching(subject);
  const std::set<Consumer*> once(some.begin(), some.end());
  CHECK(once.size() == some.size());
  return once;
}

}  // namespace

TEST_CASE("the index finds those whose filters match, and nobody after they are gone") {
  const std::vector<std::vector<std::string>> patterns = {
      {},        {">"}, {"a"},     {"a.b"},          {"a.*"}, {"a.>"},   {"*.b"},
      {"a.*.c"}, {"*"}, {"*.*.>"}, {"a.b", "x.y.z"}, {"b.>"}, {"*.b.c"}, {"a.b", "c.*"},
  };
  const std::vector<std::string> subjects = {"a",     "b",     "a.b",   "a.c", "c.b",
                                             "a.x.c", "a.b.c", "x.y.z", "c.d", "b.b.b.b"};
  std::vector<store::Filter> filters;
  for (const auto& some : patterns) filters.emplace_back(some);
  FilterIndex index;
  for (std::size_t i = 0; i < filters.size(); ++i) index.add(fake(i + 1), filters[i]);
  for (std::size_t gone = 0; gone <= filters.size(); ++gone) {
    for (const std::string& subject : subjects) {
      std::set<Consumer*> expected;
      for (std::size_t i = gone; i < filters.size(); ++i)
        if (filters[i].matches(subject)) expected.insert(fake(i + 1));
      CHECK(found(index, subject) == expected);
    }
    if (gone < filters.size()) index.remove(fake(gone + 1), filters[gone]);
  }
}

}  // namespace midge::jetstream
