// Goal: headers are read, refused and awaited as nats-server does, whatever pieces they come in.
// Method: tables; its texts are those of nats-server's log. [CORE-78] [CORE-79]
#include "proto/proxy_header.h"

#include <doctest/doctest.h>

namespace midge::proto {
namespace {

using namespace std::string_literals;
using Status = ProxyHeader::Status;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kIpv4 = "\xCB\0\x71\x32\x7F\0\0\x01\x15\xB3\x10\x7E"s;
const std::string kIpv6 =
    "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x07"s + std::string(15, '\0') + "\x01\x15\xB3\x10\x7E";

std::string binary(unsigned version_command, unsigned family, const std::string& block,
                   int length = -1) {
  const auto size = length < 0 ? block.size() : static_cast<std::size_t>(length);
  std::string header = kSignature;
  for (const std::size_t byte :
       {std::size_t{version_command}, std::size_t{family}, size >> 8, size & 255})
    header += static_cast<char>(byte);
  return header + block;
}

TEST_CASE("proxy header: whose connection it is") {
  const struct {
    std::string header;
    const char* host;
    unsigned port;
  } rows[] = {
      {"PROXY TCP4 203.0.113.50 127.0.0.1 5555 4222\r\n", "203.0.113.50", 5555},
      {"PROXY TCP6 2001:0db8::7 ::1 5555 4222\r\n", "2001:db8::7", 5555},
      {"PROXY TCP6 ::ffff:1.2.3.4 ::ffff:1.2.3.5 1 2\r\n", "1.2.3.4", 1},
      {"PROXY   TCP4   1.2.3.4\t1.2.3.4 0001 65535  \r\n", "1.2.3.4", 1},
      {"PROXY UNKNOWN\r\n", "", 0},
      {"PROXY UNKNOWN ff:: ff:: 1 2\r\n", "", 0},
      {"PROXY UNKNOWN" + std::string(92, ' ') + "\r\n", "", 0},  // the longest: 107 bytes
      {binary(0x21, 0x11, kIpv4), "203.0.113.50", 5555},
      {binary(0x21, 0x21, kIpv6), "2001:db8::7", 5555},
      {binary(0x21, 0x11,
              kIpv4 + "\x04\0\x03"
                      "abc"s),
       "203.0.113.50", 5555},
      {binary(0x20, 0x00, ""), "", 0},
      {binary(0x20, 0x11, kIpv4), "", 0},
      {binary(0x21, 0x01, "xyz"), "", 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    for (std::size_t size = 0; size < row.header.size(); ++size) {
      const ProxyHeader begun = parse_proxy_header(std::string_view(row.header).substr(0, size));
      CHECK(begun.status == Status::kNeedMore);
      CHECK(!begun.missing.empty());
    }
    for (const char* rest : {"", "CONNECT {}\r\n"}) {
      const ProxyHeader header = parse_proxy_header(row.header + rest);
      CHECK(header.status == Status::kWhole);
      CHECK(header.size == row.header.size());
      CHECK(header.source_host == row.host);
      CHECK(header.source_port == row.port);
    }
  }
}

TEST_CASE("proxy header: what is none") {
  for (const char* text : {"CONNECT {}\r\n", "PING\r\n", "PI", "proxy TCP4", "PROXYTCP", "\x16\x03",
                           "\r\n\r\nCONNECT", "\n"})
    CHECK_MESSAGE(parse_proxy_header(text).status == Status::kAbsent, text);
}

TEST_CASE("proxy header: what is malformed") {
  const struct {
    std::string header;
    const char* error;
  } rows[] = {
      {"PROXY \r\n", "invalid PROXY protocol header: invalid v1 format"},
      {"PROXY TCP4 1.2.3.4\r\n", "invalid PROXY protocol header: invalid v1 format"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\nPING\r\n",
       "invalid PROXY protocol header: invalid v1 format"},
      {"PROXY TCP4 1.2.3.4 5 6 7\r\n", "invalid PROXY protocol header: invalid address"},
      {"PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n", "invalid PROXY protocol header: invalid address"},
      {"PROXY TCP6 fe80::1%lo fe80::1 1 2\r\n", "invalid PROXY protocol header: invalid address"},
      {"PROXY TCP4 ::1 ::1 1 2\r\n", "invalid PROXY protocol header: TCP4 with IPv6 address"},
      {"PROXY TCP6 1.2.3.4 ::1 1 2\r\n", "invalid PROXY protocol header: TCP6 with IPv4 address"},
      {"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
       "invalid PROXY protocol header: invalid protocol UDP4"},
      {"PROXY \x1b[2J 1.2.3.4 1.2.3.4 1 2\r\n",
       "invalid PROXY protocol header: invalid protocol \"\\x1b[2J\""},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 70000 1\r\n",
       "invalid source port: strconv.ParseUint: parsing \"70000\": value out of range"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
       "invalid source port: strconv.ParseUint: parsing \"-1\": invalid syntax"},
      {"PROXY TCP4 1.2.3.4 1.2.3.4 1 x\r\n",
       "invalid dest port: strconv.ParseUint: parsing \"x\": invalid syntax"},
      {"PROXY UNKNOWN" + std::string(93, ' ') + "\r\n",
       "invalid PROXY protocol header: v1 line too long"},
      {"\r\n\r\n\0\r\nQUIX\n\x21\x11\0\0"s, "invalid PROXY protocol header: invalid signature"},
      {binary(0x11, 0x11, kIpv4), "invalid PROXY protocol header: invalid version 0x10"},
      {binary(0x22, 0x11, kIpv4), "unknown PROXY protocol command: 0x02"},
      {binary(0x21, 0x12, kIpv4),
       "unsupported PROXY protocol feature: only STREAM protocol supported"},
      {binary(0x21, 0x00, ""),
       "unsupported PROXY protocol feature: only STREAM protocol supported"},
      {binary(0x21, 0x31, std::string(216, 'x')),
       "unsupported PROXY protocol feature: unsupported address family 0x30"},
      {binary(0x21, 0x11, kIpv4.substr(4)), "IPv4 address data too short: 8 bytes"},
      {binary(0x21, 0x21, kIpv4), "IPv6 address data too short: 12 bytes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.header);
    const ProxyHeader header = parse_proxy_header(row.header);
    CHECK(header.status == Status::kMalformed);
    CHECK(header.error == row.error);
  }
}

TEST_CASE("proxy header: what is missing") {
  const struct {
    std::string begun;
    const char* missing;
    bool is_begun;
  } rows[] = {
      {"", "failed to read protocol version", false},
      {"PROX", "failed to read protocol version", true},
      {"PROXY ", "failed to read v1 line", false},
      {"PROXY TCP4\r", "failed to read v1 line", false},
      {kSignature.substr(0, 6), "failed to read v2 signature", false},
      {kSignature.substr(0, 8), "failed to read v2 signature", true},
      {kSignature, "failed to read v2 header", false},
      {kSignature + "\x21", "failed to read v2 header", true},
      {binary(0x21, 0x11, "", 12), "failed to read IPv4 address data", false},
      {binary(0x21, 0x11, kIpv4, 30), "failed to read IPv4 address data", true},
      {binary(0x21, 0x21, kIpv4, 36), "failed to read IPv6 address data", true},
      {binary(0x20, 0x11, kIpv4, 65535), "failed to discard LOCAL command address data", false},
      {binary(0x21, 0x01, "x", 2), "failed to discard UNSPEC address address data", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.begun);
    const ProxyHeader header = parse_proxy_header(row.begun);
    CHECK(header.status == Status::kNeedMore);
    CHECK(header.missing == row.missing);
    CHECK(header.missing_is_begun == row.is_begun);
  }
}

}  // namespace
}  // namespace midge::proto
