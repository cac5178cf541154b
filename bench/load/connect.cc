#include "connect.h"

#include <openssl/ssl.h>

#include "socket.h"

namespace midge::load {

std::string connect_frame(const Login& login) {
  std::string frame =
      R"(CONNECT {"verbose":false,"pedantic":false,"lang":"midge-load","version":"1",)"
      R"("protocol":1,"headers":true,"no_responders":true)";
  if (!login.user.empty()) {
    frame += R"(,"user":")" + login.user + R"(","pass":")" + login.password + '"';
  }
  return frame + "}\r\n";
}

SSL_CTX* tls_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    return made;
  }();
  return context;
}

}  // namespace midge::load
