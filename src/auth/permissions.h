// What one identity may publish and subscribe to: compiled once, then asked by every session that
// has it. Immutable; any thread. Sessions keep the answers by subject in caches of their own.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "auth/permissions_config.h"
#include "auth/publish_rules.h"
#include "auth/rule_trie.h"

namespace midge::auth {

class Permissions {
 public:
  // The subjects and queues in `config` are valid: whoever read them has checked.
  static std::shared_ptr<const Permissions> compile(const PermissionsConfig& config);

  enum class Subscribe : unsigned char {
    kAllowed,
    kAllowedInPart,  // not all that it matches: ask may_receive() for each message
    kDenied,
  };

  // Deny wins over allow. Where replies may be sent and no rule says what may be published, nothing
  // else may.
  [[nodiscard]] bool may_publish(std::string_view subject) const { return publish_.allow(subject); }
  // See PublishRules. Lives as long as this.
  [[nodiscard]] const PublishShortcut* publish_shortcut(std::string_view subject) const {
    return publish_.shortcut(subject);
  }
  // Among the rules that allow, those that name a queue decide over those that do not: `foo` and
  // `foo v1` together let no queue but v1 subscribe to foo.
  [[nodiscard]] Subscribe may_subscribe(std::string_view subject, std::string_view queue) const;
  // For subscriptions allowed in part: whether a message on `subject` may be delivered to one with
  // this queue.
  [[nodiscard]] bool may_receive(std::string_view subject, std::string_view queue) const;
  // Whether may_receive() looks at the queue.
  [[nodiscard]] bool receiving_depends_on_queue() const {
    return subscribe_.allow.has_queues() || subscribe_.deny.has_queues();
  }
  // Replies to received requests, beyond the publish rules.
  [[nodiscard]] const std::optional<ResponseRule>& responses() const { return config_.responses; }
  [[nodiscard]] const PermissionsConfig& config() const { return config_; }

 private:
  struct Rules {
    RuleTrie allow, deny;
    bool allows_all = true;  // that is not denied
  };
  static Rules compile_rules(const std::optional<SubjectRules>& config);

  PermissionsConfig config_;
  PublishRules publish_;
  Rules subscribe_;
};

}  // namespace midge::auth
