#include "server/options/operator_block.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "auth/jwt/claims.h"
#include "codec/conf/duration.h"
#include "crypto/nkey.h"
#include "server/options/fields.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

using auth::ResolverConfig;
using conf::Kind;
using conf::Member;
using conf::Value;

constexpr std::string_view kOperatorKeys =
    "operator operators root roots root_operator root_operators";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

// The token in a file: alone, or between lines of dashes.
std::string token_in(std::string_view content) {
  std::size_t begin = content.find("-----BEGIN");
  if (begin == std::string_view::npos) return std::string(trimmed(content));
  begin = content.find('\n', begin);
  if (begin == std::string_view::npos) return "";
  content.remove_prefix(begin);
  return std::string(trimmed(content.substr(0, content.find("\n-----"))));
}

// A token as written, or what the file of that name holds.
Result<std::string> token_of(const std::string& text, const conf::Sources& sources) {
  if (text.starts_with("eyJ")) return text;
  ASSIGN_OR_RETURN(const std::string content, sources.read_file(text));
  return token_in(content);
}

void load_operator(const Member& member, const std::string& text, const conf::Sources& sources,
                   Options& options, Findings& findings) {
  Result<std::string> token = token_of(text, sources);
  const Result<auth::jwt::OperatorClaims> claims =
      token ? auth::jwt::decode_operator(*token)
            : Result<auth::jwt::OperatorClaims>(std::unexpected(token.error()));
  if (claims)
    options.auth.operator_jwts.push_back(std::move(*token));
  else
    findings.error(member.position, "error parsing operator JWT: " + claims.error().text());
}

// What the claim of the only operator says where the file says nothing.
void follow_operator(Options& options) {
  const auto claims = auth::jwt::decode_operator(options.auth.operator_jwts.front());
  if (!claims) return;
  if (options.system_account.empty()) options.system_account = claims->system_account;
  if (options.auth.resolver || claims->account_server_url.empty()) return;
  ResolverConfig resolver;
  resolver.kind = ResolverConfig::Kind::kUrl;
  resolver.url = claims->account_server_url;
  if (!resolver.url.ends_with('/')) resolver.url += '/';
  resolver.url += "accounts/";
  options.auth.resolver = std::move(resolver);
}

void check_trusted_key(const std::string& key, const conf::Position& position, Options& options,
                       Findings& findings) {
  if (crypto::is_public_nkey(crypto::NkeyKind::kOperator, key))
    options.auth.trusted_keys.push_back(key);
  else
    findings.error(position,
                   "trust key " + quoted(key) + " required to be a valid public operator nkey");
}

// Texts of a string or an array, each with its place.
template <class Add>
void for_each_text(const Member& member, const char* name, Findings& findings, Add add) {
  const std::string context = fmt::format("error parsing {}: unsupported type ", name);
  if (member.value.kind == Kind::kString) {
    add(member.value.text, member.position);
  } else if (member.value.kind == Kind::kArray) {
    for (const Value& item : member.value.items) {
      if (item.kind == Kind::kString)
        add(item.text, item.position);
      else
        findings.error(item.position, context + "in array " + item.type_name());
    }
  } else {
    findings.error(member.position, context + member.value.type_name());
  }
}

// `URL(http://host/path/)`, quoted inside or not.
std::optional<std::string> url_in(std::string_view text) {
  if (lower_case(text.substr(0, 4)) != "url(" || !text.ends_with(')')) return std::nullopt;
  text = text.substr(4, text.size() - 5);
  if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
    text = text.substr(1, text.size() - 2);
  return std::string(trimmed(text));
}

bool is_memory(std::string_view word) {
  const std::string name = lower_case(word);
  return name == "mem" || name == "memory";
}

void unknown_resolver(const Member& member, Findings& findings) {
  findings.error(member.position,
                 "error parsing account resolver, should be MEM or  URL(\"url\") or a map "
                 "containing dir and type state=[FULL|CACHE])");
}

// A resolver's map while it is read. Durations are told wrong at the map's key.
struct Resolver {
  ResolverConfig config;
  std::string type;
  const Member* block = nullptr;
  bool has_interval = false, has_ttl = false;
};

void read_resolver_type(const Member& member, Resolver& resolver, Findings& findings) {
  if (auto text = text_of(member, findings)) resolver.type = lower_case(*text);
}

void read_directory(const Member& member, Resolver& resolver, Findings& findings) {
  if (auto text = text_of(member, findings)) resolver.config.directory = std::move(*text);
}

void read_allow_delete(const Member& member, Resolver& resolver, Findings& findings) {
  if (const auto allowed = boolean_of(member, findings)) resolver.config.allow_delete = *allowed;
}

void read_hard_delete(const Member& member, Resolver& resolver, Findings& findings) {
  if (const auto hard = boolean_of(member, findings)) resolver.config.hard_delete = *hard;
}

void read_limit(const Member& member, Resolver& resolver, Findings& findings) {
  if (const auto limit = integer_of(member, findings)) resolver.config.limit = *limit;
}

bool read_duration(const Member& member, Duration& duration, const Resolver& resolver,
                   Findings& findings) {
  const auto text = text_of(member, findings);
  if (!text) return false;
  const Result<Duration> parsed = conf::parse_duration(*text);
  if (!parsed) {
    findings.error(resolver.block->position, parsed.error().text());
    return false;
  }
  duration = *parsed;
  return true;
}

