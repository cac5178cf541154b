#include "auth/jwt/callout_authenticator.h"

#include <utility>

#include "auth/jwt/claims_check.h"
#include "auth/jwt/user_rules.h"
#include "codec/go_quoted.h"
#include "crypto/nkey.h"
#include "crypto/xkey.h"

namespace midge::auth::jwt {
namespace {

constexpr std::int64_t kSecond = seconds(1).ns;
constexpr std::string_view kTokenBegin = "eyJ";  // of JSON in base64

std::string quoted(std::string_view text) { return codec::go_quoted(text); }

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

// What a service says must not look like lines of the log.
std::string one_line(std::string text) {
  for (char& letter : text)
    if (static_cast<unsigned char>(letter) < ' ') letter = ' ';
  return text;
}

// What is wrong with a response whoever it is for.
std::optional<std::string> find_fault(const AuthorizationResponse& response, WallTime now) {
  using crypto::is_public_nkey;
  using crypto::NkeyKind;
  if (!is_public_nkey(NkeyKind::kUser, response.head.subject))
    return "Subject must be a user public key";
  if (!is_public_nkey(NkeyKind::kServer, response.head.audience))
    return "Audience must be a server public key";
  if (response.error.empty() && response.jwt.empty()) return "Error or Jwt is required";
  if (!response.error.empty() && !response.jwt.empty()) return "Only Error or Jwt can be set";
  if (!response.issuer_account.empty() &&
      !is_public_nkey(NkeyKind::kAccount, response.issuer_account))
    return "issuer_account is not an account public key";
  const Validity validity = validity_at(response.head, now.ns / kSecond);
  if (validity != Validity::kValid) return std::string(to_text(validity));
  return std::nullopt;
}

}  // namespace

class CalloutAuthenticator::Question final : public Inquiry {
 public:
  Question(std::shared_ptr<const CalloutAuthenticator> asker, LoginRequest login,
           Delegated delegated, CalloutMessage message)
      : asker_(std::move(asker)),
        login(std::move(login)),
        delegated(std::move(delegated)),
        user_nkey(std::move(message.user_nkey)) {
    account_ = this->delegated.terms.account;
    headers_ = std::move(message.headers);
    payload_ = std::move(message.payload);
  }

  [[nodiscard]] Verdict judge(std::string_view answer, WallTime now) const override {
    return asker_->judge(*this, answer, now);
  }

 private:
  std::shared_ptr<const CalloutAuthenticator> asker_;

