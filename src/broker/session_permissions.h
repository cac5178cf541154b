// What one session may do: the rules of its identity, and the replies it may send to requests it
// received. Sessions that may do everything have none.
// Thread: the session's loop.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include <tsl/robin_map.h>

#include "auth/permissions.h"
#include "base/time.h"
#include "broker/answer_cache.h"

namespace midge::broker {

class SessionPermissions {
 public:
  // Requests whose replies are still allowed; the oldest are forgotten first.
  static constexpr std::size_t kRequestsMax = 65536;

  SessionPermissions(std::shared_ptr<const auth::Permissions> rules, std::uint64_t salt)
      : rules_(std::move(rules)), receive_(salt), by_reply_(0, TextHash{subject::TextHash(salt)}) {}

  // What the rules allow. RouteCache::permits() remembers it by subject.
  [[nodiscard]] bool may_publish(std::string_view subject) {
    const auth::PublishShortcut* before = before_[like(subject)];
    return (before != nullptr && before->allows(subject)) || ask_rules(subject);
  }
  [[nodiscard]] const std::shared_ptr<const auth::Permissions>& rules() const { return rules_; }
  // What they do not: whether it is a reply that may be sent. Counts it.
  [[nodiscard]] bool take_reply(std::string_view subject, MonoTime now);
  // A subscription allowed in part makes the session ask may_receive() from now on.
  [[nodiscard]] bool may_subscribe(std::string_view subject, std::string_view queue);
  [[nodiscard]] bool may_receive(std::string_view subject, std::string_view queue);
  // A request with this reply subject was delivered.
  void note_request(std::string_view reply, MonoTime now);

  // Whether deliveries have to ask may_receive() and tell note_request().
  [[nodiscard]] bool guards_delivery() const { return sieves_ || rules_->responses().has_value(); }
  [[nodiscard]] std::size_t requests() const { return requests_.size(); }

 private:
  struct Request {
    std::string reply;
    std::int64_t left;  // below 0: any number
    MonoTime expires;   // zero: never
  };
  struct TextHash {
    subject::TextHash hash;
    std::size_t operator()(std::string_view text) const { return hash(text, 0); }
  };
  using Requests = std::list<Request>;

  // Sessions have few kinds of subjects, say their own and the inboxes that they answer to.
  static constexpr std::size_t kKinds = 4;
  static std::size_t like(std::string_view subject) {
    return subject.empty() ? 0 : static_cast<unsigned char>(subject.front()) % kKinds;
  }

  [[nodiscard]] bool ask_rules(std::string_view subject);
  void forget(Requests::iterator request);
  void forget_old(MonoTime now);

  std::shared_ptr<const auth::Permissions> rules_;
  // By which rule each kind was allowed.
  std::array<const auth::PublishShortcut*, kKinds> before_{};
  unsigned not_as_before_ = 0;
  AnswerCache receive_;
  bool sieves_ = false;
  Requests requests_;  // in the order they came
  // The keys lie in requests_.
  tsl::robin_map<std::string_view, Requests::iterator, TextHash> by_reply_;
};

}  // namespace midge::broker
