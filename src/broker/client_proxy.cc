// A client behind a proxy: whose connection it is, the proxy's header says.
#include "broker/client.h"
#include "broker/worker.h"

namespace midge::broker {

bool Client::awaits_proxy_header() const {
  const io::ProxiedStream* proxied = stream_->proxied();
  return proxied != nullptr && proxied->awaits_header();
}

bool Client::wait_for_proxy_header() {
  if (!awaits_proxy_header()) return false;
  securing_ = Securing::kProxyHeader;
  return true;
}

void Client::on_proxy_header() {
  if (closing_ || securing_ != Securing::kProxyHeader) return;
  io::SecureStream* secure = stream_->secure();
  if (secure == nullptr)
    begin_session();
  else if (may_be_plain())
    await_choice(*secure);
  else
    start_handshake();
  watch_stream();
}

void Client::on_proxy_error(std::string_view text) {
  if (closing_) return;
  worker_.log().warn("Error reading PROXY protocol header from " + stream_->remote().text() + ": " +
                     std::string(text));
  close(CloseReason::kProtocolViolation);
}

}  // namespace midge::broker