void read_interval(const Member& member, Resolver& resolver, Findings& findings) {
  resolver.has_interval |= read_duration(member, resolver.config.interval, resolver, findings);
}

void read_ttl(const Member& member, Resolver& resolver, Findings& findings) {
  resolver.has_ttl |= read_duration(member, resolver.config.ttl, resolver, findings);
}

void read_timeout(const Member& member, Resolver& resolver, Findings& findings) {
  (void)read_duration(member, resolver.config.timeout, resolver, findings);
}

constexpr BlockKey<Resolver> kResolverKeys[] = {
    {"type", read_resolver_type},
    {"dir", read_directory},
    {"allow_delete", read_allow_delete},
    {"hard_delete", read_hard_delete},
    {"limit", read_limit},
    {"interval", read_interval},
    {"ttl", read_ttl},
    {"timeout", read_timeout},
};

// What the type of resolver has no use for.
std::vector<std::string> contradictions(const Resolver& resolver) {
  const ResolverConfig& config = resolver.config;
  std::vector<std::string> texts;
  if (config.directory.empty())
    texts.emplace_back("dir has no value and needs to point to a directory");
  if (resolver.type == "full") {
    if (resolver.has_ttl) texts.emplace_back("FULL does not accept ttl");
    if (config.hard_delete && !config.allow_delete)
      texts.emplace_back("hard_delete has no effect without delete");
  } else {
    if (resolver.has_interval) texts.emplace_back("CACHE does not accept sync");
    if (config.allow_delete) texts.emplace_back("CACHE does not accept allow_delete");
    if (config.hard_delete) texts.emplace_back("CACHE does not accept hard_delete");
  }
  return texts;
}

void read_resolver_map(const Member& member, Options& options, Findings& findings) {
  Resolver resolver;
  resolver.block = &member;
  for (const Member& entry : member.value.members)
    if (!read_key(entry, kResolverKeys, resolver, findings))
      findings.note(entry.position, "\"" + entry.key + "\" has no effect here");
  if (is_memory(resolver.type)) {
    options.auth.resolver = ResolverConfig{};
    return;
  }
  if (resolver.type != "full" && resolver.type != "cache")
    return unknown_resolver(member, findings);
  for (const std::string& text : contradictions(resolver)) findings.error(member.position, text);
  resolver.config.kind =
      resolver.type == "full" ? ResolverConfig::Kind::kFull : ResolverConfig::Kind::kCache;
  options.auth.resolver = std::move(resolver.config);
}

}  // namespace

void read_operators(const Member& member, Options&, Findings& findings) {
  const std::string context = "error parsing operators: unsupported type ";
  const Value& value = member.value;
  if (value.kind != Kind::kString && value.kind != Kind::kArray)
    findings.error(member.position, context + value.type_name());
  for (const Value& item : value.items)
    if (item.kind != Kind::kString)  // the type's name is the peer's; the true type is ours
      findings.error(member.position, context + "*conf.token where string is expected (found a " +
                                          item.type_name() + " at " +
                                          conf::to_string(item.position) + ")");
}

void load_operators(const conf::Document& document, const conf::Sources& sources, Options& options,
                    Findings& findings) {
  const std::size_t before = findings.size();
  for (const Member& member : document.root.members) {
    if (!contains_name(kOperatorKeys, lower_case(member.key))) continue;
    if (member.value.kind == Kind::kString)
      load_operator(member, member.value.text, sources, options, findings);
    for (const Value& item : member.value.items)
      if (item.kind == Kind::kString) load_operator(member, item.text, sources, options, findings);
  }
  if (findings.size() == before && options.auth.operator_jwts.size() == 1) follow_operator(options);
}

void read_trusted_keys(const Member& member, Options& options, Findings& findings) {
  for_each_text(member, "trusted", findings,
                [&](const std::string& key, const conf::Position& position) {
                  check_trusted_key(key, position, options, findings);
                });
}

void read_resolver(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind == Kind::kMap) return read_resolver_map(member, options, findings);
  if (member.value.kind != Kind::kString) {
    findings.error(member.position, "error parsing operator resolver, wrong type " +
                                        std::string(member.value.type_name()));
    return;
  }
  ResolverConfig resolver;
  if (auto url = url_in(member.value.text)) {
    resolver.kind = ResolverConfig::Kind::kUrl;
    resolver.url = std::move(*url);
  } else if (!is_memory(member.value.text)) {
    return unknown_resolver(member, findings);
  }
  options.auth.resolver = std::move(resolver);
}

void read_resolver_preload(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "preload should be a map of account_public_key:account_jwt");
    return;
  }
  for (const Member& entry : member.value.members) {
    if (entry.value.kind != Kind::kString)
      findings.error(entry.position, "preload map value should be a string JWT");
    else if (const auto claims = auth::jwt::decode_account(entry.value.text); !claims)
      findings.error(entry.position, "invalid account JWT (" + claims.error().text() + ")");
    else
      options.auth.preloaded.emplace_back(entry.key, entry.value.text);
  }
}

void read_resolver_pinned_accounts(const Member& member, Options& options, Findings& findings) {
  for_each_text(member, "resolver_pinned_accounts", findings,
                [&](const std::string& key, const conf::Position&) {
                  options.auth.pinned_accounts.push_back(key);
                });
}

void read_default_sentinel(const Member& member, Options& options, Findings& findings) {
  if (auto text = text_of(member, findings)) options.auth.default_sentinel = std::move(*text);
}

}  // namespace midge::server
