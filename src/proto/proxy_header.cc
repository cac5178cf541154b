#include "proto/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "codec/go_quoted.h"
#include "codec/ip_address.h"

namespace midge::proto {
namespace {

using namespace std::string_view_literals;
using Status = ProxyHeader::Status;

// Which version it is shows in as many bytes.
constexpr std::size_t kVersionBytes = 6;
constexpr std::string_view kTextPrefix = "PROXY ";
constexpr std::size_t kTextLineMax = 107;  // with its CRLF
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kFixedBytes = 16;  // signature, version and command, family, length
constexpr std::string_view kInvalid = "invalid PROXY protocol header: ";
constexpr std::string_view kUnsupported = "unsupported PROXY protocol feature: ";

ProxyHeader need_more(std::string_view missing, bool is_begun) {
  ProxyHeader header;
  header.missing = missing;
  header.missing_is_begun = is_begun;
  return header;
}

ProxyHeader malformed(std::string_view kind, std::string_view what) {
  ProxyHeader header;
  header.status = Status::kMalformed;
  header.error.append(kind).append(what);
  return header;
}

ProxyHeader whole(std::size_t size) {
  ProxyHeader header;
  header.status = Status::kWhole;
  header.size = size;
  return header;
}

std::string hex_byte(unsigned value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {'0', 'x', kDigits[value >> 4 & 15], kDigits[value & 15]};
}

// ---- version 1: a line of text

constexpr bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

// Nothing that could pass for another line of the log.
std::string shown(std::string_view text) {
  std::string quoted = codec::go_quoted(text);
  return quoted.size() == text.size() + 2 ? std::string(text) : quoted;
}

std::vector<std::string_view> split_fields(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const auto begin = std::ranges::find_if_not(line, is_space);
    const auto end = std::find_if(begin, line.end(), is_space);
    if (begin == end) return fields;
    fields.emplace_back(begin, end);
    line = {end, line.end()};
  }
}

// As Go reads one: digits only; what is wrong otherwise.
std::optional<std::uint16_t> parse_port(std::string_view text, std::string& error) {
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, port);
  const bool are_digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (code == std::errc() && stop == end) return port;
  error = "strconv.ParseUint: parsing " + codec::go_quoted(text) +
          (are_digits ? ": value out of range" : ": invalid syntax");
  return std::nullopt;
}

ProxyHeader parse_line(std::string_view line, std::size_t size) {
  const std::vector<std::string_view> fields = split_fields(line);
  ProxyHeader header = whole(size);
  if (!fields.empty() && fields[0] == "UNKNOWN") return header;
  if (fields.size() != 5) return malformed(kInvalid, "invalid v1 format");
  const auto source = codec::parse_ip(fields[1]);
  if (!source || !codec::parse_ip(fields[2])) return malformed(kInvalid, "invalid address");
  std::string error;
  const auto source_port = parse_port(fields[3], error);
  if (!source_port) return malformed("invalid source port: ", error);
  if (!parse_port(fields[4], error)) return malformed("invalid dest port: ", error);
  const bool source_is_v6 = fields[1].find(':') != std::string_view::npos;
  const bool target_is_v6 = fields[2].find(':') != std::string_view::npos;
  if (fields[0] == "TCP4") {
    if (source_is_v6 || target_is_v6) return malformed(kInvalid, "TCP4 with IPv6 address");
  } else if (fields[0] == "TCP6") {
    if (!source_is_v6 || !target_is_v6) return malformed(kInvalid, "TCP6 with IPv4 address");
  } else {
    return malformed(kInvalid, "invalid protocol " + shown(fields[0]));
  }
  header.source_host = codec::ip_text(*source);
  header.source_port = *source_port;
  return header;
}

