// Goal: the page's links lead to the endpoints, with and without a base path. Method: look for
// them.
#include "server/monitor/root_page.h"

#include <doctest/doctest.h>

using midge::server::compose_root_page;

TEST_CASE("links") {
  const auto shows = [](const std::string& base, const char* text) {
    return compose_root_page("a<b", "2.15.2", "0.1.0", base).find(text) != std::string::npos;
  };
  CHECK(shows("", "<a href=\"./varz\">"));
  CHECK(shows("", "<a href=\"./connz\">"));
  CHECK(shows("", "<h1>a&lt;b</h1>"));
  CHECK(shows("", "Midge 0.1.0"));
  CHECK(shows("/nats/x", "<a href=\"./x/varz\">"));
}
