#include "server/operator/claims_service.h"

#include <utility>

#include "auth/jwt/claims.h"
#include "auth/jwt/claims_check.h"
#include "codec/json_writer.h"
#include "crypto/nkey.h"
#include "server/operator/account_directory.h"

namespace midge::server {

using auth::ResolverConfig;
using codec::JsonWriter;

struct ClaimsService::Words {
  std::string_view updated, skipped, failed, invalid;
};

namespace {

std::string_view token_at(std::string_view subject, int index) {
  for (; index > 0; --index) subject.remove_prefix(std::min(subject.find('.') + 1, subject.size()));
  return subject.substr(0, subject.find('.'));
}

}  // namespace

ClaimsService::ClaimsService(OperatorMode& mode, SystemClient& client, ServerFacts facts,
                             io::Clock& clock, Log& log)
    : mode_(mode), client_(client), facts_(std::move(facts)), clock_(clock), log_(log) {
  const auto kind = mode.resolver_kind();
  client.subscribe("$SYS.REQ.ACCOUNT.*.CLAIMS.UPDATE",
                   [this](const auto& request) { update(request, token_at(request.subject, 3)); });
  client.subscribe("$SYS.ACCOUNT.*.CLAIMS.UPDATE",
                   [this](const auto& request) { update(request, token_at(request.subject, 2)); });
  if (!mode.directory()) return;
  client.subscribe("$SYS.REQ.CLAIMS.UPDATE", [this](const auto& request) { update(request, ""); });
  client.subscribe("$SYS.REQ.CLAIMS.LIST", [this](const auto& request) { list(request); });
  client.subscribe("$SYS.REQ.CLAIMS.DELETE", [this](const auto& request) { remove(request); });
  if (kind != ResolverConfig::Kind::kFull) return;
  client.subscribe("$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP",
                   [this](const auto& request) { lookup(request, token_at(request.subject, 3)); });
  client.subscribe("$SYS.REQ.CLAIMS.PACK", [this](const auto& request) { pack(request); });
}

const ClaimsService::Words& ClaimsService::words() const {
  static constexpr Words kPlain{"jwt updated", "jwt update skipped",
                                "jwt update resulted in error - ", "jwt validation failed - "};
  static constexpr Words kCache{"jwt updated cache", "jwt update cache skipped",
                                "jwt update cache resulted in error - ",
                                "jwt update cache validation failed - "};
  return mode_.resolver_kind() == ResolverConfig::Kind::kCache ? kCache : kPlain;
}

// `account`: whose claim it must be; "" = anybody's.
void ClaimsService::update(const SystemRequest& request, std::string_view account) {
  const auto claims = auth::jwt::decode_account(request.payload);
  // A full directory does not say whose the claim was that it could not read.
  const bool is_full = mode_.resolver_kind() == ResolverConfig::Kind::kFull;
  const std::string name(!claims && (is_full || account.empty()) ? "n/a"
                         : account.empty()                       ? claims->head.subject
                                                                 : account);
  const auto fail = [&](const std::string& why) {
    log_.error(std::string(words().failed.substr(0, words().failed.size() - 2)) + "- " + name +
               " - " + why);
    answer_error(request, name, std::string(words().failed) + why);
  };
  if (request.payload.empty() && !mode_.directory())
    return answer_error(request, name, "jwt update error - request body is empty");
  if (!claims) return fail(claims.error().text());
  if (claims->head.subject != name) return fail("subject does not match jwt content");
  if (const auto fault = auth::jwt::find_fault(*claims); fault && mode_.directory()) {
    const std::string text = std::string(words().invalid) + "validation errors: [" + *fault + "]";
    log_.error(text + " - " + name);
    return answer_error(request, name, text);
  }
  if (mode_.directory() && mode_.store()->operators().wants_signing_key(claims->head.issuer))
    return fail("operator requires issuer to be a signing key");
  const auto taken = mode_.update(request.payload);
  if (!taken) return fail(taken.error().text());
  const std::string_view message = *taken ? words().updated : words().skipped;
  log_.debug(std::string(message) + " - " + name);
  answer_ok(request, name, message);
}

void ClaimsService::lookup(const SystemRequest& request, std::string_view account) {
  if (request.reply.empty()) return;
  const auto token = mode_.directory()->fetch(account);
  client_.publish(request.reply, token ? std::string_view(*token) : std::string_view());
}

void ClaimsService::list(const SystemRequest& request) {
  const std::vector<std::string> accounts = mode_.directory()->list();
  JsonWriter json;
  json.begin_object().key("data").begin_array();
  for (const std::string& account : accounts) json.value(account);
  json.end_array();
  write_server(json, facts_, ++sequence_, clock_.wall());
  log_.debug("list request responded with " + std::to_string(accounts.size()) + " account ids");
  answer(request, json.end_object().text());
}

void ClaimsService::remove(const SystemRequest& request) {
  std::string who;
  const auto count = remove_accounts(request.payload, who);
  if (count) {
    const std::string message = "deleted " + std::to_string(*count) + " accounts";
    log_.debug(message);
    return answer_ok(request, "", message);
  }
  const std::string text =
      "delete accounts request by " + who + " failed - " + count.error().text();
  log_.error(text);
  answer_error(request, "", text);
}

// A claim of an operator that lists them.
Result<std::size_t> ClaimsService::remove_accounts(std::string_view text, std::string& who) {
  ASSIGN_OR_RETURN(const auth::jwt::Token token, auth::jwt::open_token(text));
  who = token.head.subject;
  if (!mode_.allows_delete()) return failure("delete must be enabled in server config");
  if (token.head.subject != token.head.issuer) return failure("not self signed");
  if (!mode_.store()->operators().trusts(token.head.issuer)) return failure("not trusted");
  std::vector<std::string> accounts;
  TRY(codec::JsonReader(token.body(), "nats").read("accounts", accounts).done());
  if (accounts.empty()) return failure("malformed request");
  for (const std::string& account : accounts) {
    if (!crypto::is_public_nkey(crypto::NkeyKind::kAccount, account))
      return failure("malformed request");
    if (account == mode_.system_account()) return failure("not allowed to delete system account");
  }
  for (const std::string& account : accounts) TRY(mode_.remove(account));
  return accounts.size();
}

void ClaimsService::pack(const SystemRequest& request) {
  if (request.reply.empty()) return;
  const AccountDirectory::Pack pack = mode_.directory()->pack();
  if (request.payload != pack.digest) {
    for (const auto& [account, token] : pack.claims)
      client_.publish(request.reply, account + "|" + token);
  }
  client_.publish(request.reply, "");
}

void ClaimsService::answer_ok(const SystemRequest& request, std::string_view account,
                              std::string_view message) {
  JsonWriter json;
  json.begin_object();
  write_server(json, facts_, ++sequence_, clock_.wall());
  json.key("data").begin_object().field_unless_empty("account", account);
  json.field("code", 200).field_unless_empty("message", message).end_object();
  answer(request, json.end_object().text());
}

void ClaimsService::answer_error(const SystemRequest& request, std::string_view account,
                                 std::string_view description) {
  JsonWriter json;
  json.begin_object();
  write_server(json, facts_, ++sequence_, clock_.wall());
  json.key("error").begin_object().field_unless_empty("account", account);
  json.field("code", 500).field_unless_empty("description", description).end_object();
  answer(request, json.end_object().text());
}

void ClaimsService::answer(const SystemRequest& request, std::string_view json) {
  if (!request.reply.empty()) client_.publish(request.reply, json);
}

}  // namespace midge::server
