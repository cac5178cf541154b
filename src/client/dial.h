// Reaching a server: files are read, a name is resolved, a connection is made, on the pool.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "codec/server_url.h"
#include "io/env.h"
#include "io/in_process.h"
#include "io/stream.h"
#include "midge/options.h"

namespace midge::detail {

struct DialPlan {
  codec::ServerUrl url;
  Login login;
  TlsOptions tls;
  bool secure = false;  // TLS is wanted
  Duration timeout{};
  std::shared_ptr<InProcess> in_process;  // in place of the URL's host; null = none
};

struct Dialed {
  std::unique_ptr<io::Stream> stream;
  Login login;  // as loaded, with what the URL says
};

// `done` is called on `loop`, once, unless the loop ends before.
void dial(io::Env& env, io::Loop& loop, DialPlan plan, std::function<void(Result<Dialed>)> done);

}  // namespace midge::detail
