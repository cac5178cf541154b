#include "auth/config_authenticator.h"

#include <optional>
#include <utility>

#include "codec/base64.h"
#include "crypto/bcrypt.h"
#include "crypto/nkey.h"
#include "crypto/sha256.h"

namespace midge::auth {

namespace {

Refused refused(std::string why, Refused::Reason reason = Refused::Reason::kAuthentication) {
  Refused verdict;
  verdict.why = std::move(why);
  verdict.reason = reason;
  return verdict;
}

std::string told(const UserConfig& user) {
  const bool by_nkey = !user.nkey.empty();
  std::string text = by_nkey ? "nkey " + user.nkey : "user \"" + user.user + '"';
  if (!user.place.empty()) text += " (" + user.place + ')';
  return text;
}

// Signatures come in either alphabet; the URL's is tried first.
std::optional<std::string> decode_signature(std::string_view text) {
  auto bytes = codec::decode_base64(codec::Base64::kRawUrl, text);
  return bytes ? bytes : codec::decode_base64(codec::Base64::kStd, text);
}

bool has_signed(const std::string& nkey, std::string_view nonce, std::string_view signature) {
  const auto bytes = decode_signature(signature);
  return bytes && crypto::verify(nkey, nonce, *bytes).value_or(false);
}

bool is_secret(std::string_view given, const std::string& stored, bool has_bcrypt) {
  return has_bcrypt ? crypto::check_bcrypt(given, stored) : crypto::secrets_equal(given, stored);
}

}  // namespace

ConfigAuthenticator::ConfigAuthenticator(AuthConfig config, bool map_certificates)
    : config_(std::move(config)), map_certificates_(map_certificates) {
  for (const UserConfig& user : config_.users) add(user);
  if (config_.token.empty()) return;
  token_.has_bcrypt = crypto::is_bcrypt(config_.token);
  Identity identity;
  identity.name_tag = identity.account;
  identity.rule = "token";
  identity.proof = crypto::sha256_hex(config_.token);
  token_.identity = std::make_shared<const Identity>(std::move(identity));
}

void ConfigAuthenticator::add(UserConfig user) {
  Identity identity;
  if (!user.account.empty()) identity.account = user.account;
  identity.name_tag = identity.account;
  identity.user = user.nkey.empty() ? user.user : user.nkey;
  if (user.permissions) identity.permissions = Permissions::compile(*user.permissions);
  identity.rule = told(user);
  identity.proof = crypto::sha256_hex(user.password);
  Index& index = user.nkey.empty() ? by_name_ : by_nkey_;
  index.insert_or_assign(identity.user, users_.size());
  const bool has_bcrypt = crypto::is_bcrypt(user.password);
  users_.push_back(
      {std::move(user), std::make_shared<const Identity>(std::move(identity)), has_bcrypt});
}

bool ConfigAuthenticator::is_needed(const AuthConfig& config) {
  return !config.users.empty() || !config.token.empty() || !config.trusted_proxies.empty();
}

bool ConfigAuthenticator::required() const {
  return (!users_.empty() || token_.identity) && config_.no_auth_user.empty();
}

bool ConfigAuthenticator::wants_nonce() const {
  return !by_nkey_.empty() || !config_.trusted_proxies.empty();
}

const ConfigAuthenticator::User* ConfigAuthenticator::find(const Index& index,
                                                           const std::string& name) const {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &users_[found->second];
}

bool ConfigAuthenticator::names_nobody(const proto::ConnectOptions& connect) const {
  return connect.user.empty() && connect.pass.empty() && connect.auth_token.empty() &&
         (connect.nkey.empty() || by_nkey_.empty());
}

const ConfigAuthenticator::User* ConfigAuthenticator::password_user(
    const LoginRequest& request) const {
  const proto::ConnectOptions& connect = request.connect;
  if (map_certificates_ || (!connect.nkey.empty() && !by_nkey_.empty())) return nullptr;
  if (!by_name_.empty() && !connect.user.empty()) return find(by_name_, connect.user);
  return token_.identity ? &token_ : nullptr;
}

bool ConfigAuthenticator::is_slow(const LoginRequest& request) const {
  const User* user = password_user(request);
  if (user == nullptr || !user->has_bcrypt) return false;
  return !request.previous || request.previous->proof != user->identity->proof;
}

Verdict ConfigAuthenticator::decide(const LoginRequest& request) const {
  const std::string& signature = request.connect.proxy_sig;
  if (signature.empty() || config_.trusted_proxies.empty()) return decide_user(request, {});
  for (const std::string& proxy : config_.trusted_proxies)
    if (has_signed(proxy, request.nonce, signature)) return decide_user(request, proxy);
  return refused("proxy is not trusted: proxy_sig is of none of proxies.trusted",
                 Refused::Reason::kProxyNotTrusted);
}

Verdict ConfigAuthenticator::decide_user(const LoginRequest& request,
                                         const std::string& proxy) const {
  const proto::ConnectOptions& connect = request.connect;
  if (map_certificates_) return decide_certificate(request, proxy);
  if (!by_nkey_.empty() && !connect.nkey.empty()) return decide_nkey(request, proxy);
  if (names_nobody(connect) && !config_.no_auth_user.empty()) return decide_nobody(request, proxy);
  if (!by_name_.empty() && !connect.user.empty()) return decide_password(request, proxy);
  if (token_.identity) return decide_token(request, proxy);
  if (!users_.empty()) return refused("CONNECT names no user, and there is no no_auth_user");
  // Only proxies are asked for.
  Identity identity;
  identity.name_tag = identity.account;
  identity.user = connect.user;
  identity.proxy = proxy;
  return std::make_shared<const Identity>(std::move(identity));
}

Verdict ConfigAuthenticator::decide_certificate(const LoginRequest& request,
                                                const std::string& proxy) const {
  for (const std::string& name : request.tls.names)
    if (const User* user = find(by_name_, name)) return admit(*user, request, proxy);
  std::string why = "no user has a name of the certificate (verify_and_map):";
  for (const std::string& name : request.tls.names) why += " \"" + name + '"';
  Refused verdict = refused(request.tls.names.empty() ? "no certificate (verify_and_map)" : why);
  verdict.unknown_user = true;
  return verdict;
}

Verdict ConfigAuthenticator::decide_nkey(const LoginRequest& request,
                                         const std::string& proxy) const {
  const proto::ConnectOptions& connect = request.connect;
  const User* user = find(by_nkey_, connect.nkey);
  if (user == nullptr) {
    Refused verdict = refused("no user has this nkey");
    verdict.unknown_user = true;
    return verdict;
  }
  const bool proved = request.previous && request.previous->user == connect.nkey;
  const bool needs_none = connect.nkey == config_.no_auth_user;
  if (!proved && !needs_none) {
    if (connect.sig.empty()) return refused(told(user->config) + ": the signature is missing");
    if (!decode_signature(connect.sig))
      return refused(told(user->config) + ": the signature is not valid base64");
    if (!has_signed(connect.nkey, request.nonce, connect.sig))
      return refused(told(user->config) + ": the signature is not of this nonce and nkey");
  }
  return admit(*user, request, proxy);
}

Verdict ConfigAuthenticator::decide_password(const LoginRequest& request,
                                             const std::string& proxy) const {
  const proto::ConnectOptions& connect = request.connect;
  const User* user = find(by_name_, connect.user);
  if (user == nullptr) {
    Refused verdict = refused("no user has this name");
    verdict.unknown_user = true;
    return verdict;
  }
  // What costs nothing comes first, and so it decides which reason is told.
  Verdict verdict = admit(*user, request, proxy);
  if (std::holds_alternative<Refused>(verdict)) return verdict;
  const bool proved =
      user->has_bcrypt && request.previous && request.previous->proof == user->identity->proof;
  if (proved || is_secret(connect.pass, user->config.password, user->has_bcrypt)) return verdict;
  Refused wrong = refused(told(user->config) + ": the password is wrong");
  wrong.unknown_user = config_.single_user;
  return wrong;
}

Verdict ConfigAuthenticator::decide_token(const LoginRequest& request,
                                          const std::string& proxy) const {
  if (config_.token_proxy_required && proxy.empty())
    return refused("token: proxy connection required", Refused::Reason::kProxyRequired);
  const bool proved =
      token_.has_bcrypt && request.previous && request.previous->proof == token_.identity->proof;
  if (!proved && !is_secret(request.connect.auth_token, config_.token, token_.has_bcrypt)) {
    Refused wrong =
        refused(request.connect.auth_token.empty() ? "CONNECT has no token" : "the token is wrong");
    wrong.unknown_user = !request.connect.user.empty();
    return wrong;
  }
  if (proxy.empty()) return token_.identity;
  Identity identity = *token_.identity;
  identity.proxy = proxy;
  return std::make_shared<const Identity>(std::move(identity));
}

Verdict ConfigAuthenticator::decide_nobody(const LoginRequest& request,
                                           const std::string& proxy) const {
  const User* user = find(by_name_, config_.no_auth_user);
  if (user == nullptr) user = find(by_nkey_, config_.no_auth_user);
  if (user == nullptr) return refused("no_auth_user is no user");
  return admit(*user, request, proxy);
}

Verdict ConfigAuthenticator::admit(const User& user, const LoginRequest& request,
                                   const std::string& proxy) const {
  const std::uint32_t types = user.config.connection_types;
  if (types != kAnyConnection && (types & request.connection_type) == 0) {
    return refused(told(user.config) +
                   ": allowed_connection_types has not the type of this connection");
  }
  if (user.config.proxy_required && proxy.empty()) {
    return refused(told(user.config) + ": proxy connection required",
                   Refused::Reason::kProxyRequired);
  }
  if (proxy.empty()) return user.identity;
  Identity identity = *user.identity;
  identity.proxy = proxy;
  return std::make_shared<const Identity>(std::move(identity));
}

}  // namespace midge::auth
