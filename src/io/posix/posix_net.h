// TCP listeners, and blocking connections to servers.
#pragma once

#include "io/net.h"

namespace midge::io {

class PosixNet final : public Net {
 public:
  Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address,
                                           ListenerEvents& events) override;
  Result<std::unique_ptr<BlockingStream>> dial(const Address& address, Duration timeout) override;
  Result<std::unique_ptr<Stream>> connect(const Address& address, Duration timeout) override;
  std::vector<std::string> interface_addresses() override;
};

}  // namespace midge::io
