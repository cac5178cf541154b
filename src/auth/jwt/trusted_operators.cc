#include "auth/jwt/trusted_operators.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "crypto/nkey.h"

namespace midge::auth::jwt {
namespace {

struct Version {
  int major = 0, minor = 0, update = 0;
};

// `2.15.2`; nothing else.
std::optional<Version> parse_version(std::string_view text) {
  Version version;
  for (int* part : {&version.major, &version.minor, &version.update}) {
    const std::size_t end = part == &version.update ? text.size() : text.find('.');
    if (end == text.npos || end == 0) return std::nullopt;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, *part);
    if (error != std::errc() || stop != text.data() + end || *part < 0) return std::nullopt;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return version;
}

Result<void> check_version(const OperatorClaims& claims, std::string_view server_version) {
  const std::string& asserted = claims.assert_server_version;
  if (asserted.empty()) return {};
  const std::string who = "operator " + claims.head.subject + " ";
  const auto wanted = parse_version(asserted);
  if (!wanted)
    return failure(who + "expects version " + asserted +
                   " got error instead: asserted server version must be of the form "
                   "<major>.<minor>.<update>");
  const Version have = parse_version(server_version).value_or(Version{});
  const struct {
    const char* name;
    int wanted, have;
  } parts[] = {{"major", wanted->major, have.major},
               {"minor", wanted->minor, have.minor},
               {"update", wanted->update, have.update}};
  for (const auto& part : parts) {
    if (part.have > part.wanted) return {};
    if (part.have < part.wanted)
      return failure(who + "expected " + part.name + " version " + std::to_string(part.wanted) +
                     " > server " + part.name + " version " + std::to_string(part.have));
  }
  return {};
}

}  // namespace

Result<TrustedOperators> TrustedOperators::make(std::span<const std::string> operator_jwts,
                                                std::span<const std::string> trusted_keys,
                                                std::string_view server_version) {
  TrustedOperators trusted;
  for (const std::string& token : operator_jwts) {
    ASSIGN_OR_RETURN(OperatorClaims claims, decode_operator(token));
    TRY(check_version(claims, server_version));
    const bool is_strict = claims.strict_signing_key_usage;
    if (!is_strict) trusted.keys_.push_back({claims.head.issuer, false});
    for (const std::string& key : claims.signing_keys) trusted.keys_.push_back({key, is_strict});
    trusted.claims_.push_back(std::move(claims));
  }
  for (const std::string& key : trusted_keys) {
    if (!crypto::is_public_nkey(crypto::NkeyKind::kOperator, key))
      return failure("trusted Keys \"" + key +
                     "\" are required to be a valid public operator nkey");
    trusted.keys_.push_back({key, false});
  }
  return trusted;
}

const TrustedOperators::Key* TrustedOperators::find(std::string_view issuer) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.text == issuer; });
  return found == keys_.end() ? nullptr : &*found;
}

bool TrustedOperators::trusts(std::string_view issuer) const { return find(issuer) != nullptr; }

bool TrustedOperators::is_strict(std::string_view issuer) const {
  const Key* key = find(issuer);
  return key != nullptr && key->is_strict;
}

bool TrustedOperators::wants_signing_key(std::string_view issuer) const {
  return std::ranges::any_of(claims_, [issuer](const OperatorClaims& claims) {
    return claims.strict_signing_key_usage && claims.head.subject == issuer;
  });
}

std::string TrustedOperators::system_account() const {
  for (const OperatorClaims& claims : claims_)
    if (!claims.system_account.empty()) return claims.system_account;
  return "";
}

}  // namespace midge::auth::jwt