ProxyHeader parse_text(std::string_view input) {
  const std::string_view looked_at = input.substr(0, kTextLineMax);
  const std::size_t end = looked_at.find("\r\n", kTextPrefix.size());
  if (end == std::string_view::npos) {
    if (looked_at.size() == kTextLineMax) return malformed(kInvalid, "v1 line too long");
    return need_more("failed to read v1 line", false);
  }
  return parse_line(input.substr(kTextPrefix.size(), end - kTextPrefix.size()), end + 2);
}

// ---- version 2: binary

// What a family's block of addresses is.
struct Family {
  unsigned code;
  std::size_t address_bytes;
  std::string_view missing;
  std::string_view too_short;
};
constexpr std::array<Family, 2> kFamilies = {{
    {0x10, 4, "failed to read IPv4 address data", "IPv4 address data too short: "},
    {0x20, 16, "failed to read IPv6 address data", "IPv6 address data too short: "},
}};

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

codec::IpBytes address_bytes(std::string_view bytes) {
  if (bytes.size() == 4) return codec::ipv4_bytes(bytes);
  codec::IpBytes address{};
  std::ranges::copy(bytes, address.begin());
  return address;
}

ProxyHeader skip_block(std::string_view input, std::size_t size, std::string_view missing) {
  return input.size() < size ? need_more(missing, false) : whole(size);
}

ProxyHeader parse_block(std::string_view input, std::size_t length, const Family& family) {
  // Source, destination, and a port of each.
  if (length < 2 * family.address_bytes + 4)
    return malformed(family.too_short, std::to_string(length) + " bytes");
  const std::size_t size = kFixedBytes + length;
  if (input.size() < size) return need_more(family.missing, input.size() > kFixedBytes);
  ProxyHeader header = whole(size);
  const std::string_view block = input.substr(kFixedBytes);
  header.source_host = codec::ip_text(address_bytes(block.substr(0, family.address_bytes)));
  const std::size_t port_at = 2 * family.address_bytes;
  header.source_port =
      static_cast<std::uint16_t>(byte_at(block, port_at) << 8 | byte_at(block, port_at + 1));
  return header;
}

ProxyHeader parse_binary(std::string_view input) {
  if (input.size() < kSignature.size())
    return need_more("failed to read v2 signature", input.size() > kVersionBytes);
  if (!input.starts_with(kSignature)) return malformed(kInvalid, "invalid signature");
  if (input.size() < kFixedBytes)
    return need_more("failed to read v2 header", input.size() > kSignature.size());
  const unsigned version = byte_at(input, 12) & 0xF0;
  const unsigned command = byte_at(input, 12) & 0x0F;
  const unsigned family = byte_at(input, 13) & 0xF0;
  const unsigned protocol = byte_at(input, 13) & 0x0F;
  const std::size_t length = byte_at(input, 14) << 8 | byte_at(input, 15);
  if (version != 0x20) return malformed(kInvalid, "invalid version " + hex_byte(version));
  if (command == 0) {
    return skip_block(input, kFixedBytes + length, "failed to discard LOCAL command address data");
  }
  if (command != 1) return malformed("unknown PROXY protocol command: ", hex_byte(command));
  if (protocol != 1) return malformed(kUnsupported, "only STREAM protocol supported");
  if (family == 0) {
    return skip_block(input, kFixedBytes + length, "failed to discard UNSPEC address address data");
  }
  for (const Family& known : kFamilies)
    if (family == known.code) return parse_block(input, length, known);
  return malformed(kUnsupported, "unsupported address family " + hex_byte(family));
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view input) {
  const std::string_view begin = input.substr(0, kVersionBytes);
  const bool is_text = kTextPrefix.starts_with(begin);
  const bool is_binary = kSignature.starts_with(begin);
  if (begin.size() < kVersionBytes && (is_text || is_binary))
    return need_more("failed to read protocol version", !begin.empty());
  if (is_text) return parse_text(input);
  if (is_binary) return parse_binary(input);
  ProxyHeader header;
  header.status = Status::kAbsent;
  return header;
}

}  // namespace midge::proto
