// Messages whose way is told (ADR-41). They take a way of their own, slower than publish(), so that
// the others pay nothing: routes are built anew, and each delivery is looked at.
#include <deque>
#include <string>
#include <utility>

#include "broker/account_route.h"
#include "broker/call_mail.h"
#include "broker/message_trace.h"
#include "broker/worker.h"

namespace midge::broker {

namespace {

// Puts `message` into `copy` with its destination crossed out: whoever reads it next must not
// trace.
Message untraced(const Message& message, std::string& copy) {
  Message there = message;
  there.header_size = set_header(message, kTraceDestination, kTraceDisabled, copy);
  there.payload = copy;
  there.block = nullptr;
  return there;
}

}  // namespace

// One message on its way through this loop.
class Worker::TracedPublish {
 public:
  TracedPublish(Worker& worker, Client& from, const Message& message,
                std::shared_ptr<MessageTrace> trace)
      : worker_(worker),
        from_(from),
        message_(message),
        shared_(std::move(trace)),
        trace_(*shared_) {}

  void run() {
    std::string subject(message_.subject);
    if (!map(subject)) return;
    if (is_response_subject(subject) && respond()) ++reached_;
    worker_.routes_.router().build(message_.account, subject, worker_.random(), route_);
    worker_.requests_used_ = 0;
    for (const RoutePart& part : route_.parts) {
      tell_import(part);
      deliver(part);
    }
    const bool wants_answer = !message_.reply.empty() && from_.wants_no_responders();
    for (const CrossRoute::Group& group : route_.groups)
      if (deliver(group, wants_answer && reached_ == 0)) ++reached_;
    worker_.counters_.fanout_sum += reached_;
    worker_.spend(static_cast<std::int64_t>(4096 + message_.payload.size()));
    if (reached_ > 0) return;
    if (!trace_.only && !route_.terms.empty()) worker_.report_unserved(route_, message_, from_);
    if (wants_answer) worker_.tell_no_responders(from_.cid(), message_.reply, route_.subject());
  }

 private:
  TraceEvent& tell(TraceEvent::Type type) {
    return trace_.events.emplace_back(TraceEvent{type, worker_.wall()});
  }

  // Whether the message may go on as what its account maps it to.
  bool map(std::string& subject) {
    const AccountPlan* plan = worker_.routes_.router().crossing(message_.account);
    const Mapping* mapping = plan == nullptr ? nullptr : plan->mapping_for(subject);
    if (mapping == nullptr) return true;
    if (const subject::Transform* chosen = mapping->choose(worker_.random())) {
      subject.clear();
      chosen->apply(message_.subject, worker_.random(), subject);
    }
    tell(TraceEvent::Type::kMapping).to = subject;
    if (from_.may_publish_mapped(subject)) return true;
    trace_.events.front().error = Client::publish_violation(subject);
    return false;
  }

  // A response finds its requester by the loop that it names.
  bool respond() {
    const auto token = ResponseToken::parse(message_.subject);
    const Origin origin{worker_.loop_.id(), false, from_.echo(), from_.cid()};
    if (!token || token->loop.value >= worker_.broker_.workers().size()) return false;
    TraceLegPtr leg = make_leg();
    if (token->loop == worker_.loop_.id()) {
      const bool found = worker_.respond_traced(message_, *token, origin, *leg);
      worker_.end_leg(std::move(leg));
      return found;
    }
    worker_.send_leg(token->loop, std::move(leg), [&](DeliveryBatch& batch) {
      batch.add_response(message_.subject, message_, origin);
    });
    return true;
  }

  // The first part of each service on the way.
  void tell_import(const RoutePart& part) {
    const ServiceTerms* terms = part.terms;
    if (terms == nullptr || part.stream != nullptr) return;
    if (terms->before != nullptr && !terms->before->allow_trace) return;
    TraceEvent& event = tell(TraceEvent::Type::kServiceImport);
    event.account = worker_.broker_.accounts().name(part.account);
    event.subject = terms->from;
    event.to = part.subject;
  }

  void tell_export(const Message& there) {
    TraceEvent& event = tell(TraceEvent::Type::kStreamExport);
    event.account = worker_.broker_.accounts().name(there.account);
    event.to = there.subject;
  }

  TraceLegPtr make_leg() {
    ++trace_.legs_away;
    auto leg = std::make_unique<TraceLeg>();
    leg->trace = shared_;
    return leg;
  }
  TraceLegPtr make_leg(const RoutePart& part) {
    TraceLegPtr leg = make_leg();
    const bool allowed = part.terms == nullptr || part.terms->allow_trace;
    if (part.stream != nullptr) leg->stream = {worker_.plans_, part.stream};
    leg->tells_exports = allowed && part.stream != nullptr;
    leg->tells_egress = allowed && (part.stream == nullptr || part.stream->allow_trace);
    return leg;
  }

