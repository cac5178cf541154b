// TCP listeners, and short exchanges with servers.
#pragma once

#include "io/net.h"

namespace midge::io {

class PosixNet final : public Net {
 public:
  Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address,
                                           ListenerEvents& events) override;
  Result<std::string> exchange(const Address& address, std::string_view request, Duration timeout,
                               std::size_t answer_max) override;
  std::vector<std::string> interface_addresses() override;
};

}  // namespace midge::io
