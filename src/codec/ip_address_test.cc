// Goal: addresses are read and written as Go's net package does.
// Method: tables.
#include "codec/ip_address.h"

#include <doctest/doctest.h>

namespace midge::codec {
namespace {

TEST_CASE("ip address: what is an address") {
  for (const char* text : {"0.0.0.0", "255.255.255.255", "::", "::1", "1::", "1:2:3:4:5:6:7:8",
                           "2001:db8::1:0", "::ffff:10.0.0.1", "1:2:3:4:5:6:10.0.0.1"})
    CHECK_MESSAGE(parse_ip(text), text);
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.", "a.b.c.d",
                           ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::",
                           "g::", "1:2:3:4:5:6:7:10.0.0.1", "1:2:3:4:5:6:7::8:9", "localhost"})
    CHECK_MESSAGE(!parse_ip(text), text);
  CHECK(parse_ip("10.1.2.3") == parse_ip("::ffff:10.1.2.3"));
  CHECK(parse_ip("::ffff:a01:203") == parse_ip("10.1.2.3"));
}

TEST_CASE("ip address: how it is written") {
  const struct {
    const char* address;
    const char* text;
  } rows[] = {
      {"10.1.2.3", "10.1.2.3"},
      {"::ffff:10.1.2.3", "10.1.2.3"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:0db8:0:0:0:0:0:00a7", "2001:db8::a7"},
      {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
      {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
      {"0:1:2:3:4:5:0:0", "0:1:2:3:4:5::"},
      {"ABCD:2:3:4:5:6:7:8", "abcd:2:3:4:5:6:7:8"},
  };
  for (const auto& row : rows) CHECK(ip_text(*parse_ip(row.address)) == row.text);
  CHECK(ip_text(ipv4_bytes("\xC0\xA8\x01\x02")) == "192.168.1.2");
}

}  // namespace
}  // namespace midge::codec
