// Tells the system account of those who come and go on one loop: CONNECT, DISCONNECT and refused
// logins; and whoever counts them that the connections of an account have changed.
//
// Where nobody is in the system account to hear it, a session costs a look at that. Life: attached
// before the loops run, outlives the broker. Thread: its loop's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/internal_receiver.h"
#include "broker/session_watcher.h"
#include "broker/worker.h"

namespace midge::server {

class SessionEvents final : public broker::LoopService, private broker::SessionWatcher {
 public:
  // The account's connections have changed, and somebody wants to know; on this loop.
  using Changed = std::function<void(const std::string& account)>;

  SessionEvents(broker::Worker& worker, std::string server_id, Changed changed);

  void on_tick() override;

 private:
  enum class Kind : std::uint8_t { kConnect, kDisconnect, kRefused };
  struct Event {
    Kind kind;
    broker::ConnectionInfo info;
  };

  void on_session_begin(const broker::Client& client) override;
  void on_login_refused(const broker::Client& client) override;
  void on_session_end(const broker::ConnectionInfo& info) override;

  [[nodiscard]] bool has_listeners() const;
  void note(Kind kind, broker::ConnectionInfo info);
  void tell(const Event& event);
  [[nodiscard]] std::string subject_of(const Event& event) const;

  broker::Worker& worker_;
  std::string server_id_;
  Changed changed_;
  std::vector<Event> events_;  // of this tick
};

// The event itself: of one that has begun, or, with the reason, of one that has ended.
[[nodiscard]] std::string session_event(broker::Worker& worker, const broker::ConnectionInfo& info,
                                        std::optional<std::string_view> reason);

// The subjects of an account's figures, the older one first.
[[nodiscard]] std::vector<std::string> connections_subjects(std::string_view account);

}  // namespace midge::server
