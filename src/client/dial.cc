#include "client/dial.h"

#include <utility>

#include "client/credentials.h"
#include "client/http_tunnel.h"
#include "midge/version.h"
#include "tls/cipher_list.h"
#include "tls/context.h"
#include "tls/stream.h"
#include "websocket/client_stream.h"

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

// Files that are none: texts which the user gave instead.
constexpr const char* kCa = "tls.ca";
constexpr const char* kCert = "tls.cert";
constexpr const char* kKey = "tls.key";

Result<std::string> read_pem(const TlsOptions& options, io::Disk& disk, const std::string& path) {
  if (path == kCa && !options.ca.empty()) return options.ca;
  if (path == kCert && !options.cert.empty()) return options.cert;
  if (path == kKey && !options.cert.empty()) return options.key;
  return disk.read_file(path);
}

// A name that is not known would leave more open than the user thinks.
Result<void> check_names(const TlsOptions& options) {
  const std::string& version = options.min_version;
  if (!version.empty() && version != "1.2" && version != "1.3")
    return failure("tls: no such min_version: " + version, ErrorCode::kInvalid);
  for (const std::string& name : options.ciphers) {
    ASSIGN_OR_RETURN(const std::string known, tls::cipher_list({name}));
    if (known.empty() &&
        (":" + tls::tls13_suites() + ":").find(":" + name + ":") == std::string::npos)
      return failure("tls: no such cipher: " + name, ErrorCode::kInvalid);
  }
  return {};
}

Result<tls::ContextPtr> load_context(const TlsOptions& options, io::Disk& disk) {
  TRY(check_names(options));
  tls::TlsConfig config;
  config.ca_file = options.ca.empty() ? options.ca_file : kCa;
  config.insecure = options.insecure;
  config.verify = !options.insecure;
  config.min_version = options.min_version;
  config.ciphers = options.ciphers;
  config.curves = options.curves;
  if (!options.cert.empty())
    config.certificates = {{.cert_file = kCert, .key_file = kKey}};
  else if (!options.cert_file.empty())
    config.certificates = {{.cert_file = options.cert_file, .key_file = options.key_file}};
  return tls::Context::load(
      config, [&](const std::string& path) { return read_pem(options, disk, path); },
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
  DialJob(Worker& worker, DialPlan plan, std::function<void(Result<Dialed>)> done)
      : worker_(worker), env_(worker.env()), plan_(std::move(plan)), done_(std::move(done)) {}
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
    ASSIGN_OR_RETURN(dialed.stream, reach(dialed.proxy_fault));
    if (plan_.secure) {
      ASSIGN_OR_RETURN(tls::ContextPtr context, load_context(plan_.tls, env_.disk()));
      const std::string& name = plan_.tls.server_name;
      dialed.stream = secured(std::move(dialed.stream), std::move(context),
                              name.empty() ? plan_.url.host : name);
    }
    if (plan_.url.is_web_socket()) {
      ASSIGN_OR_RETURN(dialed.stream, framed(std::move(dialed.stream)));
    }
    return dialed;
  }

  // The server itself, or a tunnel to it.
  Result<std::unique_ptr<io::Stream>> reach(std::shared_ptr<const std::string>& proxy_fault) {
    if (!plan_.proxy) return connect(plan_.url);
    const codec::ServerUrl& proxy = *plan_.proxy;
    auto wire = connect(proxy);
    if (!wire) return std::unexpected(wire.error().within("proxy " + proxy.host_and_port()));
    if (proxy.is_secure()) {
      // Our certificate is for servers.
      TlsOptions trust;
      trust.ca_file = plan_.tls.ca_file;
      trust.ca = plan_.tls.ca;
      trust.insecure = plan_.tls.insecure;
      ASSIGN_OR_RETURN(tls::ContextPtr context, load_context(trust, env_.disk()));
      wire = secured(*std::move(wire), std::move(context), proxy.host);
    }
    std::string credentials;
    if (proxy.user) credentials = *proxy.user + ":" + proxy.password.value_or("");
    const auto fault = std::make_shared<std::string>();
    proxy_fault = fault;
    return std::make_unique<HttpTunnel>(*std::move(wire),
                                        connect_request(plan_.url.host_and_port(), credentials),
                                        proxy.host_and_port(), fault);
  }

  Result<std::unique_ptr<io::Stream>> connect(const codec::ServerUrl& url) {
    return env_.net().connect({.host = url.host, .port = url.port}, plan_.timeout);
  }

  std::unique_ptr<io::Stream> secured(std::unique_ptr<io::Stream> wire, tls::ContextPtr context,
                                      const std::string& server_name) {
    tls::StreamOptions options;
    options.timeout = plan_.timeout;
    options.server_name = server_name;
    return std::make_unique<tls::Stream>(std::move(wire), std::move(context), env_.pool(),
                                         env_.clock().wall(), std::move(options));
  }

  Result<std::unique_ptr<io::Stream>> framed(std::unique_ptr<io::Stream> wire) {
    Headers headers = plan_.web_socket.headers;
    if (plan_.web_socket.fetch_headers) {
      ASSIGN_OR_RETURN(headers, plan_.web_socket.fetch_headers());
    }
    if (!headers.fault().empty()) return failure(std::string(headers.fault()), ErrorCode::kInvalid);
    return std::make_unique<websocket::ClientStream>(
        std::move(wire),
        websocket::ClientTerms{.host = plan_.url.host_and_port(),
                               .path = plan_.url.path,
                               .headers = headers.lines(),
                               .compression = plan_.web_socket.compression},
        worker_.compression(), env_.entropy());
  }

  Worker& worker_;
  io::Env& env_;
  const DialPlan plan_;
  const std::function<void(Result<Dialed>)> done_;
  Result<Dialed> result_ = failure("not dialed");
};

}  // namespace

void dial(Worker& worker, DialPlan plan, std::function<void(Result<Dialed>)> done) {
  worker.env().pool().submit(worker.loop(),
                             std::make_unique<DialJob>(worker, std::move(plan), std::move(done)));
}

}  // namespace midge::detail
