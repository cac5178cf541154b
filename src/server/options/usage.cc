#include "server/options/usage.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "codec/conf/duration.h"
#include "server/options/options.h"
#include "server/options/table.h"
#include "server/options/tls_names.h"

namespace midge::server {
namespace {

constexpr std::size_t kTextColumn = 37;
const Options kDefaults;

std::string_view heading(Group group) {
  switch (group) {
    case Group::kServer:
      return "Server Options";
    case Group::kLogging:
      return "Logging Options";
    case Group::kJetStream:
      return "JetStream Options";
    case Group::kAuthorization:
      return "Authorization Options";
    case Group::kTls:
      return "TLS Options";
    case Group::kCluster:
      return "Cluster Options";
    case Group::kProfiling:
      return "Profiling Options";
    case Group::kCommon:
      return "Common Options";
  }
  return "";
}

// `-a, --addr, --net <host>`: names of up to three letters are short ones.
std::string flag_names(const Row& row) {
  std::string out;
  for (std::string_view names = row.flags; !names.empty();) {
    const std::string_view name = first_name(names);
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const bool is_short = out.empty() && name.size() <= 3 && name != "net" && name != "tls";
    if (!out.empty())
      out += ", ";
    else if (!is_short)
      out += "    ";
    out += is_short ? "-" : "--";
    out += name;
  }
  if (!row.argument.empty()) out += " " + std::string(row.argument);
  return out;
}

void append_flag(std::string& out, const Row& row) {
  std::string line = "    " + flag_names(row);
  if (line.size() + 1 > kTextColumn)
    line += "\n" + std::string(kTextColumn, ' ');
  else
    line.resize(kTextColumn, ' ');
  out += line + std::string(row.text);
  if (row.support == Support::kUnsupported) out += " (not supported yet)";
  out += '\n';
}

std::string type_name(const Row& row) {
  if (!row.type.empty()) {
    if (row.type == "int64") return "integer";
    if (row.type == "bool") return "boolean";
    return std::string(row.type);
  }
  struct Names {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool Options::*) const { return "boolean"; }
    std::string operator()(int Options::*) const { return "integer"; }
    std::string operator()(unsigned Options::*) const { return "integer"; }
    std::string operator()(std::int64_t Options::*) const { return "integer"; }
    std::string operator()(std::string Options::*) const { return "string"; }
    std::string operator()(Duration Options::*) const { return "duration"; }
  };
  return std::visit(Names{}, row.field);
}

std::string default_text(const Row& row) {
  struct Texts {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(bool Options::*field) const {
      return kDefaults.*field ? "true" : "false";
    }
    std::string operator()(int Options::*field) const { return std::to_string(kDefaults.*field); }
    std::string operator()(unsigned Options::*field) const {
      return std::to_string(kDefaults.*field);
    }
    std::string operator()(std::int64_t Options::*field) const {
      return std::to_string(kDefaults.*field);
    }
    std::string operator()(std::string Options::*field) const {
      return (kDefaults.*field).empty() ? "" : "`" + kDefaults.*field + "`";
    }
    std::string operator()(Duration Options::*field) const {
      return conf::format_duration(kDefaults.*field);
    }
  };
  return std::visit(Texts{}, row.field);
}

// `max_connections`, `max_conn`
std::string key_names(std::string_view keys) {
  std::string out;
  while (!keys.empty()) {
    const std::string_view key = first_name(keys);
    keys.remove_prefix(std::min(keys.size(), key.size() + 1));
    if (!out.empty()) out += ", ";
    out += "`" + std::string(key) + "`";
  }
  return out;
}

}  // namespace

std::string usage_text() {
  std::string out = "\nUsage: nats-server [options]\n";
  constexpr Group kOrder[] = {Group::kServer,        Group::kLogging, Group::kJetStream,
                              Group::kAuthorization, Group::kTls,     Group::kCluster,
                              Group::kProfiling,     Group::kCommon};
  for (const Group group : kOrder) {
    out += '\n';
    out += heading(group);
    out += ":\n";
    for (const Row& row : option_table())
      if (row.group == group && !row.flags.empty()) append_flag(out, row);
  }
  out += '\n';
  return out;
}

std::string version_text() {
  return std::string("nats-server: v") + kCompatibilityVersion + "\nmidge-server: v" +
         kMidgeVersion + "\n";
}

std::string tls_help_text() {
  std::string out =
      "\nTLS for clients is a block of the configuration file:\n\n"
      "    tls {\n"
      "        cert_file: \"server-cert.pem\"   # certificates, the server's own first\n"
      "        key_file:  \"server-key.pem\"\n"
      "        ca_file:   \"ca.pem\"            # authorities for certificates of clients\n"
      "        verify:    true                # clients must show one\n"
      "        verify_and_map: false          # and log in as the user it names\n"
      "        timeout:   \"2s\"              # of a handshake\n"
      "        min_version: \"1.2\"           # or \"1.3\"\n"
      "        handshake_first: auto          # or true: no INFO before the handshake\n"
      "        pinned_certs: []               # SHA-256 of the keys that may connect\n"
      "        connection_rate_limit: 0       # handshakes in a second, 0: any number\n"
      "        certs: [ {cert_file: a.pem, key_file: b.pem} ]   # several, chosen by name\n"
      "        cipher_suites: [], curve_preferences: []         # from the lists below\n"
      "    }\n\nPaths are relative to the working folder.\n";
  const auto list = [&out](const char* heading, std::span<const std::string_view> names) {
    out += fmt::format("\n{}:\n    {}\n", heading, fmt::join(names, "\n    "));
  };
  list("Cipher suites", tls_ciphers());
  list("Cipher suites that need `allow_insecure_cipher_suites: true`", insecure_tls_ciphers());
  list("Curves", tls_curves());
  return out + "\n";
}

std::string reference_text() {
  std::string out =
      "# Options of the configuration file\n\n"
      "Made by `midge-server --help_options`; do not edit.\n\n"
      "Names are not case-sensitive. Sizes take units (`64MB`), durations are quoted (`\"2m\"`). "
      "A flag wins over the file.\n\n"
      "| key | type | default | flag | reload | |\n|---|---|---|---|---|---|\n";
  for (const Row& row : option_table()) {
    if (row.keys.empty()) continue;
    out += "| " + key_names(row.keys) + " | ";
    if (row.support == Support::kUnsupported) {
      out += " | | | | " + std::string(row.text) + ": not supported yet |\n";
      continue;
    }
    out += type_name(row) + " | " + default_text(row) + " | ";
    if (!row.flags.empty()) out += "`-" + std::string(first_name(row.flags)) + "`";
    out +=
        std::string(" | ") + (row.reloadable ? "yes" : "") + " | " + std::string(row.text) + " |\n";
  }
  return out;
}

}  // namespace midge::server
