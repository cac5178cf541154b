// Goal: what logs and errors quote is quoted as Go does it. Method: a table.
#include "codec/go_quoted.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

TEST_CASE("what is printable stays, the rest is escaped") {
  CHECK(go_quoted("") == R"("")");
  CHECK(go_quoted("abc") == R"("abc")");
  CHECK(go_quoted("a\"b\\c") == R"("a\"b\\c")");
  CHECK(go_quoted("\a\b\t\n\v\f\r") == R"("\a\b\t\n\v\f\r")");
  CHECK(go_quoted(std::string_view("\0\x01\x7f", 3)) == R"("\x00\x01\x7f")");
  CHECK(go_quoted("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") ==
        "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  CHECK(go_quoted("\xC2\xA0\xC2\x85\xE2\x80\x8B") == R"("\u00a0\u0085\u200b")");
  CHECK(go_quoted("\xff\xC3") == R"("\xff\xc3")");
  CHECK(go_quoted("\xC3x") == R"("\xc3x")");
}

}  // namespace
}  // namespace midge::codec
