// Goal: no header of a proxy crashes its reader; one that is whole is read the same whatever
// follows it, and is not whole before its last byte; addresses are written as they are read. Input:
// the bytes of a connection.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/ip_address.h"
#include "proto/proxy_header.h"

namespace {

using namespace midge;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void check_source(const std::string& host) {
  if (host.empty()) return;
  const auto address = codec::parse_ip(host);
  require(address && codec::ip_text(*address) == host, "an address is not written as it is read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Status = proto::ProxyHeader::Status;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const proto::ProxyHeader header = proto::parse_proxy_header(input);
  require((header.status == Status::kNeedMore) == !header.missing.empty(), "what is missing?");
  require((header.status == Status::kMalformed) == !header.error.empty(), "what is malformed?");
  require(header.status != Status::kNeedMore || size < proto::kProxyHeaderMax,
          "a header without an end");
  if (header.status != Status::kWhole) return 0;
  require(header.size > 0 && header.size <= size, "a header longer than the input");
  check_source(header.source_host);
  const proto::ProxyHeader alone = proto::parse_proxy_header(input.substr(0, header.size));
  require(alone.status == Status::kWhole && alone.size == header.size &&
              alone.source_host == header.source_host && alone.source_port == header.source_port,
          "what follows a header changes it");
  require(proto::parse_proxy_header(input.substr(0, header.size - 1)).status == Status::kNeedMore,
          "whole before its end");
  return 0;
}