  // As the account of `part` sees it. The message of a service is a request, which is not made up
  // for nobody.
  Message message_for(const RoutePart& part) {
    if (part.terms == nullptr || trace_.only) {
      Message there = message_;
      there.account = part.account;
      there.subject = part.subject;
      return there;
    }
    const Message there = worker_.message_for(part, message_, from_);
    for (const Rewritten& known : rewritten_) {
      if (known.terms != part.terms) continue;
      Message again = there;
      again.header_size = known.header_size;
      again.payload = known.payload;
      return again;
    }
    Rewritten& added = rewritten_.emplace_back();
    added.terms = part.terms;
    const Message result = untraced(there, added.payload);
    added.header_size = result.header_size;
    return result;
  }

  void deliver(const RoutePart& part) {
    if (part.targets.local.empty() && part.targets.remote.empty()) return;
    const Message there = message_for(part);
    TraceLegPtr leg = make_leg(part);
    worker_.head_.prepare(there);
    for (const subject::Target target : part.targets.local)
      reached_ += worker_.deliver_traced(target, there, *leg);
    const bool counts = leg->tells_egress || !trace_.only;
    worker_.end_leg(std::move(leg));
    for (const RouteTargets::Remote& remote : part.targets.remote) {
      worker_.send_leg(remote.loop, make_leg(part),
                       [&](DeliveryBatch& batch) { batch.add(there, remote.targets); });
      if (counts) reached_ += remote.targets.size();
    }
  }

  // Draws members until one takes it; true if one did, or another loop will see to it.
  bool deliver(const CrossRoute::Group& group, bool wants_answer) {
    const Origin origin{worker_.loop_.id(), wants_answer, from_.echo(), from_.cid()};
    const std::size_t count = group.members.size();
    const std::size_t start = (worker_.random() >> 16) % count;
    for (std::size_t i = 0; i < count; ++i) {
      const CrossRoute::Member& member = group.members[(start + i) % count];
      const RoutePart& part = route_.parts[member.part];
      const Message there = message_for(part);
      TraceLegPtr leg = make_leg(part);
      if (trace_.only && !leg->tells_egress) {
        // It would not get there, so no loop need look.
        if (leg->tells_exports) tell_export(there);
        worker_.end_leg(std::move(leg));
        continue;
      }
      if (member.target.loop() != worker_.loop_.id()) {
        worker_.send_leg(member.target.loop(), std::move(leg), [&](DeliveryBatch& batch) {
          batch.add_queue(there, group.name, member.target, origin, 0);
        });
        return true;
      }
      worker_.head_.prepare(there);
      const bool taken = worker_.deliver_traced(member.target, there, *leg);
      worker_.end_leg(std::move(leg));
      if (taken) return true;
    }
    return false;
  }

  struct Rewritten {
    const ServiceTerms* terms = nullptr;
    std::string payload;
    std::uint32_t header_size = 0;
  };

