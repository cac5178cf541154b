// How clients in this program reach a server that may be gone meanwhile. Thread: any.
#pragma once

#include "io/in_process.h"
#include "io/monitor.h"
#include "midge/version.h"
#include "server/server.h"

namespace midge::embed {

class Door final : public InProcess {
 public:
  explicit Door(server::Server& server) : server_(&server) {}
  // Before the server is destroyed: nobody comes in any more.
  void close() {
    const io::Monitor::Lock lock(monitor_);
    server_ = nullptr;
  }

  [[nodiscard]] std::string_view version() const override { return kVersion; }
  Result<std::unique_ptr<io::Stream>> connect() override {
    const io::Monitor::Lock lock(monitor_);
    if (server_ == nullptr) return failure("the server has shut down", ErrorCode::kClosed);
    return server_->open_in_process();
  }

 private:
  io::Monitor monitor_;
  server::Server* server_;
};

}  // namespace midge::embed
