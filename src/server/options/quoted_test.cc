// Goal: what error texts quote is quoted as Go does it. Method: a table.
#include "server/options/quoted.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

TEST_CASE("quoted") {
  CHECK(quoted("") == R"("")");
  CHECK(quoted("abc") == R"("abc")");
  CHECK(quoted("a\"b\\c") == R"("a\"b\\c")");
  CHECK(quoted("\a\b\t\n\v\f\r") == R"("\a\b\t\n\v\f\r")");
  CHECK(quoted(std::string_view("\0\x01\x7f", 3)) == R"("\x00\x01\x7f")");
  CHECK(quoted("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") ==
        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  CHECK(quoted("\xC2\xA0\xC2\x85") == R"("\u00a0\u0085")");
  CHECK(quoted("\xff\xC3") == R"("\xff\xc3")");
  CHECK(quoted("\xC3x") == R"("\xc3x")");
}

}  // namespace
}  // namespace midge::server
