#include "broker/account_route.h"

#include <algorithm>
#include <bit>

#include "subject/subject.h"

namespace midge::broker {

namespace {

// What random() draws from must not follow from what a weight was drawn from.
std::uint64_t other_draw(std::uint64_t draw) { return std::rotl(draw, 31); }

}  // namespace

struct CrossRouter::Step {
  AccountId account;
  const std::string& subject;
  const Step* before;

  [[nodiscard]] bool has(AccountId other, std::string_view other_subject) const {
    for (const Step* step = this; step != nullptr; step = step->before)
      if (step->account == other && step->subject == other_subject) return true;
    return false;
  }
};

bool CrossRoute::reaches_anybody(bool asks_services) const {
  const auto counts = [&](const RoutePart& part) { return asks_services || part.terms == nullptr; };
  for (const RoutePart& part : parts)
    if (counts(part) && part.targets.fanout() > 0) return true;
  return std::ranges::any_of(groups, [&](const Group& group) {
    return std::ranges::any_of(group.members,
                               [&](const Member& member) { return counts(parts[member.part]); });
  });
}

bool CrossRouter::is_current(const CrossRoute& route) const {
  return route.steady && std::ranges::all_of(route.parts, [this](const RoutePart& part) {
           return index_.generation(part.key) == part.generation;
         });
}

void CrossRouter::build(AccountId account, std::string_view subject, std::uint64_t draw,
                        CrossRoute& route) {
  route.parts.clear();
  route.groups.clear();
  route.terms.clear();
  route.steady = true;
  add_account(route, account, std::string(subject), nullptr, draw, nullptr);
}

void CrossRouter::add_account(CrossRoute& route, AccountId account, std::string subject,
                              const ServiceTerms* terms, std::uint64_t draw, const Step* before) {
  const std::size_t first_group = route.groups.size();
  const Step here{account, subject, before};
  move_groups(route, add_part(route, account, subject, terms, nullptr), first_group);
  if (const ServiceUse* use =
          plans_ == nullptr ? nullptr : plans_->default_service(account, subject))
    add_service(route, *use, *plans_->find(account), terms, draw, here);
  const AccountPlan* plan = crossing(account);
  if (plan == nullptr) return;
  // Whoever imports a stream of the account sees this message; it goes no further from there. A
  // request that came by a service is for the service alone.
  for (const StreamUse& use : plan->stream_uses) {
    if (terms != nullptr || !subject::matches(subject, use.subject)) continue;
    move_groups(route, add_part(route, use.importer, use.local(subject), terms, &use), first_group);
  }
  for (const ServiceUse& use : plan->service_uses)
    if (subject::matches(subject, use.local)) add_service(route, use, *plan, terms, draw, here);
}

void CrossRouter::add_service(CrossRoute& route, const ServiceUse& use, const AccountPlan& via,
                              const ServiceTerms* terms, std::uint64_t draw, const Step& here) {
  std::string remote = use.remote(here.subject, via.name);
  const AccountPlan* exporter = crossing(use.exporter);
  const Mapping* mapping = exporter == nullptr ? nullptr : exporter->mapping_for(remote);
  if (mapping != nullptr) {
    if (!mapping->is_steady()) route.steady = false;
    if (const subject::Transform* chosen = mapping->choose(draw)) {
      std::string mapped;
      chosen->apply(remote, other_draw(draw), mapped);
      remote = std::move(mapped);
    }
  }
  // An account may import from itself; a request goes round only once.
  if (here.has(use.exporter, remote)) return;
  auto& added = *route.terms.emplace_back(std::make_unique<ServiceTerms>());
  added.use = &use;
  added.via = &via;
  added.from = here.subject;
  added.before = terms;
  added.allow_trace = use.allow_trace;
  added.share = use.share;
  added.response = use.response;
  added.threshold = use.threshold;
  if (terms != nullptr) {
    added.allow_trace = added.allow_trace && terms->allow_trace;
    added.share = added.share && terms->share;
    if (terms->response == ResponseType::kSingleton) added.response = terms->response;
    added.threshold = std::min(added.threshold, terms->threshold);
  }
  add_account(route, use.exporter, std::move(remote), &added, draw, &here);
}

std::uint32_t CrossRouter::add_part(CrossRoute& route, AccountId account, std::string subject,
                                    const ServiceTerms* terms, const StreamUse* stream) {
  RoutePart& part = route.parts.emplace_back();
  part.account = account;
  part.subject = std::move(subject);
  part.terms = terms;
  part.stream = stream;
  // The generation is read before the match: a change in between makes the route stale, never
  // wrong.
  part.key = index_.generation_key(account, part.subject);
  part.generation = index_.generation(part.key);
  match_.clear();
  index_.match(account, part.subject, match_);
  part.targets.assign(match_, loop_);
  return static_cast<std::uint32_t>(route.parts.size() - 1);
}

// A queue group that has members in an account and in those that import its stream is one group, as
// in nats-server: one member of all gets the message.
void CrossRouter::move_groups(CrossRoute& route, std::uint32_t part, std::size_t first_group) {
  for (auto& found : route.parts[part].targets.groups) {
    const auto known =
        std::ranges::find(route.groups.begin() + static_cast<std::ptrdiff_t>(first_group),
                          route.groups.end(), found.name, &CrossRoute::Group::name);
    CrossRoute::Group& group = known != route.groups.end()
                                   ? *known
                                   : route.groups.emplace_back(CrossRoute::Group{found.name, {}});
    for (const subject::Target member : found.members) group.members.push_back({member, part});
  }
  route.parts[part].targets.groups.clear();
}

CrossRoute& Detour::next(CrossRouter& router, std::uint64_t draw) {
  std::string_view subject = subject_;
  if (mapping_ != nullptr) {
    if (const subject::Transform* chosen = mapping_->choose(draw)) {
      mapped_.clear();
      chosen->apply(subject_, other_draw(draw), mapped_);
      subject = mapped_;
    }
  }
  for (const auto& route : prepared_) {
    if (route->subject() != subject) continue;
    if (!router.is_current(*route)) router.build(account_, subject, draw, *route);
    return *route;
  }
  if (prepared_.size() < kPreparedMax) {
    prepared_.push_back(std::make_unique<CrossRoute>());
    router.build(account_, subject, draw, *prepared_.back());
    return *prepared_.back();
  }
  CrossRoute& route = *prepared_[replaced_++ % kPreparedMax];
  router.build(account_, subject, draw, route);
  return route;
}

}  // namespace midge::broker
