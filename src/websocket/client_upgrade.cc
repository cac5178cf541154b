#include "websocket/client_upgrade.h"

#include <array>
#include <optional>

#include "base/ascii.h"
#include "codec/base64.h"
#include "websocket/upgrade.h"

namespace midge::websocket {
namespace {

constexpr std::string_view kOffer =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

std::unexpected<Error> no_socket(std::string_view what) {
  return failure("the server opens no web socket: " + std::string(what), ErrorCode::kInvalid);
}

// The extensions that are agreed on.
std::string_view take_extension(std::string_view& list) { return trimmed(take_part(list, ',')); }

// Whether what was agreed on is what we can do: a message inflates without those before it.
Result<ClientUpgrade> read_extensions(const AnswerHead& head, bool offered) {
  ClientUpgrade upgrade;
  for (const auto& [name, value] : head.headers) {
    if (!equal_ignoring_case(name, "Sec-WebSocket-Extensions")) continue;
    for (std::string_view list = value; !list.empty();) {
      std::string_view extension = take_extension(list);
      const std::string_view its_name = trimmed(take_part(extension, ';'));
      if (!offered || upgrade.compressed || !equal_ignoring_case(its_name, "permessage-deflate"))
        return no_socket("it speaks of an extension that was not offered");
      bool forgets = false;
      while (!extension.empty())
        forgets |=
            equal_ignoring_case(trimmed(take_part(extension, ';')), "server_no_context_takeover");
      if (!forgets) return no_socket("it would compress messages by those before them");
      upgrade.compressed = true;
    }
  }
  return upgrade;
}

}  // namespace

std::string draw_key(io::Entropy& entropy) {
  std::array<unsigned char, 16> bytes{};
  entropy.fill(bytes);
  return codec::encode_base64(codec::Base64::kStd,
                              {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string upgrade_request(const ClientTerms& terms, std::string_view key) {
  std::string request = "GET " + (terms.path.empty() ? "/" : terms.path) +
                        " HTTP/1.1\r\nHost: " + terms.host +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ";
  request.append(key).append("\r\nSec-WebSocket-Version: 13\r\n");
  if (terms.compression) request.append("Sec-WebSocket-Extensions: ").append(kOffer).append("\r\n");
  return request.append(terms.headers).append("\r\n");
}

Result<ClientUpgrade> judge_answer(const AnswerHead& head, const ClientTerms& terms,
                                   std::string_view key) {
  if (head.status != 101)
    return failure(
        "the server refuses the web socket: " + std::to_string(head.status) + " " +
            std::string(head.reason),
        head.status == 401 || head.status == 403 ? ErrorCode::kPermission : ErrorCode::kInvalid);
  if (!head.header_has("Upgrade", "websocket")) return no_socket("bad header 'Upgrade'");
  if (!head.header_has("Connection", "Upgrade")) return no_socket("bad header 'Connection'");
  if (head.header("Sec-WebSocket-Accept") != accept_key(key))
    return no_socket("bad header 'Sec-WebSocket-Accept'");
  return read_extensions(head, terms.compression);
}

}  // namespace midge::websocket
