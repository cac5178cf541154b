#include "server/options/host_port.h"

#include <charconv>

#include "server/options/quoted.h"

namespace midge::server {
namespace {

struct Split {
  std::string_view host;
  std::string_view port;
};

// Errors: what stands behind `address <text>: `.
std::expected<Split, std::string_view> split(std::string_view text) {
  const std::size_t last_colon = text.rfind(':');
  if (last_colon == std::string_view::npos) return std::unexpected("missing port in address");
  std::string_view host = text.substr(0, last_colon);
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::unexpected("missing ']' in address");
    if (end + 1 == text.size()) return std::unexpected("missing port in address");
    if (end + 1 != last_colon)
      return std::unexpected(text[end + 1] == ':' ? "too many colons in address"
                                                  : "missing port in address");
    host = text.substr(1, end - 1);
    if (host.find('[') != std::string_view::npos)
      return std::unexpected("unexpected '[' in address");
  } else if (host.find(':') != std::string_view::npos) {
    return std::unexpected("too many colons in address");
  } else if (text.find('[') != std::string_view::npos) {
    return std::unexpected("unexpected '[' in address");
  } else if (text.find(']') != std::string_view::npos) {
    return std::unexpected("unexpected ']' in address");
  }
  return Split{host, text.substr(last_colon + 1)};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

// Errors: what Go says about the number.
std::expected<int, std::string_view> parse_port(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size() ||
      (digits.size() < text.size() && digits.starts_with('-')))
    return std::unexpected("invalid syntax");
  if (error != std::errc()) return std::unexpected("value out of range");
  return port;
}

}  // namespace

Result<HostPort> parse_listen_address(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return failure("could not parse address string " + quoted(text));
  const auto port = parse_port(parts->port);
  if (!port) return failure("could not parse port " + quoted(parts->port));
  return HostPort{std::string(parts->host), *port};
}

Result<HostPort> parse_advertised_address(std::string_view text, int default_port) {
  std::string address(text);
  auto parts = split(address);
  if (!parts && parts.error() == "missing port in address") {
    address += ":" + std::to_string(default_port);
    parts = split(address);
  }
  if (!parts) return failure("address " + address + ": " + std::string(parts.error()));
  const std::string_view port_text = trimmed(parts->port);
  const auto port = parse_port(port_text);
  if (!port)
    return failure("strconv.Atoi: parsing " + quoted(port_text) + ": " + std::string(port.error()));
  const bool is_unset = *port == 0 || *port == -1;
  return HostPort{std::string(parts->host), is_unset ? default_port : *port};
}

}  // namespace midge::server
