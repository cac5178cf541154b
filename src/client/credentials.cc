#include "client/credentials.h"

#include <optional>
#include <utility>

#include "codec/base64.h"
#include "codec/json_writer.h"
#include "crypto/nkey.h"

namespace midge::detail {
namespace {

constexpr std::string_view kVersion = "0.1.0";

// The line behind one that begins with `-----BEGIN <what>`.
std::optional<std::string> block_of(std::string_view text, std::string_view what) {
  const std::string begin = "-----BEGIN " + std::string(what);
  const std::size_t head = text.find(begin);
  if (head == std::string_view::npos) return std::nullopt;
  text.remove_prefix(head);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos) return std::nullopt;
  text.remove_prefix(line + 1);
  std::string_view content = text.substr(0, text.find("---"));
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = content.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return std::nullopt;
  content = content.substr(first, content.find_last_not_of(kBlank) - first + 1);
  return std::string(content);
}

// Signs whatever the server draws, with what the user gave for it.
Result<std::string> signature_of(const Login& login, std::string_view nonce) {
  ASSIGN_OR_RETURN(std::string bytes,
                   login.sign ? login.sign(nonce) : crypto::sign(login.nkey_seed, nonce));
  return codec::encode_base64(codec::Base64::kRawUrl, bytes);
}

}  // namespace

Result<CredentialsFile> parse_credentials(std::string_view text) {
  auto jwt = block_of(text, "NATS USER JWT");
  auto seed = block_of(text, "USER NKEY SEED");
  if (!jwt) return failure("no user JWT", ErrorCode::kInvalid);
  if (!seed) return failure("no user seed", ErrorCode::kInvalid);
  return CredentialsFile{.jwt = *std::move(jwt), .seed = *std::move(seed)};
}

Result<Login> load_login(const Login& login, io::Disk& disk) {
  Login loaded = login;
  if (login.fetch) {
    ASSIGN_OR_RETURN(loaded, login.fetch());
    loaded.fetch = nullptr;
    return load_login(loaded, disk);
  }
  std::string text = login.credentials, place = "credentials";
  if (text.empty() && !login.credentials_file.empty()) {
    place = login.credentials_file;
    ASSIGN_OR_RETURN(text, disk.read_file(place));
  }
  if (!text.empty() || !login.credentials_file.empty()) {
    auto file = parse_credentials(text);
    if (!file) return std::unexpected(file.error().within(place));
    loaded.jwt = std::move(file->jwt);
    loaded.nkey_seed = std::move(file->seed);
  }
  if (login.fetch_jwt) {
    ASSIGN_OR_RETURN(loaded.jwt, login.fetch_jwt());
  }
  return loaded;
}

Result<std::string> connect_line(const Login& login, const ServerFacts& facts,
                                 const ConnectTerms& terms) {
  codec::JsonWriter json;
  json.begin_object()
      .field("verbose", terms.verbose)
      .field("pedantic", terms.pedantic)
      .field("echo", terms.echo)
      .field("tls_required", terms.secure)
      .field("headers", true)
      .field("no_responders", true)
      .field("protocol", 1)
      .field("lang", "cpp")
      .field("version", kVersion)
      .field_unless_empty("name", terms.name)
      .field_unless_empty("user", login.user)
      .field_unless_empty("pass", login.password)
      .field_unless_empty("auth_token", login.token)
      .field_unless_empty("jwt", login.jwt);
  if (!facts.nonce.empty() && (login.sign || !login.nkey_seed.empty())) {
    ASSIGN_OR_RETURN(const std::string signature, signature_of(login, facts.nonce));
    json.field("sig", signature);
    if (login.jwt.empty()) {
      std::string key = login.public_key;
      if (key.empty()) {
        ASSIGN_OR_RETURN(key, crypto::public_key_of(login.nkey_seed));
      }
      json.field("nkey", key);
    }
  }
  json.end_object();
  return "CONNECT " + json.take() + "\r\n";
}

}  // namespace midge::detail
