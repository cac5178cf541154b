// Routes that leave their account, or are mapped within it: everything a message reaches, over all
// accounts, resolved when the match is made.
//
// A CrossRoute is a list of parts. The first is the publisher's own account; each further one is an
// account that imports a stream the message is on, or exports a service it is a request for. A
// Detour is what the route cache keeps for one published subject: the mapping that applies, and a
// CrossRoute for each subject that the mapping made of it so far.
//
// Thread: the loop's. Valid as long as the AccountPlans it was built from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "broker/account_plan.h"
#include "broker/route_targets.h"
#include "subject/interest_index.h"

namespace midge::broker {

// What is promised about the replies to a request that went through service imports.
struct ServiceTerms {
  const ServiceUse* use = nullptr;                   // of the last account on the way
  const AccountPlan* via = nullptr;                  // the account whose import that is
  std::string from;                                  // the subject there
  const ServiceTerms* before = nullptr;              // of the import before; null: the first
  bool allow_trace = false;                          // so say all exports on the way
  bool share = false;                                // the requester's details are shown
  ResponseType response = ResponseType::kSingleton;  // the strictest on the way
  Duration threshold = minutes(2);
};

struct RoutePart {
  AccountId account;
  std::string subject;                  // as delivered there
  const ServiceTerms* terms = nullptr;  // null: the publisher's reply and headers hold
  const StreamUse* stream = nullptr;    // by which the account imports it; null: it does not
  subject::InterestIndex::GenerationKey key;
  std::uint64_t generation = 0;
  RouteTargets targets;  // its groups have moved to CrossRoute::groups
};

struct CrossRoute {
  // Members of one queue group over the accounts that share it.
  struct Member {
    subject::Target target;
    std::uint32_t part;
  };
  struct Group {
    std::string name;
    std::vector<Member> members;
  };

  [[nodiscard]] const std::string& subject() const { return parts.front().subject; }
  // False for `asks_services`: services of other accounts do not count.
  [[nodiscard]] bool reaches_anybody(bool asks_services) const;

  std::vector<RoutePart> parts;
  std::vector<Group> groups;
  std::vector<std::unique_ptr<ServiceTerms>> terms;
  bool steady = true;  // false: a weighted or random mapping was drawn within; good for one message
};

class CrossRouter {
 public:
  CrossRouter(const subject::InterestIndex& index, LoopId loop) : index_(index), loop_(loop) {}

  void set_plans(const AccountPlans* plans) { plans_ = plans; }
  [[nodiscard]] const AccountPlan* crossing(AccountId account) const {
    return plans_ == nullptr ? nullptr : plans_->find_crossing(account);
  }
  [[nodiscard]] const AccountPlan* concerned(AccountId account, std::string_view subject) const {
    return plans_ == nullptr ? nullptr : plans_->find_concerned(account, subject);
  }
  // Everything that a message of `account` on `subject`, mapped already, reaches now.
  void build(AccountId account, std::string_view subject, std::uint64_t draw, CrossRoute& route);
  // Whether what build() found still holds.
  [[nodiscard]] bool is_current(const CrossRoute& route) const;

 private:
  struct Step;  // a link of the chain that led to a part

  // `via`: the account that imports it.
  void add_service(CrossRoute& route, const ServiceUse& use, const AccountPlan& via,
                   const ServiceTerms* terms, std::uint64_t draw, const Step& here);
  void add_account(CrossRoute& route, AccountId account, std::string subject,
                   const ServiceTerms* terms, std::uint64_t draw, const Step* before);
  std::uint32_t add_part(CrossRoute& route, AccountId account, std::string subject,
                         const ServiceTerms* terms, const StreamUse* stream);
  void move_groups(CrossRoute& route, std::uint32_t part, std::size_t first_group);

  const subject::InterestIndex& index_;
  LoopId loop_;
  const AccountPlans* plans_ = nullptr;
  subject::MatchResult match_;
};

class Detour {
 public:
  Detour(const AccountPlan& plan, std::string_view subject)
      : account_(plan.id), subject_(subject), mapping_(plan.mapping_for(subject)) {}

  // Whether a mapping applies; a message may keep its subject all the same.
  [[nodiscard]] bool is_mapped() const { return mapping_ != nullptr; }
  // The route of the next message. Valid until the next call. `draw`: any random number.
  CrossRoute& next(CrossRouter& router, std::uint64_t draw);

 private:
  // More subjects than this, as random() may make, are not kept.
  static constexpr std::size_t kPreparedMax = 128;

  AccountId account_;
  std::string subject_;
  const Mapping* mapping_;
  std::vector<std::unique_ptr<CrossRoute>> prepared_;
  std::string mapped_;
  std::size_t replaced_ = 0;
};

}  // namespace midge::broker
