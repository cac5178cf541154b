// What crosses accounts: streams that others import, requests to services, and their responses.
#include "broker/account_latency.h"
#include "broker/account_route.h"
#include "broker/call_mail.h"
#include "broker/worker.h"
#include "codec/base62.h"

namespace midge::broker {

namespace {

constexpr std::string_view kRequestInfo = "Nats-Request-Info";
// How long the reply to a response may take.
constexpr Duration kReplyToResponse = minutes(2);

}  // namespace

void Worker::publish_response(Client& from, const Message& message) {
  // Whoever listens on `_R_.>` in the responder's account sees it too.
  const Origin origin{loop_.id(), false, from.echo(), from.cid()};
  const std::size_t delivered = send_response(message.subject, message, origin) ? 1 : 0;
  route_now(from, message, routes_.find(message.account, message.subject), delivered);
}

void Worker::cross(Client& from, const Message& message, Route& route, std::size_t delivered) {
  const CrossRoute& all = route.detour->next(routes_.router(), random());
  if (route.detour->is_mapped() && !from.may_publish_mapped(all.subject())) return;
  const Client* no_echo = from.echo() ? nullptr : &from;
  requests_used_ = 0;
  for (const RoutePart& part : all.parts) {
    if (part.targets.local.empty() && part.targets.remote.empty()) continue;
    delivered += deliver_to(part.targets, message_for(part, message, from), no_echo);
  }
  const bool wants_answer = !message.reply.empty() && from.wants_no_responders();
  for (const CrossRoute::Group& group : all.groups) {
    if (deliver_to_shared_group(all, group, message, from, wants_answer && delivered == 0))
      ++delivered;
  }
  counters_.fanout_sum += delivered;
  counters_.fanout_max = std::max<std::uint64_t>(counters_.fanout_max, delivered);
  spend(static_cast<std::int64_t>(64 * all.parts.size() + message.payload.size()));
  if (delivered > 0) return;
  if (!all.terms.empty()) report_unserved(all, message, from);
  if (wants_answer) tell_no_responders(from.cid(), message.reply, all.subject());
}

bool Worker::deliver_to_shared_group(const CrossRoute& route, const CrossRoute::Group& group,
                                     const Message& message, Client& from, bool wants_answer) {
  const Origin origin{loop_.id(), wants_answer, from.echo(), from.cid()};
  const std::size_t count = group.members.size();
  const std::size_t start = (random() >> 16) % count;
  for (std::size_t i = 0; i < count; ++i) {
    const CrossRoute::Member& member = group.members[(start + i) % count];
    const Message there = message_for(route.parts[member.part], message, from);
    if (member.target.loop() != loop_.id()) {
      batch_to(member.target.loop()).add_queue(there, group.name, member.target, origin, 0);
      post_batch(member.target.loop());
      return true;
    }
    head_.prepare(there);
    if (deliver_to_member(member.target, there, origin)) return true;
  }
  return false;
}

Message Worker::message_for(const RoutePart& part, const Message& message, Client& from) {
  Message there = message;
  there.account = part.account;
  there.subject = part.subject;
  if (part.terms == nullptr) return there;
  const CrossRequest& request = request_for(*part.terms, message, from);
  there.payload = request.payload;
  there.header_size = request.header_size;
  there.block = nullptr;
  there.reply = request.reply;
  return there;
}

CrossRequest& Worker::request_for(const ServiceTerms& terms, const Message& message, Client& from) {
  for (std::size_t i = 0; i < requests_used_; ++i)
    if (requests_[i]->terms == &terms) return *requests_[i];
  if (requests_used_ == requests_.size()) requests_.push_back(std::make_unique<CrossRequest>());
  CrossRequest& request = *requests_[requests_used_++];
  request.terms = &terms;
  request.reply.clear();
  const std::string& requestor = requestor_json(terms, message.account, from);
  request.header_size = set_header(message, kRequestInfo, requestor, request.payload);
  if (!config_->headers) {
    request.payload = message.payload;
    request.header_size = message.header_size;
  }
  auto latency = track(terms, message, from, requestor);
  if (message.reply.empty()) {
    if (latency) publish_metric(*latency, without_answer(LatencyStatus::kBadRequest));
    return request;
  }
  ResponseEntry entry;
  entry.responder = terms.use->exporter;
  entry.requester = message.account;
  entry.reply = message.reply;
  entry.cid = from.cid();
  entry.expires = now() + terms.threshold;
  entry.type = terms.response;
  entry.latency = std::move(latency);
  responses_.open(std::move(entry), request.reply);
  return request;
}

// What shows accounts and a round trip only is kept: requests come in rows that show the same.
const std::string& Worker::requestor_json(const ServiceTerms& terms, AccountId account,
                                          const Client& from) {
  const ShownRequestor shown{account, terms.via->id, from.rtt(), !terms.share};
  if (!terms.share && shown == shown_requestor_) return requestor_json_;
  shown_requestor_ = shown;
  RequestInfo info;
  info.account = broker_.accounts().name(account);
  if (terms.via->id != account) info.service = terms.via->name;
  info.rtt = from.rtt();
  if (!terms.share) return requestor_json_ = info.json();
  const ConnectionInfo connection = from.info(false);
  info.connection = &connection;
  info.server = config_->info.server_name;
  return requestor_json_ = info.json();
}

bool Worker::send_response(std::string_view to, const Message& message, const Origin& origin) {
  const auto token = ResponseToken::parse(to);
  if (!token || token->loop.value >= broker_.workers().size()) return false;
  if (token->loop == loop_.id()) return deliver_response(to, message, *token, origin);
  batch_to(token->loop).add_response(to, message, origin);
  post_batch(token->loop);
  return true;
}

bool Worker::deliver_response(std::string_view to, const Message& message,
                              const ResponseToken& token, const Origin& origin) {
  const ResponseEntry* entry = responses_.find(token, now());
  if (entry == nullptr || entry->responder != message.account) return false;
  Message answer = message;
  answer.account = entry->requester;
  const bool is_last = entry->type == ResponseType::kSingleton ||
                       (entry->type == ResponseType::kChunked && message.body().empty());
  std::string reply_subject = mapped_reply(*entry);
  std::unique_ptr<LatencyTrack> latency;
  if (is_last) {
    ResponseEntry closed = responses_.close(token);
    latency = std::move(closed.latency);
    if (reply_subject.empty()) reply_subject = std::move(closed.reply);
  } else if (reply_subject.empty()) {
    reply_subject = entry->reply;
  }
  const bool is_servers = message.subject != to;
  if (!is_servers) answer.subject = reply_subject;
  std::string reply;
  if (!message.reply.empty() && !is_servers) {
    // The requester may answer the response: that leads back.
    ResponseEntry back;
    back.responder = answer.account;
    back.requester = message.account;
    back.reply = message.reply;
    back.expires = now() + kReplyToResponse;
    responses_.open(std::move(back), reply);
    answer.reply = reply;
  }
  // An answer is for the requester's account alone: who imports a stream of it does not see it.
  if (!latency) {
    deliver_anew_in(reply_subject, answer);
    return true;
  }
  LatencyOutcome outcome;
  outcome.answered = broker_.env().clock().now();
  if (deliver_anew_in(reply_subject, answer) == 0) outcome.status = LatencyStatus::kRequestTimeout;
  outcome.delivered = broker_.env().clock().now();
  report_answer(std::move(latency), std::move(outcome), origin);
  return true;
}

// Mappings of the requester's account apply to what comes in for it, as in nats-server; "" = none
// does.
std::string Worker::mapped_reply(const ResponseEntry& entry) {
  const AccountPlan* plan = routes_.router().crossing(entry.requester);
  const Mapping* mapping = plan == nullptr ? nullptr : plan->mapping_for(entry.reply);
  const subject::Transform* chosen = mapping == nullptr ? nullptr : mapping->choose(random());
  if (chosen == nullptr) return {};
  std::string mapped;
  chosen->apply(entry.reply, random(), mapped);
  return mapped;
}

// To those who are there now, without the cache: replies are nearly always on one-off subjects.
std::size_t Worker::deliver_anew(std::string_view to, const Message& message, Client* requester) {
  if (routes_.router().crossing(message.account) == nullptr) return deliver_anew_in(to, message);
  // A request may publish a metric in the middle.
  CrossRoute of_request;
  CrossRoute& all = requester == nullptr ? anew_cross_ : of_request;
  routes_.router().build(message.account, to, random(), all);
  if (requester != nullptr) requests_used_ = 0;
  std::size_t delivered = 0;
  for (const RoutePart& part : all.parts) {
    if (part.terms != nullptr && requester == nullptr) continue;
    Message there = message;
    if (part.terms != nullptr) there = message_for(part, message, *requester);
    there.account = part.account;
    there.subject = message.subject == to ? part.subject : message.subject;
    delivered += deliver_anew_in(part.subject, there);
  }
  return delivered;
}

std::size_t Worker::deliver_anew_in(std::string_view to, const Message& message) {
  match_.clear();
  broker_.index().match(message.account, to, match_);
  anew_.assign(match_, loop_.id());
  std::size_t delivered = deliver_to(anew_, message, nullptr);
  const Origin origin{loop_.id(), false, true, 0};
  for (const auto& group : anew_.groups)
    if (deliver_to_group(group, message, origin, 0)) ++delivered;
  return delivered;
}

void Worker::sweep_responses() {
  const auto is_idle = [this](const ResponseEntry& entry) {
    // A reload has taken the import away; those that lead back to a service go the other way.
    if (!plans_->asks(entry.requester, entry.responder) &&
        !plans_->asks(entry.responder, entry.requester))
      return true;
    match_.clear();
    broker_.index().match(entry.requester, entry.reply, match_);
    return match_.empty();
  };
  responses_.sweep(now(), is_idle, [this](const ResponseEntry& expired) {
    if (expired.latency)
      publish_metric(*expired.latency, without_answer(LatencyStatus::kServiceTimeout));
  });
}

// ---- service latency

std::unique_ptr<LatencyTrack> Worker::track(const ServiceTerms& terms, const Message& message,
                                            const Client& from, const std::string& requestor) {
  const std::optional<LatencyConfig>& config = terms.use->latency;
  if (!config) return nullptr;
  std::string headers;
  if (config->sampling == 0) {
    auto sampled = sampling_headers(message.payload.substr(0, message.header_size));
    if (!sampled) return nullptr;
    headers = std::move(*sampled);
  } else if (static_cast<int>((random() >> 16) % 100) >= config->sampling) {
    return nullptr;
  }
  auto track = std::make_unique<LatencyTrack>();
  track->exporter = terms.use->exporter;
  track->subject = config->subject;
  track->requestor = requestor;
  track->requestor_rtt = from.rtt();
  track->headers = std::move(headers);
  track->start = wall() + Duration{-from.rtt().ns};
  track->arrived = broker_.env().clock().now();
  return track;
}

void Worker::report_unserved(const CrossRoute& route, const Message& message, Client& from) {
  for (const auto& terms : route.terms) {
    if (!terms->use->latency) continue;
    const auto unserved =
        track(*terms, message, from, requestor_json(*terms, message.account, from));
    if (unserved) publish_metric(*unserved, without_answer(LatencyStatus::kServiceUnavailable));
  }
}

// Who answered is known on the loop of whoever it was.
void Worker::report_answer(std::unique_ptr<LatencyTrack> track, LatencyOutcome outcome,
                           const Origin& responder) {
  if (outcome.status == LatencyStatus::kOk && responder.loop != loop_.id()) {
    broker_.workers()[responder.loop.value]->loop().post(call_worker(
        [track = std::move(track), outcome = std::move(outcome), responder](Worker& w) mutable {
          w.report_answer(std::move(track), std::move(outcome), responder);
        }));
    return;
  }
  const Client* client =
      outcome.status == LatencyStatus::kOk ? find_client(responder.cid) : nullptr;
  if (client != nullptr) {
    const ConnectionInfo connection = client->info(false);
    RequestInfo info;
    info.account = connection.account;
    info.rtt = outcome.responder_rtt = client->rtt();
    info.connection = &connection;
    info.server = config_->info.server_name;
    outcome.responder = info.json();
  }
  publish_metric(*track, outcome);
}

void Worker::publish_metric(const LatencyTrack& track, const LatencyOutcome& outcome) {
  const std::string id = codec::random_base62(22, [this] { return random(); });
  const std::string json = latency_metric(track, outcome, id, wall());
  Message metric;
  metric.account = track.exporter;
  metric.subject = track.subject;
  metric.payload = json;
  deliver_anew(metric.subject, metric);
}

}  // namespace midge::broker
