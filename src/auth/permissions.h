// What one identity may publish and subscribe to: compiled once, then asked by every session that
// has it. Immutable; any thread. Sessions keep the answers by subject in caches of their own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/permissions_config.h"

namespace midge::auth {

class Permissions {
 public:
  // Errors: a subject or queue that is not valid, with nats-server's text.
  static std::shared_ptr<const Permissions> compile(const PermissionsConfig& config);

  enum class Subscribe {
    kAllowed,
    kAllowedInPart,  // a deny rule matches some of it: ask may_receive() for each message
    kDenied,
  };

  // Deny wins over allow.
  [[nodiscard]] bool may_publish(std::string_view subject) const;
  [[nodiscard]] Subscribe may_subscribe(std::string_view subject, std::string_view queue) const;
  // For subscriptions allowed in part: whether a message on `subject` may be delivered.
  [[nodiscard]] bool may_receive(std::string_view subject) const;
  // Replies to received requests, beyond the publish rules.
  [[nodiscard]] const std::optional<ResponseRule>& responses() const { return config_.responses; }
  [[nodiscard]] const PermissionsConfig& config() const { return config_; }

 private:
  PermissionsConfig config_;
};

}  // namespace midge::auth
