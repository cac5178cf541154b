// A server that lives in somebody else's program: what it is made of, and its life.
//
// made → started → over; or made → over. The thread "midge-keeper" waits for the loops from start()
// on. Thread: any; destruction, which waits for the keeper, comes last.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "embed/door.h"
#include "embed/milestone.h"
#include "embed/sink.h"
#include "io/posix/log_writer.h"
#include "io/posix/posix_thread.h"
#include "midge/server.h"
#include "server/server.h"

namespace midge::embed {

class Host {
 public:
  explicit Host(ServerOptions asked);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Once, before all else.
  Result<void> open();
  Result<void> start();
  // Asks, and does not wait.
  void shut_down();
  // What of a reload does not wait. `applied`: all loops have it; called on any thread.
  Result<void> reload(ServerOptions asked, std::function<void()> applied);
  [[nodiscard]] ServerOptions asked() const;

  [[nodiscard]] server::Server& server() { return *server_; }
  [[nodiscard]] const std::shared_ptr<Door>& door() const { return door_; }
  Milestone ready, stopped;

 private:
  enum class Life { kMade, kStarted, kOver };
  [[nodiscard]] io::LogOptions log_options(const server::Options& options) const;

  const std::unique_ptr<io::Env> env_;
  const std::shared_ptr<Sink> sink_;
  mutable io::Monitor monitor_;
  ServerOptions asked_;      // under the monitor
  Life life_ = Life::kMade;  // under the monitor
  io::Monitor reloading_;    // one at a time
  std::unique_ptr<io::LogWriter> log_;
  std::unique_ptr<server::Server> server_;
  std::shared_ptr<Door> door_;
  std::optional<io::PosixThread> keeper_;
};

}  // namespace midge::embed