 public:
  const LoginRequest login;
  const Delegated delegated;
  const std::string user_nkey;
};

Verdict CalloutAuthenticator::decide(const LoginRequest& request) const {
  if (request.previous && request.previous->grant)
    return admit(*request.previous->grant, request, request.previous->proxy, request.now);
  Local local = decide_here(request);
  if (auto* delegated = std::get_if<Delegated>(&local))
    return inquire(request, std::move(*delegated));
  return std::get<Verdict>(std::move(local));
}

Verdict CalloutAuthenticator::inquire(const LoginRequest& request, Delegated delegated) const {
  LoginRequest login = request;
  login.connect = delegated.connect;
  auto message =
      make_callout_request(login, *server_, delegated.terms, delegated.guest, wants_nonce());
  if (!message)
    return refused("Error encoding auth request claim on account " +
                   quoted(delegated.terms.account) + ": " + message.error().text());
  return std::make_shared<const Question>(shared_from_this(), std::move(login),
                                          std::move(delegated), std::move(*message));
}

Verdict CalloutAuthenticator::judge(const Question& question, std::string_view answer,
                                    WallTime now) const {
  Result<UserClaims> claims = open(question, answer, now);
  if (!claims) return refused(capitalized(claims.error().text()));
  const std::string& account = question.delegated.terms.account;
  if (claims->head.subject != question.user_nkey)
    return refused("Expected authorized user of " + quoted(question.user_nkey) + " but got " +
                   quoted(claims->head.subject) + " on account " + quoted(account));
  Grant grant{.terms = question.delegated.terms,
              .claims = std::move(*claims),
              .tags = question.delegated.guest.tags};
  // A token is never shown.
  proto::ConnectOptions named = question.login.connect;
  named.auth_token.clear();
  grant.user = grant.claims.head.name.empty() ? raw_user(named, "") : grant.claims.head.name;
  return admit(std::move(grant), question.login, question.delegated.proxy, now);
}

Result<UserClaims> CalloutAuthenticator::open(const Question& question, std::string_view answer,
                                              WallTime now) const {
  const CalloutTerms& terms = question.delegated.terms;
  if (answer.empty())
    return failure("auth callout violation: \"no reason supplied\" on account " +
                   quoted(terms.account));
  // Who was sent a sealed request may still answer in the open.
  const bool is_sealed = !terms.xkey.empty() && !answer.starts_with(kTokenBegin);
  std::string text(answer);
  if (is_sealed) {
    auto opened = crypto::open_box(answer, server_->xkey.seed, terms.xkey);
    if (!opened)
      return failure("error decrypting auth callout response on account " + quoted(terms.account) +
                     ": " + opened.error().text());
    text = std::move(*opened);
  }
  ASSIGN_OR_RETURN(const AuthorizationResponse response, decode_authorization_response(text));
  if (const auto fault = find_fault(response, now))
    return failure("authorization response had validation errors: " + *fault);
  if (response.head.subject != question.user_nkey)
    return failure("auth callout violation: auth callout response is not for expected user");
  if (response.head.audience != server_->key.public_key)
    return failure("auth callout violation: auth callout response is not for server");
  if (!is_sealed) TRY(check_signer(terms, response));
  if (!response.error.empty())
    return failure("auth callout service returned an error: " + one_line(response.error));
  return decode_user(response.jwt);
}

Verdict CalloutAuthenticator::admit(Grant grant, const LoginRequest& request,
                                    const std::string& proxy, WallTime now) const {
  const UserClaims& claims = grant.claims;
  const std::string on_account = "on account " + quoted(grant.terms.account);
  const Validity validity = validity_at(claims.head, now.ns / kSecond);
  if (validity != Validity::kValid) {
    Refused refusal = refused("Error validating user JWT: " + std::string(to_text(validity)));
    if (request.previous && validity == Validity::kExpired) {
      refusal.reason = Refused::Reason::kExpired;
      refusal.text = "User Authentication Expired";
    }
    return refusal;
  }
  if (const auto fault = jwt::find_fault(claims, zones_))
    return refused("Error validating user JWT: " + *fault);
  Result<Placed> placed = place(grant.terms, claims, now);
  if (!placed) return refused(capitalized(placed.error().text()));
  Identity& identity = placed->identity;
  const UserRights& rights = placed->rights;
  if (const auto fault = find_type_fault(rights.connection_types, request.connection_type))
    return refused("Authorized user " + on_account +
                   (fault->none_is_known ? " using invalid connection type: "
                                         : " not allowed to use connection type: ") +
                   fault->text);
  if (!is_source_allowed(rights.src, request.remote_host))
    return refused("Authorized user " + on_account + ": Bad src Ip " + request.remote_host);
  if ((claims.rights.proxy_required || rights.proxy_required) && proxy.empty())
    return refused("Proxy connection required", Refused::Reason::kProxyRequired);
  if (!rights.times.empty()) {
    const auto left = time_left(rights, zones_, now);
    if (!left) return refused("Authorized user " + on_account + " outside of valid connect times");
    const WallTime end = now + *left;
    if (earlier(identity.expires, end) == end) identity.expires_with_account = false;
    identity.expires = earlier(identity.expires, end);
  }
  identity.user = grant.user;
  identity.tags = grant.tags;
  identity.proxy = proxy;
  identity.rule = "auth callout " + on_account;
  identity.grant = std::make_shared<const Grant>(std::move(grant));
  return std::make_shared<const Identity>(std::move(identity));
}

}  // namespace midge::auth::jwt
