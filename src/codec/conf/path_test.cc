// Goal: included files are looked for where the peer looks. Method: a table of joins.
#include "codec/conf/path.h"

#include <doctest/doctest.h>

namespace midge::conf {
namespace {

TEST_CASE("folder_of") {
  CHECK(folder_of("b.conf") == ".");
  CHECK(folder_of("a/b.conf") == "a");
  CHECK(folder_of("/b.conf") == "/");
  CHECK(folder_of("/a/c/b.conf") == "/a/c");
}

TEST_CASE("join_path") {
  CHECK(join_path(".", "./a.conf") == "a.conf");
  CHECK(join_path(".", "") == ".");
  CHECK(join_path("a", "../b") == "b");
  CHECK(join_path("a", "../../b") == "../b");
  CHECK(join_path("..", "../b") == "../../b");
  CHECK(join_path("/", "../b") == "/b");
  CHECK(join_path("/etc/nats", "x//y/./z") == "/etc/nats/x/y/z");
  CHECK(join_path(".", "/tmp/x") == "tmp/x");
}

}  // namespace
}  // namespace midge::conf
