// Goal: addresses are split as Go splits them. Method: tables.
#include "server/options/host_port.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

TEST_CASE("listen addresses") {
  const struct {
    const char* text;
    const char* host;
    int port;
  } fine[] = {{"h:5", "h", 5},         {":5", "", 5},         {"h:-1", "h", -1},
              {"h:99999", "h", 99999}, {"[::1]:5", "::1", 5}, {"[a]:+5", "a", 5}};
  for (const auto& c : fine) {
    CAPTURE(c.text);
    const Result<HostPort> address = parse_listen_address(c.text);
    REQUIRE(address.has_value());
    CHECK(address->host == c.host);
    CHECK(address->port == c.port);
  }
  for (const char* text : {"", "h", "4222", "1:2:3", "::1:5", "[::1]", "[::1:5", "[::1]5",
                           "[::1]:5:6", "[[a]:5", "a[b:5", "a]b:5"}) {
    CAPTURE(text);
    const Result<HostPort> address = parse_listen_address(text);
    REQUIRE(!address.has_value());
    CHECK(address.error().text() == "could not parse address string \"" + std::string(text) + "\"");
  }
  for (const char* port : {"", "abc", " 5", "5x", "-", "+-5", "99999999999"}) {
    CAPTURE(port);
    const Result<HostPort> address = parse_listen_address("h:" + std::string(port));
    REQUIRE(!address.has_value());
    CHECK(address.error().text() == "could not parse port \"" + std::string(port) + "\"");
  }
}

TEST_CASE("advertised addresses: without a port it is the default one") {
  for (const char* text : {"h", "h:0", "h:-1"}) {
    const Result<HostPort> address = parse_advertised_address(text, 4222);
    REQUIRE(address.has_value());
    CHECK(address->host == "h");
    CHECK(address->port == 4222);
  }
  CHECK(parse_advertised_address("h: 5 ", 4222)->port == 5);
  CHECK(parse_advertised_address("[::1]", 4222)->host == "::1");
  CHECK(parse_advertised_address("h:", 4222).error().text() ==
        "strconv.Atoi: parsing \"\": invalid syntax");
  CHECK(parse_advertised_address("h:99999999999999999999", 4222).error().text() ==
        "strconv.Atoi: parsing \"99999999999999999999\": value out of range");
}

}  // namespace
}  // namespace midge::server
