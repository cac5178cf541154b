// Names and versions of services, by tables of good and bad ones.
#include "client/service/service_names.h"

#include <doctest/doctest.h>

namespace midge::detail {
namespace {

TEST_CASE("names are letters, digits, hyphens and underscores") {
  for (const char* name : {"a", "A-b_9", "-", "0"}) CHECK(is_service_name(name));
  for (const char* name : {"", "a.b", "a b", "a*", "\xc3\xa4"}) CHECK_FALSE(is_service_name(name));
}

TEST_CASE("versions are semantic") {
  for (const char* version : {"0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha", "1.0.0-alpha.1",
                              "1.0.0-0A.is.legal", "1.0.0+build.01", "1.0.0-rc.1+b-2"})
    CHECK_MESSAGE(is_semantic_version(version), version);
  for (const char* version : {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "v1.2.3", "1.2.3-",
                              "1.2.3-01", "1.2.3-a..b", "1.2.3+", "1.2.3+a_b", "1.2."})
    CHECK_FALSE_MESSAGE(is_semantic_version(version), version);
}

}  // namespace
}  // namespace midge::detail
