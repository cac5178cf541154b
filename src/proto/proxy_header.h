// The header of the PROXY protocol, versions 1 and 2, with which a proxy tells whose connection it
// passes on: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
//
// Pure: what has come so far goes in, what it is comes out. Texts are nats-server's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace midge::proto {

struct ProxyHeader {
  enum class Status : std::uint8_t {
    kNeedMore,  // may become a header
    kAbsent,    // whatever it is, it does not begin with a header
    kWhole,
    kMalformed,
  };
  Status status = Status::kNeedMore;
  std::size_t size = 0;  // kWhole: of the header; what comes behind it is the client's

  // kWhole: where the client is. "" = the proxy speaks for itself (a health check), or does not
  // know.
  std::string source_host;
  std::uint16_t source_port = 0;

  std::string error;              // kMalformed
  std::string_view missing;       // kNeedMore: `failed to read v1 line`, if nothing more comes
  bool missing_is_begun = false;  // part of what is missing is there
};

// Longer than any header.
inline constexpr std::size_t kProxyHeaderMax = 16 + 65535;

[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view input);

}  // namespace midge::proto
