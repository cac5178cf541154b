#include "server/options/tls_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/ocsp_block.h"
#include "server/options/quoted.h"
#include "server/options/seconds.h"
#include "server/options/tls_names.h"
#include "tls/context.h"

namespace midge::server {
namespace {

using conf::Kind;
using conf::Member;
using conf::Value;
using tls::CertificateFiles;
using tls::TlsConfig;

constexpr std::string_view kContext = "error parsing tls config, ";

void fail(const Member& member, const std::string& text, Findings& findings) {
  findings.error(member.position, fmt::format("{}{}", kContext, text));
}

void read_file_name(const Member& member, const char* key, std::string& name, Findings& findings) {
  if (member.value.kind == Kind::kString)
    name = member.value.text;
  else
    fail(member, fmt::format("expected '{}' to be filename", key), findings);
}

// `cert_file` and `key_file` make the first certificate; `certs` a list.
struct Block {
  TlsConfig config;
  CertificateFiles files;
  bool has_list = false;
};

void read_cert_file(const Member& member, Block& block, Findings& findings) {
  read_file_name(member, "cert_file", block.files.cert_file, findings);
}

void read_key_file(const Member& member, Block& block, Findings& findings) {
  read_file_name(member, "key_file", block.files.key_file, findings);
}

void read_ca_file(const Member& member, Block& block, Findings& findings) {
  read_file_name(member, "ca_file", block.config.ca_file, findings);
}

void read_switch(const Member& member, const char* key, bool& value, Findings& findings) {
  if (member.value.kind == Kind::kBool)
    value = member.value.boolean;
  else
    fail(member, fmt::format("expected '{}' to be a boolean", key), findings);
}

void read_verify(const Member& member, Block& block, Findings& findings) {
  read_switch(member, "verify", block.config.verify, findings);
}

void read_verify_and_map(const Member& member, Block& block, Findings& findings) {
  read_switch(member, "verify_and_map", block.config.verify_and_map, findings);
}

void read_verify_known_urls(const Member& member, Block& block, Findings& findings) {
  read_switch(member, "verify_cert_and_check_known_urls", block.config.verify_known_urls, findings);
  if (block.config.verify_known_urls)  // routes and gateways alone have such URLs
    findings.error(member.position,
                   "verify_cert_and_check_known_urls not supported in this context");
}

void read_insecure(const Member& member, Block& block, Findings& findings) {
  read_switch(member, "insecure", block.config.insecure, findings);
}

void read_allow_insecure(const Member& member, Block& block, Findings& findings) {
  read_switch(member, "allow_insecure_cipher_suites", block.config.allow_insecure_ciphers,
              findings);
}

// A list of known names that may not be empty.
template <class Known>
void read_names(const Member& member, const char* key, const char* what, Known known,
                std::vector<std::string>& names, Findings& findings) {
  if (!is_array(member, findings)) return;
  if (member.value.items.empty()) {
    fail(member, fmt::format("'{}' cannot be empty", key), findings);
    return;
  }
  names.clear();
  for (const Value& item : member.value.items) {
    auto name = text_of(item, findings);
    if (!name) continue;
    if (known(*name))
      names.push_back(std::move(*name));
    else
      findings.error(item.position, fmt::format("unrecognized {} {}", what, *name));
  }
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

void read_ciphers(const Member& member, Block& block, Findings& findings) {
  const auto is_known = [](const std::string& name) {
    return contains(tls_ciphers(), name) || contains(insecure_tls_ciphers(), name);
  };
  read_names(member, "cipher_suites", "cipher", is_known, block.config.ciphers, findings);
}

void read_curves(const Member& member, Block& block, Findings& findings) {
  const auto is_known = [](const std::string& name) { return contains(tls_curves(), name); };
  read_names(member, "curve_preferences", "curve preference", is_known, block.config.curves,
             findings);
}

void read_timeout(const Member& member, Block& block, Findings& findings) {
  if (const auto timeout = seconds_of(member, "tls", findings)) block.config.timeout = *timeout;
}

void read_rate_limit(const Member& member, Block& block, Findings& findings) {
  if (member.value.kind == Kind::kInteger)
    block.config.connection_rate_limit = member.value.integer;
  else
    fail(member, "'connection_rate_limit' wrong type", findings);
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void read_pinned_certs(const Member& member, Block& block, Findings& findings) {
  constexpr const char* kWanted = "hex-encoded sha256 of DER encoded SubjectPublicKeyInfo";
  if (member.value.kind != Kind::kArray) {
    fail(member, fmt::format("expected 'pinned_certs' to be a list of {}", kWanted), findings);
    return;
  }
  for (const Value& item : member.value.items) {
    const auto text = text_of(item, findings);
    if (!text) continue;
    std::string pin = lower_case(*text);
    if (is_sha256(pin))
      block.config.pinned_certs.push_back(std::move(pin));
    else
      findings.error(item.position, fmt::format("{}'pinned_certs' key {} does not look like {}",
                                                kContext, pin, kWanted));
  }
}

// A boolean, `auto`, or how long to wait for a handshake before INFO goes out.
void read_handshake_first(const Member& member, Block& block, Findings& findings) {
  constexpr Duration kAutomatic = milliseconds(50);
  TlsConfig& config = block.config;
  if (member.value.kind == Kind::kBool) {
    config.handshake_first = member.value.boolean;
    return;
  }
  if (member.value.kind != Kind::kString) {
    findings.error(member.position, "field " + quoted(member.key) +
                                        " should be a boolean or a string, got " +
                                        member.value.type_name());
    return;
  }
  const std::string word = lower_case(member.value.text);
  const Result<Duration> fallback = conf::parse_duration(member.value.text);
  config.handshake_first = word != "false" && word != "off";
  if (word == "auto" || word == "auto_fallback")
    config.first_fallback = kAutomatic;
  else if (fallback)
    config.first_fallback = *fallback;
  else if (word != "true" && word != "on" && word != "false" && word != "off")
    findings.error(member.position, "field " + quoted(member.key) + "'s value " +
                                        quoted(member.value.text) + " is invalid");
}

void read_min_version(const Member& member, Block& block, Findings& findings) {
  const std::string context = "error parsing tls config: ";
  const Value& value = member.value;
  if (value.kind != Kind::kString)
    findings.error(member.position, context + "'min_version' wrong type: " + plain_text(value));
  else if (value.text == "1.0" || value.text == "1.1")
    findings.error(member.position, context + "unsupported TLS version: TLS " + value.text);
  else if (value.text != "1.2" && value.text != "1.3")
    findings.error(member.position, context + "unknown version: " + value.text);
  else
    block.config.min_version = value.text;
}

void read_listed_cert(const Member& member, CertificateFiles& files, Findings& findings) {
  if (member.value.kind == Kind::kString)
    files.cert_file = member.value.text;
  else
    findings.error(member.position, "error parsing certificates config: unsupported type " +
                                        std::string(member.value.type_name()));
}

void read_listed_key(const Member& member, CertificateFiles& files, Findings& findings) {
  if (member.value.kind == Kind::kString)
    files.key_file = member.value.text;
  else
    findings.error(member.position, "error parsing certificates config: unsupported type " +
                                        std::string(member.value.type_name()));
}

constexpr BlockKey<CertificateFiles> kListedKeys[] = {
    {"cert_file", read_listed_cert},
    {"key_file", read_listed_key},
};

void read_listed(const Value& item, Block& block, Findings& findings) {
  const std::string context = "error parsing certificates config: ";
  if (item.kind != Kind::kMap) {
    findings.error(item.position, context + "unsupported type " + item.type_name());
    return;
  }
  CertificateFiles files;
  const std::size_t before = findings.size();
  for (const Member& member : item.members)
    if (!read_key(member, kListedKeys, files, findings) && !member.is_variable)
      findings.error(member.position,
                     "error parsing tls certs config, unknown field " + quoted(member.key));
  if (findings.size() > before) return;
  if (files.cert_file.empty() || files.key_file.empty())
    findings.error(last_position(item),
                   context + "both 'cert_file' and 'cert_key' options are required");
  else
    block.config.certificates.push_back(std::move(files));
}

void read_list(const Member& member, Block& block, Findings& findings) {
  if (member.value.kind != Kind::kArray) {
    // The type's name is the peer's; the true type is ours.
    findings.error(member.position,
                   "error parsing certificates config: unsupported type map[string]interface {} "
                   "(found " +
                       std::string(member.value.type_name()) + ")");
    return;
  }
  block.has_list = !member.value.items.empty();
  for (const Value& item : member.value.items) read_listed(item, block, findings);
}

void read_ocsp_peer_rules(const Member& member, Block& block, Findings& findings) {
  read_ocsp_peer(member, block.config.ocsp_peer, findings);
}

void read_cert_store(const Member& member, Block&, Findings& findings) {
  const std::string name = lower_case(member.value.text);
  if (member.value.kind != Kind::kString || name.empty())
    findings.error(member.position, "expected 'cert_store' to be a valid non-empty string");
  else if (name != "windowscurrentuser" && name != "windowslocalmachine")
    findings.error(member.position, "cert store type not implemented");
  else
    findings.error(member.position, "cert_store not compatible with current operating system");
}

// Words of certificate stores that other systems have.
void read_without_effect(const Member& member, Block&, Findings& findings) {
  findings.note(member.position, "\"" + member.key + "\" has no effect here");
}

constexpr BlockKey<Block> kKeys[] = {
    {"cert_file", read_cert_file},
    {"key_file", read_key_file},
    {"ca_file", read_ca_file},
    {"verify", read_verify},
    {"verify_and_map", read_verify_and_map},
    {"verify_cert_and_check_known_urls", read_verify_known_urls},
    {"insecure", read_insecure},
    {"allow_insecure_cipher_suites", read_allow_insecure},
    {"cipher_suites", read_ciphers},
    {"curve_preferences", read_curves},
    {"timeout", read_timeout},
    {"connection_rate_limit", read_rate_limit},
    {"pinned_certs", read_pinned_certs},
    {"handshake_first first immediate", read_handshake_first},
    {"min_version", read_min_version},
    {"certs certificates", read_list},
    {"ocsp_peer", read_ocsp_peer_rules},
    {"cert_store", read_cert_store},
    {"cert_match_by cert_match ca_certs_match cert_match_skip_invalid", read_without_effect},
};

// What is wrong with the block as a whole, or nothing.
std::string contradiction(const Block& block) {
  const CertificateFiles& files = block.files;
  if (block.has_list && !files.cert_file.empty())
    return fmt::format("{}cannot combine 'cert_file' option with 'certs' option", kContext);
  if (!files.cert_file.empty() && files.key_file.empty())
    return "missing 'key_file' in TLS configuration";
  if (!block.has_list && files.cert_file.empty() && !files.key_file.empty())
    return "missing 'cert_file' in TLS configuration";
  if (block.config.allow_insecure_ciphers) return "";
  std::string insecure;
  for (const std::string& cipher : block.config.ciphers)
    if (contains(insecure_tls_ciphers(), cipher))
      insecure += (insecure.empty() ? "" : ", ") + cipher;
  return insecure.empty() ? ""
                          : "insecure cipher suites configured without "
                            "'allow_insecure_cipher_suites' option set: " +
                                insecure;
}

}  // namespace

std::optional<TlsConfig> read_tls_config(const Member& member, Findings& findings) {
  if (!is_map(member, findings)) return std::nullopt;
  Block block;
  const std::size_t before = findings.size();
  for (const Member& entry : member.value.members)
    if (!read_key(entry, kKeys, block, findings) && !entry.is_variable)
      fail(entry, "unknown field " + quoted(entry.key), findings);
  if (findings.size() == before)
    if (const std::string text = contradiction(block); !text.empty())
      findings.error(member.position, text);
  block.config.listed = block.has_list;
  if (!block.files.cert_file.empty()) block.config.certificates = {std::move(block.files)};
  return std::move(block.config);
}

void read_tls(const Member& member, Options& options, Findings& findings) {
  if (auto config = read_tls_config(member, findings)) options.tls = std::move(*config);
}

void read_resolver_tls(const Member& member, Options& options, Findings& findings) {
  if (auto config = read_tls_config(member, findings)) options.resolver_tls = std::move(*config);
}

Result<void> check_tls_files(const TlsConfig& config, const conf::Sources& sources) {
  // Without a certificate there is nothing to serve with, but an authority is read all the same.
  const auto use =
      config.certificates.empty() ? tls::Context::Use::kClient : tls::Context::Use::kListener;
  TRY(tls::Context::load(config, sources.read_file, use));
  return {};
}

}  // namespace midge::server