  Worker& worker_;
  Client& from_;
  const Message& message_;
  std::shared_ptr<MessageTrace> shared_;
  MessageTrace& trace_;
  CrossRoute route_;
  std::deque<Rewritten> rewritten_;
  std::size_t reached_ = 0;
};

void Worker::publish_traced(Client& from, const Message& message, TraceRequest request) {
  end_run();
  std::shared_ptr<MessageTrace> trace =
      begin_trace(from, message.subject, message.payload.size(), std::move(request));
  ++trace->legs_away;  // this one
  TracedPublish(*this, from, message, trace).run();
  if (--trace->legs_away == 0) end_trace(*trace);
}

void Worker::tell_refused(const Client& from, std::string_view subject, std::size_t size,
                          TraceRequest request, std::string error) {
  end_run();
  const auto trace = begin_trace(from, subject, size, std::move(request));
  trace->events.front().error = std::move(error);
  end_trace(*trace);
}

std::shared_ptr<MessageTrace> Worker::begin_trace(const Client& from, std::string_view subject,
                                                  std::size_t size, TraceRequest request) {
  const bool only = request.only;
  std::shared_ptr<MessageTrace> trace(new MessageTrace{
      loop_.id(), from.account(), from.cid(), from.echo(), only, std::move(request), size});
  TraceEvent& ingress =
      trace->events.emplace_back(TraceEvent{TraceEvent::Type::kIngress, wall(), from.cid()});
  ingress.name = from.name();
  ingress.account = broker_.accounts().name(from.account());
  ingress.subject = subject;
  return trace;
}

// Everybody has told: the event goes out, as a message of the publisher's account.
void Worker::end_trace(const MessageTrace& trace) {
  const PackedEvent event = pack_trace_event(trace_event_json(trace, config_->sign_event, wall()),
                                             trace.request.encoding);
  const std::string payload = event.header + event.body;
  Message message;
  message.account = trace.account;
  message.subject = trace.request.destination;
  message.header_size = static_cast<std::uint32_t>(event.header.size());
  message.payload = payload;
  deliver_anew(message.subject, message);
}

bool Worker::deliver_traced(subject::Target target, const Message& message, TraceLeg& leg) {
  Subscription* subscription = subscriptions_.find(target);
  if (subscription == nullptr) return false;
  Client& client = *subscription->client;
  const MessageTrace& trace = *leg.trace;
  // Delivering may end the subscription, so all is looked up before.
  TraceEvent egress{TraceEvent::Type::kEgress, wall(), client.cid(), client.name()};
  const std::string& account = broker_.accounts().name(message.account);
  if (message.account != trace.account) egress.account = account;
  const subject::Registration& registration = subscription->registration;
  egress.subject = leg.stream ? leg.stream->taken_by(registration.subject())
                              : std::string(registration.subject());
  egress.queue = registration.queue();

  // What the server subscribes to itself is no connection that anything leaves by.
  if (client.is_internal()) return receive_traced(*subscription, message, leg);
  if (client.is_hidden()) return trace.only || client.deliver(*subscription, head_, message);
  if (leg.tells_exports) {
    TraceEvent& exported =
        leg.events.emplace_back(TraceEvent{TraceEvent::Type::kStreamExport, egress.at});
    exported.account = account;
    exported.to = message.subject;
  }
  if (!trace.echo && client.cid() == trace.publisher) {
    egress.error = kTraceNoEcho;
  } else if (trace.only && !leg.tells_egress) {
    return false;
  } else {
    egress.error = client.deliver_traced(*subscription, head_, message, trace.only);
  }
  const bool delivered = egress.error.empty();
  if (leg.tells_egress) leg.events.push_back(std::move(egress));
  return delivered;
}

bool Worker::receive_traced(Subscription& subscription, const Message& message, TraceLeg& leg) {
  const WallTime at = wall();
  ++subscription.delivered;
  auto told = subscription.receiver->on_traced(message, leg.trace->only);
  if (!told || !leg.tells_egress) return true;
  TraceEvent& event = leg.events.emplace_back(TraceEvent{TraceEvent::Type::kStream, at});
  event.name = std::move(told->stream);
  event.subject = std::move(told->subject);
  event.error = std::move(told->error);
  event.no_interest = told->no_interest;
  return true;
}

bool Worker::respond_traced(const Message& message, const ResponseToken& token,
                            const Origin& origin, TraceLeg& leg) {
  const ResponseEntry* entry = responses_.find(token, now());
  if (entry == nullptr || entry->responder != message.account) return false;
  TraceEvent& event = leg.events.emplace_back(TraceEvent{TraceEvent::Type::kServiceImport, wall()});
  event.account = broker_.accounts().name(entry->requester);
  event.subject = message.subject;
  event.to = entry->reply;
  // Responses are traced no further than this.
  if (leg.trace->only) return true;
  std::string copy;
  return deliver_response(message.subject, untraced(message, copy), token, origin);
}

// ---- between loops

void Worker::send_leg(LoopId to, TraceLegPtr leg, auto fill) {
  post_batches();
  DeliveryBatch& batch = batch_to(to);
  fill(batch);
  batch.carry(std::move(leg));
  post_batches();
}

void Worker::deliver_traced_batch(const DeliveryBatch& batch, TraceLegPtr leg) {
  batch.for_each([&](const DeliveryBatch::Delivery& delivery) {
    const Message& message = delivery.message;
    if (delivery.is_response) {
      if (const auto token = ResponseToken::parse(message.subject))
        respond_traced(message, *token, delivery.origin, *leg);
      return;
    }
    head_.prepare(message);
    if (delivery.queue.empty()) {
      for (const subject::Target target : delivery.targets) deliver_traced(target, message, *leg);
    } else if (!deliver_traced(delivery.targets.front(), message, *leg)) {
      leg = redeliver_traced(delivery, std::move(leg));
    }
  });
  if (leg) end_leg(std::move(leg));
  settle_credit(batch);
}

// redeliver_queue() for a traced message; null if the leg has gone on with it.
TraceLegPtr Worker::redeliver_traced(const DeliveryBatch::Delivery& delivery, TraceLegPtr leg) {
  const Message& message = delivery.message;
  subject::MatchResult match;
  broker_.index().match(message.account, message.subject, match);
  for (const auto& group : match.groups) {
    if (group.name != delivery.queue || delivery.hops >= kQueueHopsMax) continue;
    const std::size_t count = group.members.size();
    const std::size_t start = (random() >> 16) % count;
    for (std::size_t i = 0; i < count; ++i) {
      const subject::Target member = group.members[(start + i) % count];
      if (member.loop() != loop_.id()) {
        send_leg(member.loop(), std::move(leg), [&](DeliveryBatch& batch) {
          batch.add_queue(message, delivery.queue, member, delivery.origin, delivery.hops + 1);
        });
        return nullptr;
      }
      // The one that was tried already has said why.
      if (member != delivery.targets.front() && deliver_traced(member, message, *leg)) return leg;
    }
  }
  report_nobody(delivery);
  return leg;
}

void Worker::end_leg(TraceLegPtr leg) {
  const LoopId home = leg->trace->home;
  if (home != loop_.id()) {
    broker_.workers()[home.value]->loop().post(
        call_worker([leg = std::move(leg)](Worker& w) mutable { w.end_leg(std::move(leg)); }));
    return;
  }
  MessageTrace& trace = *leg->trace;
  for (TraceEvent& event : leg->events) trace.events.push_back(std::move(event));
  if (--trace.legs_away == 0) end_trace(trace);
}

}  // namespace midge::broker
