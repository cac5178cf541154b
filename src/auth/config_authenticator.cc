#include "auth/config_authenticator.h"

#include <algorithm>
#include <utility>

#include "auth/signature.h"
#include "crypto/bcrypt.h"
#include "crypto/sha256.h"

namespace midge::auth {

namespace {

std::string told(const UserConfig& user) {
  const bool by_nkey = !user.nkey.empty();
  std::string text = by_nkey ? "nkey " + user.nkey : "user \"" + user.user + '"';
  if (!user.place.empty()) text += " (" + user.place + ')';
  return text;
}

bool is_secret(std::string_view given, const std::string& stored, bool has_bcrypt) {
  return has_bcrypt ? crypto::check_bcrypt(given, stored) : crypto::secrets_equal(given, stored);
}

bool may_come_by(const UserConfig& user, std::uint32_t connection_types) {
  return user.connection_types == kAnyConnection || (user.connection_types & connection_types) != 0;
}

}  // namespace

ConfigAuthenticator::ConfigAuthenticator(AuthConfig config, bool map_certificates)
    : config_(std::move(config)), map_certificates_(map_certificates && !config_.single_user) {
  for (const UserConfig& user : config_.users) add(user);
  if (by_name_.empty()) map_certificates_ = false;
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
  identity.by_certificate = map_certificates_ && user.nkey.empty();
  const bool needs_certificate =
      user.nkey.empty() && user.password.empty() && config_.mapping_connections != 0 &&
      may_come_by(user, config_.mapping_connections) && user.user != config_.no_auth_user;
  Index& index = user.nkey.empty() ? by_name_ : by_nkey_;
  index.insert_or_assign(identity.user, users_.size());
  if (map_certificates_ && user.nkey.empty()) {
    if (auto name = DistinguishedName::parse(user.user))
      subjects_.emplace_back(*std::move(name), users_.size());
  }
  const bool has_bcrypt = crypto::is_bcrypt(user.password);
  cost_max_ = std::max(cost_max_, crypto::bcrypt_cost(user.password));
  users_.push_back({std::move(user), std::make_shared<const Identity>(std::move(identity)),
                    has_bcrypt, needs_certificate});
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

bool ConfigAuthenticator::is_by_nkey(const proto::ConnectOptions& connect) const {
  return !by_nkey_.empty() && !connect.nkey.empty();
}

bool ConfigAuthenticator::is_by_password(const proto::ConnectOptions& connect) const {
  return !map_certificates_ && !is_by_nkey(connect) && !by_name_.empty() && !connect.user.empty();
}

const ConfigAuthenticator::User* ConfigAuthenticator::certificate_user(
    const LoginRequest& request) const {
  for (const std::string& name : request.tls.names) {
    const User* user = find(by_name_, name);
    if (user != nullptr && may_come_by(user->config, request.connection_type)) return user;
    if (name != request.tls.subject) continue;
    if (const User* by_parts = subject_user(request)) return by_parts;
  }
  return nullptr;
}

// One with the parts in the certificate's order comes before others.
const ConfigAuthenticator::User* ConfigAuthenticator::subject_user(
    const LoginRequest& request) const {
  const auto wanted = DistinguishedName::parse(request.tls.subject);
  if (!wanted) return nullptr;
  const User* found = nullptr;
  for (const auto& [name, place] : subjects_) {
    if (!may_come_by(users_[place].config, request.connection_type)) continue;
    if (name == *wanted) return &users_[place];
    if (found == nullptr && name.has_parts_of(*wanted)) found = &users_[place];
  }
  return found;
}

const UserConfig* ConfigAuthenticator::named(const LoginRequest& request) const {
  const proto::ConnectOptions& connect = request.connect;
  const User* user = nullptr;
  if (is_by_nkey(connect)) {
    user = find(by_nkey_, connect.nkey);
  } else if (map_certificates_) {
    user = certificate_user(request);
  } else if (names_nobody(connect)) {
    user = find(by_name_, config_.no_auth_user);
    if (user == nullptr) user = find(by_nkey_, config_.no_auth_user);
  } else {
    user = find(by_name_, connect.user);
  }
  return user == nullptr ? nullptr : &user->config;
}

bool ConfigAuthenticator::is_slow(const LoginRequest& request) const {
  const proto::ConnectOptions& connect = request.connect;
  if (is_by_nkey(connect)) return false;
  const User* user = map_certificates_         ? certificate_user(request)
                     : is_by_password(connect) ? find(by_name_, connect.user)
                                               : &token_;
  const bool is_hashed = user != nullptr && user->has_bcrypt;
  if (request.previous)  // sessions that are in have nothing to find out
    return is_hashed && request.previous->proof != user->identity->proof;
  return is_by_password(connect) ? cost_max_ > 0 : is_hashed;
}

Verdict ConfigAuthenticator::decide(const LoginRequest& request) const {
  ProxyProof proof = prove_proxy(request, config_.trusted_proxies);
  if (proof.refusal) return std::move(*proof.refusal);
  return decide_user(request, proof.proxy);
}

Verdict ConfigAuthenticator::decide_user(const LoginRequest& request,
                                         const std::string& proxy) const {
  const proto::ConnectOptions& connect = request.connect;
  if (is_by_nkey(connect)) return decide_nkey(request, proxy);
  if (map_certificates_) return decide_certificate(request, proxy);
  if (names_nobody(connect) && !config_.no_auth_user.empty()) return decide_nobody(request, proxy);
  if (is_by_password(connect)) return decide_password(request, proxy);
  if (token_.identity) return decide_token(request, proxy);
  if (!users_.empty()) {
    Refused verdict = refused("CONNECT names no user, and there is no no_auth_user");
    verdict.unknown_user = request.previous != nullptr;  // there was one
    return verdict;
  }
  // Only proxies are asked for.
  Identity identity;
  identity.name_tag = identity.account;
  identity.user = connect.user;
  identity.proxy = proxy;
  return std::make_shared<const Identity>(std::move(identity));
}

Verdict ConfigAuthenticator::decide_certificate(const LoginRequest& request,
                                                const std::string& proxy) const {
  // A password is asked for beside the certificate, where the user has one.
  if (const User* user = certificate_user(request))
    return judge_password(user, has_password(*user, request), request, proxy);
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
  // Before anything else, as the time to an answer is to tell nothing.
  const bool right = user != nullptr && has_password(*user, request);
  Verdict verdict = judge_password(user, right, request, proxy);
  if (std::holds_alternative<Refused>(verdict) && !request.previous && cost_max_ > 0) {
    const int spent = user == nullptr ? 0 : crypto::bcrypt_cost(user->config.password);
    crypto::spend_bcrypt(connect.pass, spent, cost_max_);
  }
  return verdict;
}

bool ConfigAuthenticator::has_password(const User& user, const LoginRequest& request) {
  const bool proved =
      user.has_bcrypt && request.previous && request.previous->proof == user.identity->proof;
  return proved || is_secret(request.connect.pass, user.config.password, user.has_bcrypt);
}

Verdict ConfigAuthenticator::judge_password(const User* user, bool is_right,
                                            const LoginRequest& request,
                                            const std::string& proxy) const {
  if (user == nullptr) {
    Refused verdict = refused("no user has this name");
    verdict.unknown_user = true;
    return verdict;
  }
  if (user->needs_certificate && !map_certificates_)
    return refused(told(user->config) + ": it has no password, and comes by a certificate");
  Verdict verdict = admit(*user, request, proxy);
  if (is_right || std::holds_alternative<Refused>(verdict)) return verdict;
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
