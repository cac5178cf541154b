#include "client/dial.h"

#include <utility>

#include "client/credentials.h"
#include "midge/version.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace midge::detail {
namespace {

// What the server's URL says of who logs in goes before the options.
Login with_url(Login login, const codec::ServerUrl& url) {
  if (!url.user) return login;
  if (url.password) {
    login.user = *url.user;
    login.password = *url.password;
  } else {
    login.token = *url.user;
  }
  return login;
}

Result<tls::ContextPtr> load_context(const TlsOptions& options, io::Disk& disk) {
  tls::TlsConfig config;
  config.ca_file = options.ca_file;
  config.insecure = options.insecure;
  config.verify = !options.insecure;
  if (!options.cert_file.empty())
    config.certificates = {{.cert_file = options.cert_file, .key_file = options.key_file}};
  return tls::Context::load(
      config, [&disk](const std::string& path) { return disk.read_file(path); },
      tls::Context::Use::kClient);
}

Result<std::unique_ptr<io::Stream>> connect_in_process(InProcess& server) {
  if (server.version() != kVersion)
    return failure("the server in this process is of version " + std::string(server.version()) +
                       ", the client of " + std::string(kVersion),
                   ErrorCode::kInvalid);
  return server.connect();
}

class DialJob final : public io::Job {
 public:
  DialJob(io::Env& env, DialPlan plan, std::function<void(Result<Dialed>)> done)
      : env_(env), plan_(std::move(plan)), done_(std::move(done)) {}
  void run() override { result_ = dial(); }
  void done() override { done_(std::move(result_)); }

 private:
  Result<Dialed> dial() {
    Dialed dialed;
    ASSIGN_OR_RETURN(Login login, load_login(plan_.login, env_.disk()));
    dialed.login = with_url(std::move(login), plan_.url);
    if (plan_.in_process) {
      ASSIGN_OR_RETURN(dialed.stream, connect_in_process(*plan_.in_process));
      return dialed;
    }
    tls::ContextPtr context;
    if (plan_.secure) {
      ASSIGN_OR_RETURN(context, load_context(plan_.tls, env_.disk()));
    }
    ASSIGN_OR_RETURN(
        dialed.stream,
        env_.net().connect({.host = plan_.url.host, .port = plan_.url.port}, plan_.timeout));
    if (context) dialed.stream = secured(std::move(dialed.stream), std::move(context));
    return dialed;
  }

  std::unique_ptr<io::Stream> secured(std::unique_ptr<io::Stream> wire, tls::ContextPtr context) {
    tls::StreamOptions options;
    options.opening = plan_.tls.first ? io::SecureStream::Opening::kFirst
                                      : io::SecureStream::Opening::kAfterGreeting;
    options.timeout = plan_.timeout;
    options.server_name = plan_.tls.server_name.empty() ? plan_.url.host : plan_.tls.server_name;
    return std::make_unique<tls::Stream>(std::move(wire), std::move(context), env_.pool(),
                                         env_.clock().wall(), std::move(options));
  }

  io::Env& env_;
  const DialPlan plan_;
  const std::function<void(Result<Dialed>)> done_;
  Result<Dialed> result_ = failure("not dialed");
};

}  // namespace

void dial(io::Env& env, io::Loop& loop, DialPlan plan, std::function<void(Result<Dialed>)> done) {
  env.pool().submit(loop, std::make_unique<DialJob>(env, std::move(plan), std::move(done)));
}

}  // namespace midge::detail
