// Goal: subjects are the same name exactly where nats-server says so. Method: tables.
#include "auth/distinguished_name.h"

#include <doctest/doctest.h>

namespace midge::auth {
namespace {

enum class Same { kNo, kInAnyOrder, kYes, kNoName };

Same compare(const char* a, const char* b) {
  const auto left = DistinguishedName::parse(a), right = DistinguishedName::parse(b);
  if (!left || !right) return Same::kNoName;
  if (*left == *right) return Same::kYes;
  return left->has_parts_of(*right) ? Same::kInAnyOrder : Same::kNo;
}

TEST_CASE("which subjects are the same") {
  struct {
    const char *a, *b;
    Same same;
  } table[] = {
      {"CN=alice,O=Midge", "CN=alice,O=Midge", Same::kYes},
      {"CN=alice,O=Midge", "cn=alice, o=Midge ", Same::kYes},
      {"CN=alice,O=Midge", "O=Midge,CN=alice", Same::kInAnyOrder},
      {"CN=alice,O=Midge", "CN=Alice,O=Midge", Same::kNo},
      {"CN=alice,O=Midge", "CN=alice", Same::kNo},
      {"CN=alice,DC=a,DC=b", "CN=alice,DC=b,DC=a", Same::kInAnyOrder},
      {"CN=alice,DC=a,DC=a", "CN=alice,DC=a,DC=b", Same::kNo},
      {"OU=a+OU=b,O=Midge", "OU=b+OU=a,O=Midge", Same::kYes},
      {"OU=a+OU=b,O=Midge", "OU=a,OU=b,O=Midge", Same::kNo},
      {"CN=a\\,b", "CN=a\\2cb", Same::kYes},
      {"CN=a\\ ", "CN=a", Same::kNo},
      {"CN= a b ", "CN=a b", Same::kYes},
      {"CN=a=b", "CN=a\\=b", Same::kYes},
      {"CN=J\xc3\xbcrgen", "CN=J\\C3\\BCrgen", Same::kYes},
  };
  for (const auto& row : table) {
    CAPTURE(row.a);
    CAPTURE(row.b);
    CHECK(compare(row.a, row.b) == row.same);
    CHECK(compare(row.b, row.a) == row.same);
  }
}

TEST_CASE("what is no name") {
  for (const char* text : {"", "alice", "alice,CN=a", "=a", "CN=#1301", "CN=a,", "CN=a+", "CN=a\\",
                           "CN=a\\zz", "CN=a,b"}) {
    CAPTURE(text);
    CHECK(!DistinguishedName::parse(text));
  }
}

}  // namespace
}  // namespace midge::auth
