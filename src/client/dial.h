// Reaching a server: files are read, a name is resolved, a connection is made, on the pool.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "client/worker.h"
#include "codec/server_url.h"
#include "io/in_process.h"
#include "io/stream.h"
#include "midge/options.h"

namespace midge::detail {

struct DialPlan {
  codec::ServerUrl url;
  Login login;
  TlsOptions tls;
  WebSocketOptions web_socket;
  std::optional<codec::ServerUrl> proxy;
  bool secure = false;  // TLS is wanted
  Duration timeout{};
  std::shared_ptr<InProcess> in_process;  // in place of the URL's host; null = none
};

struct Dialed {
  // One that has to be opened, if it is a web socket's.
  std::unique_ptr<io::Stream> stream;
  Login login;  // as loaded, with what the URL says
  // Why nothing comes through the proxy; "" = it does. Null: there is none. The loop's.
  std::shared_ptr<const std::string> proxy_fault;
};

// `done` is called on the worker's loop, once, unless the loop ends before.
void dial(Worker& worker, DialPlan plan, std::function<void(Result<Dialed>)> done);

}  // namespace midge::detail
