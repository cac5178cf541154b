#include "server/authentication.h"

#include "auth/config_authenticator.h"

namespace midge::server {

namespace {

bool maps_certificates(const Options& options) {
  return options.tls && options.tls->verify_and_map;
}

}  // namespace

auth::AuthenticatorPtr make_authenticator(const Options& options) {
  if (!auth::ConfigAuthenticator::is_needed(options.auth)) return nullptr;
  return std::make_shared<auth::ConfigAuthenticator>(options.auth, maps_certificates(options));
}

bool changes_logins(const Options& from, const Options& to) {
  return from.auth != to.auth || maps_certificates(from) != maps_certificates(to);
}

}  // namespace midge::server
