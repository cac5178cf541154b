// Decides who a connection is. Immutable, any thread: sessions ask on their loop, and through the
// pool when the answer takes long (bcrypt, chains of claims, fetches).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "auth/auth_config.h"
#include "auth/identity.h"
#include "auth/tls_peer.h"
#include "base/time.h"
#include "proto/connect_options.h"

namespace midge::auth {

// What is known of a connection that wants in. Owns its values: it may travel to the pool.
struct LoginRequest {
  proto::ConnectOptions connect;
  std::string nonce;  // as sent in INFO
  std::uint32_t connection_type = kStandard;
  std::string remote_host;
  TlsPeer tls;
  WallTime now{};
  std::uint64_t cid = 0;
  std::string mqtt_id;  // what an MQTT client calls itself; "" = it is none
  // False: it sent something else before CONNECT, and has shown nothing.
  bool by_connect = true;
  // Random bytes for keys that are made for this login alone.
  std::array<unsigned char, 56> entropy{};
  // Who it was taken for, where a reload asks again: what was proved before and has not changed
  // need not be proved once more.
  IdentityPtr previous;
};

struct Refused {
  // What the log says: which rule of which file or claim decided. Never a secret.
  std::string why;
  // What the client is told.
  std::string text = "Authorization Violation";
  enum class Reason : std::uint8_t {
    kAuthentication,
    kExpired,
    kRevoked,
    kProxyNotTrusted,
    kProxyRequired,
  } reason = Reason::kAuthentication;
  // It names a user that does not exist (any more).
  bool unknown_user = false;
};

inline Refused refused(std::string why, Refused::Reason reason = Refused::Reason::kAuthentication) {
  Refused verdict;
  verdict.why = std::move(why);
  verdict.reason = reason;
  return verdict;
}

// A service decides: what it is to be asked (auth/inquiry.h).
class Inquiry;
using InquiryPtr = std::shared_ptr<const Inquiry>;

// What the answer needs is on its way: the same question is to be asked again, after this long.
struct AskLater {
  Duration after;
};

using Verdict = std::variant<IdentityPtr, Refused, InquiryPtr, AskLater>;

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Whether CONNECT must prove anything: `auth_required` of INFO.
  [[nodiscard]] virtual bool required() const = 0;
  // Whether INFO carries a nonce.
  [[nodiscard]] virtual bool wants_nonce() const = 0;
  // Whether decide() never waits: nothing is fetched, nobody is asked.
  [[nodiscard]] virtual bool only_computes() const { return false; }
  // Whether decide() may take longer than a loop can wait.
  [[nodiscard]] virtual bool is_slow(const LoginRequest& request) const = 0;
  [[nodiscard]] virtual Verdict decide(const LoginRequest& request) const = 0;
};

using AuthenticatorPtr = std::shared_ptr<const Authenticator>;

}  // namespace midge::auth
