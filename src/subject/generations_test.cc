// Goal: a change bumps the counter that its subjects read, and as few others as promised.
// Method: a table of changed patterns, with subjects that must notice and subjects that must not.
#include "subject/generations.h"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

namespace midge::subject {
namespace {

TEST_CASE("who notices a change of which pattern") {
  struct Row {
    std::string_view pattern;
    std::vector<std::string_view> notice, do_not;
  };
  const Row table[] = {
      {"a.b.c", {"a.b.c", "a.b", "a.b.d"}, {"a", "a.c", "b.b.c", "a.bb.c"}},
      {"a.b", {"a.b", "a.b.c"}, {"a", "a.c"}},
      {"a", {"a"}, {"a.b", "b"}},
      {"a.*", {"a.b", "a.c", "a.b.c", "a"}, {"b.a", "aa.b"}},
      {"a.>", {"a.b", "a.c.d"}, {"b.a"}},
      {"a.b.*", {"a.b.c"}, {"a.c.b", "a"}},
      {"a.b.>", {"a.b.c"}, {"a.c.b"}},
      {"a.*.c", {"a.x.c"}, {"b.x.c"}},
      {"*", {"a", "b", "x.y"}, {}},
      {">", {"a", "x.y"}, {}},
      {"*.b", {"a.b"}, {}},
      {"a*.b", {"a*.b"}, {"a.b", "aa.b"}},
  };
  const AccountId account{3};
  for (const Row& row : table) {
    CAPTURE(row.pattern);
    Generations generations(TextHash(17));
    auto moved = [&](AccountId reader, std::string_view subject) {
      Generations::Key key = generations.key(reader, subject);
      std::uint64_t before = generations.read(key);
      Generations::bump(generations.cell_of(account, row.pattern));
      return generations.read(key) != before;
    };
    for (std::string_view subject : row.notice) {
      CAPTURE(subject);
      CHECK(moved(account, subject));
    }
    for (std::string_view subject : row.do_not) {
      CAPTURE(subject);
      CHECK(!moved(account, subject));
    }
    CHECK(!moved(AccountId{4}, "a.b.c"));
  }
}

}  // namespace
}  // namespace midge::subject
