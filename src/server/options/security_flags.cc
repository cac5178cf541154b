#include "server/options/security_flags.h"

#include <string>
#include <string_view>

#include "server/options/tls_block.h"

namespace midge::server {
namespace {

std::string text_of(const ParsedFlags& flags, std::string_view name) {
  const FlagValue* flag = flags.find(name);
  return flag == nullptr ? "" : flag->text;
}

}  // namespace

void apply_login_flags(const ParsedFlags& flags, Options& options) {
  auth::AuthConfig& auth = options.auth;
  if (!auth.users.empty() && !auth.single_user) return;
  const std::string user = text_of(flags, "user");
  const std::string password = text_of(flags, "pass");
  if (const std::string token = text_of(flags, "auth"); !token.empty()) auth.token = token;
  if (!user.empty() && auth.users.empty()) {
    auth.users.emplace_back();
    auth.single_user = true;
  }
  if (auth.single_user) {
    auth::UserConfig& single = auth.users.front();
    if (!user.empty()) single.user = user;
    if (!password.empty()) single.password = password;
    if (!user.empty() || !password.empty()) single.place = "the command line";
  }
  if (auth.token.empty()) return;
  // With both, clients are asked for the token.
  auth.users.clear();
  auth.single_user = false;
}

Result<void> apply_tls_flags(const ParsedFlags& flags, const conf::Sources& sources,
                             Options& options) {
  const tls::CertificateFiles files{text_of(flags, "tlscert"), text_of(flags, "tlskey")};
  const std::string ca_file = text_of(flags, "tlscacert");
  const bool is_on = flags.is_on("tls") || flags.is_on("tlsverify");
  const bool names_files = !files.cert_file.empty() || !files.key_file.empty() || !ca_file.empty();
  if (!is_on && !names_files) {
    if (flags.find("tls") != nullptr) options.tls.reset();  // `--tls=false`
    return {};
  }
  if (files.cert_file.empty()) return failure("TLS Server certificate must be present and valid");
  if (files.key_file.empty()) return failure("TLS Server private key must be present and valid");
  tls::TlsConfig config;
  config.certificates = {files};
  config.ca_file = ca_file;
  config.verify = flags.is_on("tlsverify");
  TRY(check_tls_files(config, sources));
  options.tls = std::move(config);
  return {};
}

}  // namespace midge::server
