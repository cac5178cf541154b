// Goal: networks are read as Go's net package reads them.
// Method: tables.
#include "auth/jwt/network.h"

#include <doctest/doctest.h>

namespace midge::auth::jwt {
namespace {

TEST_CASE("network: [AUTH-13] who is in it") {
  const struct {
    const char* network;
    const char* host;
    bool contains;
  } rows[] = {
      {"10.0.0.0/8", "10.255.1.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"127.0.0.1/32", "127.0.0.1", true},
      {"127.0.0.1/32", "127.0.0.2", false},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"192.168.1.128/25", "192.168.1.200", true},
      {"192.168.1.128/25", "192.168.1.1", false},
      {"::1/128", "::1", true},
      {"::/0", "2001:db8::1", true},
      {"2001:db8::/33", "2001:db8:7fff::", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"::ffff:127.0.0.0/104", "127.9.9.9", true},
  };
  for (const auto& row : rows) {
    const auto network = Network::parse(row.network);
    REQUIRE(network);
    CHECK_MESSAGE(network->contains(*codec::parse_ip(row.host)) == row.contains, row.network,
                  row.host);
  }
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "::/129", "x/8",
                           "10.0.0.0/-1", "10.0.0.0/8 "})
    CHECK_MESSAGE(!Network::parse(text), text);
}

}  // namespace
}  // namespace midge::auth::jwt
