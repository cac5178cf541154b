#include "auth/config_authenticator.h"

#include <optional>
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
  if (map_certificates_ && user.nkey.empty()) {
    if (auto name = DistinguishedName::parse(user.user))
      subjects_.emplace_back(*std::move(name), users_.size());
  }
  const bool has_bcrypt = crypto::is_bcrypt(user.password);
  if (has_bcrypt && !decoy_) decoy_ = users_.size();
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
  if (by_name_.empty() || connect.user.empty()) return token_.identity ? &token_ : nullptr;
  const User* user = find(by_name_, connect.user);
  // Sessions that are in have nothing to find out.
  return user == nullptr && decoy_ && !request.previous ? &users_[*decoy_] : user;
}

const ConfigAuthenticator::User* ConfigAuthenticator::certificate_user(const TlsPeer& peer) const {
  for (const std::string& name : peer.names) {
    if (const User* user = find(by_name_, name)) return user;
    if (name != peer.subject) continue;
    if (const User* user = subject_user(peer.subject)) return user;
  }
  return nullptr;
}

// One with the parts in the certificate's order comes before others.
const ConfigAuthenticator::User* ConfigAuthenticator::subject_user(
    const std::string& subject) const {
  const auto wanted = DistinguishedName::parse(subject);
  if (!wanted) return nullptr;
  const User* found = nullptr;
  for (const auto& [name, place] : subjects_) {
    if (name == *wanted) return &users_[place];
    if (found == nullptr && name.has_parts_of(*wanted)) found = &users_[place];
  }
  return found;
}

const UserConfig* ConfigAuthenticator::named(const LoginRequest& request) const {
  const proto::ConnectOptions& connect = request.connect;
  const User* user = nullptr;
  if (map_certificates_) {
    user = certificate_user(request.tls);
  } else if (!by_nkey_.empty() && !connect.nkey.empty()) {
    user = find(by_nkey_, connect.nkey);
  } else if (names_nobody(connect)) {
    user = find(by_name_, config_.no_auth_user);
    if (user == nullptr) user = find(by_nkey_, config_.no_auth_user);
  } else {
    user = find(by_name_, connect.user);
  }
  return user == nullptr ? nullptr : &user->config;
}

bool ConfigAuthenticator::is_slow(const LoginRequest& request) const {
  const User* user = password_user(request);
  if (user == nullptr || !user->has_bcrypt) return false;
  return !request.previous || request.previous->proof != user->identity->proof;
}

Verdict ConfigAuthenticator::decide(const LoginRequest& request) const {
  ProxyProof proof = prove_proxy(request, config_.trusted_proxies);
  if (proof.refusal) return std::move(*proof.refusal);
  return decide_user(request, proof.proxy);
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
  if (const User* user = certificate_user(request.tls)) return admit(*user, request, proxy);
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
  const User* compared = password_user(request);
  const bool proved = user != nullptr && user->has_bcrypt && request.previous &&
                      request.previous->proof == user->identity->proof;
  // Before anything else, so that the time to an answer does not tell who is a user.
  const bool right =
      proved || (compared != nullptr &&
                 is_secret(connect.pass, compared->config.password, compared->has_bcrypt));
  if (user == nullptr) {
    Refused verdict = refused("no user has this name");
    verdict.unknown_user = true;
    return verdict;
  }
  Verdict verdict = admit(*user, request, proxy);
  if (right || std::holds_alternative<Refused>(verdict)) return verdict;
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
