// What a listener needs for its handshakes: certificates, authorities, rules. Immutable; a renewed
// certificate or a reload makes a new one, and connections keep the one they began with.
//
// Thread: any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "tls/ocsp_peer.h"
#include "tls/staple.h"
#include "tls/tls_config.h"

struct ssl_st;

namespace midge::tls {

class Session;

// How files are read: io::Disk's read_file, or a test's map.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

class Context;
using ContextPtr = std::shared_ptr<const Context>;

class Context : public std::enable_shared_from_this<Context> {
 public:
  enum class Use : std::uint8_t {
    kListener,      // serves; demands a client's certificate if the configuration says so
    kOpenListener,  // serves anybody: monitoring
    kClient,        // connects; shows the first certificate if there is one
  };
  // What a context has of others; all of it may be missing.
  struct Shared {
    OcspPeerCheckPtr peer_check;     // what clients' certificates have to pass beyond their chains
    std::vector<StaplePtr> staples;  // of another context with the same certificates
  };
  // Reads and checks everything the configuration names. Errors: nats-server's texts.
  static Result<ContextPtr> load(const TlsConfig& config, const ReadFile& read_file,
                                 Use use = Use::kListener, Shared shared = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // A connection that has not begun. Certificates are judged as of `now`. `server_name`: of
  // clients, whom they want to talk to.
  [[nodiscard]] std::unique_ptr<Session> make_session(WallTime now,
                                                      const std::string& server_name = "") const;
  // Whether a certificate with this SHA-256 of its SPKI may connect.
  [[nodiscard]] bool is_pinned(const std::string& spki_sha256) const;
  [[nodiscard]] const TlsConfig& config() const { return config_; }
  // When the first certificate ends to be valid.
  [[nodiscard]] WallTime not_after() const { return not_after_; }
  // One per certificate, in the configuration's order; what is set there is served.
  [[nodiscard]] std::vector<StaplePtr> staples() const;
  // Null if there is nothing to check.
  [[nodiscard]] const OcspPeerCheck* peer_check() const { return shared_.peer_check.get(); }

 private:
  struct Identity;  // a certificate, and the names it is for
  struct Parts;
  Context(TlsConfig config, Use use, Shared shared);
  Result<void> load_all(const ReadFile& read_file);
  Result<void> load_identity(const CertificateFiles& files, const ReadFile& read_file,
                             const std::string& place);
  Result<void> load_authorities(const ReadFile& read_file);
  void prepare_staples(const std::vector<x509_st*>& authorities);
  static int choose_identity(ssl_st* ssl, int* alert, void* context);

  const TlsConfig config_;
  const Use use_;
  const Shared shared_;
  WallTime not_after_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace midge::tls
