#include "server/system/system_service.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "broker/call_mail.h"
#include "broker/client.h"
#include "broker/message_trace.h"
#include "codec/base62.h"
#include "codec/base64.h"
#include "codec/json_writer.h"
#include "server/monitor/accstatz.h"
#include "server/system/session_events.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

constexpr std::string_view kServers = "$SYS.REQ.SERVER.";
constexpr std::string_view kAccounts = "$SYS.REQ.ACCOUNT.";
constexpr std::string_view kPing = "PING";
constexpr Duration kFirstStatsz = milliseconds(250), kStatsz = seconds(10);
constexpr Duration kHeartbeat = seconds(30);
// Between two tellings of accounts that change.
constexpr Duration kConnectionsPause = milliseconds(100);
constexpr int kOk = 200, kBadRequest = 400, kNotFound = 404, kFailed = 500;

// The token behind kAccounts.
std::string account_in(std::string_view subject) {
  subject.remove_prefix(kAccounts.size());
  return std::string(subject.substr(0, subject.find('.')));
}

void write_certificate(codec::JsonWriter& json, std::string_view name,
                       const tls::ToldCertificate& certificate) {
  json.key(name).begin_object().field("subject", certificate.subject);
  json.field("issuer", certificate.issuer).field("fingerprint", certificate.fingerprint);
  json.field("raw", certificate.raw).end_object();
}

// How answers about health begin; what is wrong with a request is plain text.
constexpr std::string_view kHealth = "{\"status\":\"";

// As over HTTP, with the status inside, behind the word for it.
std::string with_status(std::string body, int status) {
  const std::size_t end = body.find('"', kHealth.size()) + 1;
  return body.insert(end, ",\"status_code\":" + std::to_string(status));
}

}  // namespace

void SystemService::attach(broker::Broker& broker, Monitor& monitor, ProfileDesk& profiles) {
  broker_ = &broker;
  worker_ = broker.workers()[0].get();
  gatherer_ = std::make_unique<Gatherer>(worker_->loop(), broker);
  profiles_ = &profiles;
  monitor_ = &monitor;
  worker_->add_service(*this);
}

void SystemService::on_loop_start() {
  const std::string all = std::string(kServers).append(kPing);
  const std::string own = std::string(kServers) + facts_().id;
  listen(ping_request(), {all});
  for (const RequestRow& row : server_requests()) {
    const std::string name = "." + std::string(row.name);
    listen(row, {all + name, own + name});
  }
  for (const RequestRow& row : own_requests()) {
    if (row.kind == RequestKind::kReload && !reload_) continue;
    listen(row, {own + "." + std::string(row.name)});
  }
  listen(user_request(), {"$SYS.REQ.USER.INFO", "$SYS.REQ.USER.*.INFO"}, "$SYS");
  listen(subscribers_request(), {"$SYS.DEBUG.SUBSCRIBERS"}, "$SYS");
  io::Timers& timers = worker_->loop().timers();
  statsz_pause_ = kFirstStatsz;
  timers.arm(statsz_timer_, worker_->now() + statsz_pause_);
  timers.arm(heartbeat_, worker_->now() + kHeartbeat);
  for (const RequestRow& row : account_requests())
    listen(row, {std::string(kAccounts).append("*.").append(row.name)});
}

void SystemService::on_loop_stop() {
  io::Timers& timers = worker_->loop().timers();
  timers.cancel(statsz_timer_);
  timers.cancel(heartbeat_);
  timers.cancel(connections_timer_);
  gatherer_.reset();
}

void SystemService::listen(const RequestRow& row, std::initializer_list<std::string> subjects,
                           std::string_view queue) {
  receivers_.push_back(std::make_unique<Receiver>(*this, row));
  for (const std::string& subject : subjects)
    worker_->subscribe_internal(broker::kSystemAccount, subject, queue, *receivers_.back());
}

void SystemService::note(const RequestRow& row, const broker::Message& message) {
  if (message.reply.empty()) return;  // as with nats-server, who does not ask gets nothing done
  Request& request = requests_.emplace_back();
  request.row = &row;
  request.asker.reply = message.reply;
  request.asker.encoding =
      broker::accepted_encoding(message.payload.substr(0, message.header_size));
  request.body = message.body();
  if (row.kind == RequestKind::kUser || row.kind == RequestKind::kSubscribers)
    request.from = worker_->publisher();
  if (!row.account.empty()) request.account = account_in(message.subject);
}

void SystemService::on_tick() {
  if (requests_.empty()) return;
  for (const Request& request : std::exchange(requests_, {})) take(request);
}

void SystemService::take(const Request& request) {
  if (request.row->kind == RequestKind::kIdentity) {
    const ServerFacts facts = facts_();
    codec::JsonWriter json;
    json.begin_object().field("name", facts.name).field("host", facts.host).field("id", facts.id);
    return send({request.asker.reply}, json.end_object().take());
  }
  switch (request.row->kind) {
    case RequestKind::kConnections:
      return take_connections(request);
    case RequestKind::kUser:
      return take_user(request);
    case RequestKind::kSubscribers:
      return take_subscribers(request);
    case RequestKind::kKick:
      return take_kick(request);
    case RequestKind::kLameDuck:
      return take_lame_duck(request);
    default:
      break;
  }
  auto body = parse_body(*request.row->body, request.body);
  if (!body) return fail(request.asker, kBadRequest, body.error().text(), false);
  if (!is_for_this(body->filter)) return;
  if (request.row->kind == RequestKind::kReload) return take_reload(request);
  if (request.row->kind == RequestKind::kProfile) return take_profile(request, Query(body->query));
  // `PING` is everybody for what there is a summary of, and a name like others for the rest.
  const bool of_all = request.row->kind == RequestKind::kStats && request.account == kPing;
  std::string query;
  if (!request.account.empty() && !of_all)
    add_parameter(query, request.row->account, request.account);
  // What is fixed is before what the body says, and of two the first counts.
  for (const std::string_view more : {request.row->always, std::string_view(body->query)}) {
    if (!query.empty() && !more.empty()) query += '&';
    query += more;
  }
  ask_monitor(request, std::move(query));
}

void SystemService::ask_monitor(const Request& request, std::string query) {
  const bool is_there =
      monitor_->ask(request.row->endpoint, std::move(query),
                    [this, request](HttpResponse response) { answer_from(request, response); });
  if (!is_there)
    fail(request.asker, kFailed, std::string(request.row->name) + " is not available", true);
}

void SystemService::answer_from(const Request& request, const HttpResponse& response) {
  const RequestKind kind = request.row->kind;
  if (kind == RequestKind::kHealthz && response.body.starts_with(kHealth))
    return answer(request.asker, [&](codec::JsonWriter& json) {
      json.key("data").raw(with_status(response.body, response.status));
    });
  if (kind == RequestKind::kGroups && response.status == kNotFound)
    return answer(request.asker,
                  [](codec::JsonWriter& json) { json.key("data").begin_object().end_object(); });
  if (response.status != kOk) return fail(request.asker, kFailed, response.body, true);
  // Compact, and no name of an account holds a quote that is not escaped.
  if (kind == RequestKind::kStats && response.body.ends_with("\"account_statz\":[]}")) return;
  answer(request.asker, [&](codec::JsonWriter& json) {
    json.key(kind == RequestKind::kStatsz ? "statsz" : "data").raw(response.body);
  });
}

// A body is read for nothing but being JSON.
void SystemService::take_connections(const Request& request) {
  if (!request.body.empty()) {
    const auto body = codec::read_json_tree(request.body);
    if (!body || body->type != codec::JsonValue::Type::kObject) return;
  }
  std::string query;
  add_parameter(query, request.row->account, request.account);
  monitor_->ask(request.row->endpoint, std::move(query),
                [this, asker = request.asker](const HttpResponse& response) {
                  if (response.status == kOk) send({asker.reply}, connections_event(response.body));
                });
}

std::string SystemService::connections_event(std::string_view figures) {
  codec::JsonWriter json = begin_event("account_connections");
  write_server(json, facts_(), ++*sequence_, clock_.wall());
  // The members of one object go on in the other.
  std::string event = json.end_object().take();
  event.back() = ',';
  return event.append(figures.substr(1));
}

void SystemService::take_reload(const Request& request) {
  const Result<void> done = reload_();
  if (!done) return fail(request.asker, kFailed, done.error().text(), false);
  answer(request.asker, [](codec::JsonWriter&) {});
}

void SystemService::take_profile(const Request& request, const Query& query) {
  const Duration duration{query.integer("duration").value_or(0)};
  profiles_->make({.name = query.text("name"), .duration = duration},
                  [this, asker = request.asker](const Result<std::string>& profile) {
                    answer(asker, [&](codec::JsonWriter& json) {
                      json.key("data").begin_object().key("profile");
                      if (profile)
                        json.value(codec::encode_base64(codec::Base64::kStd, *profile));
                      else
                        json.null();
                      json.field("error", profile ? "" : profile.error().text());
                      json.end_object();
                    });
                  });
}

// What is known of who published the request, on that connection's loop.
void SystemService::look_at_asker(const Request& request, Look look,
                                  std::function<void(std::string)> done) {
  broker::Worker& theirs = *broker_->workers()[request.from.loop.value];
  theirs.loop().post(broker::call_worker(
      [this, cid = request.from.cid, look, done = std::move(done)](broker::Worker& worker) {
        worker_->loop().post(
            broker::call_worker([done, seen = look(worker, cid)](broker::Worker&) mutable {
              if (!seen.empty()) done(std::move(seen));  // else whoever asked is gone
            }));
      }));
}

void SystemService::take_user(const Request& request) {
  const auto look = [](broker::Worker& worker, std::uint64_t cid) { return worker.user_json(cid); };
  look_at_asker(request, look, [this, asker = request.asker](const std::string& json) {
    answer(asker, [&](codec::JsonWriter& to) { to.key("data").raw(json); });
  });
}

void SystemService::take_subscribers(const Request& request) {
  const auto look = [](broker::Worker& worker, std::uint64_t cid) {
    const broker::Client* client = worker.find_client(cid);
    return client == nullptr ? "" : worker.broker().accounts().name(client->account());
  };
  look_at_asker(request, look, [this, request](std::string account) {
    count_subscribers(request, std::move(account));
  });
}

// The body: a subject or a pattern, and behind it the queue group whose members are counted.
void SystemService::count_subscribers(const Request& request, std::string account) {
  const std::string& body = request.body;
  const std::size_t blank = body.find_first_of(" \t");
  std::string pattern = body.substr(0, blank);
  std::string queue;
  if (blank != body.npos) {
    const std::size_t begin = body.find_first_not_of(" \t", blank);
    if (begin != body.npos) queue = body.substr(begin, body.find_first_of(" \t", begin) - begin);
  }
  const bool is_literal = subject::is_literal(pattern);
  const auto counts = [account = std::move(account), pattern = std::move(pattern),
                       queue = std::move(queue), is_literal](const auto& one) {
    if (one.account != account || (!queue.empty() && one.queue != queue)) return false;
    return is_literal ? subject::matches(pattern, one.subject)
                      : subject::matches(one.subject, pattern);
  };
  gatherer_->ask({.subscriptions = true},
                 [this, asker = request.asker, counts](const Parts& parts) {
                   std::ptrdiff_t count = 0;
                   for (const Part& part : parts)
                     count += std::ranges::count_if(part.subscriptions, counts);
                   send(asker, std::to_string(count));
                 });
}

void SystemService::take_kick(const Request& request) {
  act_on_client(request, "no such client or leafnode id", [](broker::Client& client) {
    client.close(broker::CloseReason::kKicked);
    return Result<void>{};
  });
}

void SystemService::take_lame_duck(const Request& request) {
  act_on_client(request, "no such client id", [](broker::Client& client) -> Result<void> {
    if (!client.hears_lame_duck())
      return failure(
          "client does not support Lame Duck Mode or is not ready to receive the notification");
    client.send_lame_duck_info();
    return {};
  });
}

// Which loop has the connection is not known: all are asked.
void SystemService::act_on_client(const Request& request, std::string_view unknown, Act act) {
  const auto body = parse_body(*request.row->body, request.body);
  if (request.body.empty() || !body) return;  // as with nats-server
  if (!is_for_this(body->filter)) return;
  const auto cid = Query(body->query).unsigned_integer("cid");
  if (!cid) return;
  struct Search {
    std::size_t missing;
    Result<void> result;
  };
  auto search =
      std::make_shared<Search>(Search{broker_->workers().size(), failure(std::string(unknown))});
  const auto take = [this, search, asker = request.asker](std::optional<Result<void>> found) {
    if (found) search->result = std::move(*found);
    if (--search->missing > 0) return;
    if (!search->result) return fail(asker, kFailed, search->result.error().text(), false);
    answer(asker, [](codec::JsonWriter&) {});
  };
  for (const auto& worker : broker_->workers())
    worker->loop().post(broker::call_worker([this, act, take, cid = *cid](broker::Worker& asked) {
      std::optional<Result<void>> found;
      if (broker::Client* client = asked.open_client(cid); client && !client->is_hidden())
        found = act(*client);
      worker_->loop().post(broker::call_worker(
          [take, found = std::move(found)](broker::Worker&) mutable { take(std::move(found)); }));
    }));
}

// ---- what is told unasked

// Soon after the start, then less and less often.
void SystemService::on_statsz_timer() {
  statsz_pause_ = std::min(statsz_pause_ + statsz_pause_, kStatsz);
  worker_->loop().timers().arm(statsz_timer_, worker_->now() + statsz_pause_);
  tell_statsz();
}

void SystemService::tell_statsz() {
  const std::string subject = "$SYS.SERVER." + facts_().id + ".STATSZ";
  if (!is_wanted(subject)) return;
  monitor_->ask("statsz", "", [this, subject](const HttpResponse& response) {
    codec::JsonWriter json;
    json.begin_object();
    write_server(json, facts_(), ++*sequence_, clock_.wall());
    publish(subject, json.key("statsz").raw(response.body).end_object().take());
  });
}

void SystemService::on_heartbeat() {
  worker_->loop().timers().arm(heartbeat_, worker_->now() + kHeartbeat);
  for (const std::string& account : broker_->accounts().active_names())
    if (std::ranges::any_of(connections_subjects(account),
                            [this](const std::string& subject) { return is_wanted(subject); }))
      note_change(account);
}

void SystemService::note_account(const std::string& account) {
  worker_->loop().post(
      broker::call_worker([this, account](broker::Worker&) { note_change(account); }));
}

void SystemService::note_change(const std::string& account) {
  changed_.insert(account);
  if (connections_timer_.armed() || asks_figures_) return;
  on_connections_timer();
}

void SystemService::on_connections_timer() {
  if (changed_.empty()) return;
  asks_figures_ = true;
  gatherer_->ask(
      wanted_for_accstatz(), [this, accounts = std::exchange(changed_, {})](const Parts& parts) {
        asks_figures_ = false;
        worker_->loop().timers().arm(connections_timer_, worker_->now() + kConnectionsPause);
        for (const std::string& account : accounts) {
          const auto figures = compose_account_stat(account, described(account), parts);
          if (!figures) continue;
          for (const std::string& subject : connections_subjects(account))
            if (is_wanted(subject)) publish(subject, connections_event(*figures));
        }
      });
}

// One account, as far as its figures show it: describing all of them may take long.
Accountz SystemService::described(const std::string& account) const {
  const auto id = broker_->accounts().find(account);
  const broker::AccountPlan* plan = id ? worker_->plans().find(*id) : nullptr;
  Accountz known;
  known.accounts.push_back({{.name = account}, nullptr});
  if (plan != nullptr) known.accounts.back().config.title = plan->title;
  return known;
}

void SystemService::tell_of_server(std::string_view what) {
  const ServerFacts facts = facts_();
  const std::string subject = "$SYS.SERVER." + facts.id + "." + std::string(what);
  if (!is_wanted(subject)) return;
  codec::JsonWriter json;
  write_server_object(json, facts, ++*sequence_, clock_.wall());
  publish(subject, json.take());
}

void SystemService::note_rejection(const tls::OcspRejection& rejection) {
  worker_->loop().post(
      broker::call_worker([this, rejection](broker::Worker&) { tell_rejection(rejection); }));
}

// Of the certificate that is not good, and of the peer that is turned away because of it.
void SystemService::tell_rejection(const tls::OcspRejection& rejection) {
  const std::string server = "$SYS.SERVER." + facts_().id;
  const std::string of_link = server + ".OCSP.PEER.LINK.INVALID";
  if (is_wanted(of_link)) {
    codec::JsonWriter json = begin_event("ocsp_peer_link_invalid");
    write_certificate(json, "link", rejection.link);
    write_certificate(json, "peer", rejection.peer);
    write_server(json, facts_(), ++*sequence_, clock_.wall());
    publish(of_link, json.field("reason", rejection.reason).end_object().take());
  }
  const std::string of_peer = server + ".OCSP.PEER.CONN.REJECT";
  if (is_wanted(of_peer)) {
    codec::JsonWriter json = begin_event("ocsp_peer_reject");
    json.field("kind", "Client");
    write_certificate(json, "peer", rejection.peer);
    write_server(json, facts_(), ++*sequence_, clock_.wall());
    publish(of_peer, json.field("reason", tls::OcspPeerCheck::kRejection).end_object().take());
  }
}

codec::JsonWriter SystemService::begin_event(std::string_view type) {
  codec::JsonWriter json;
  json.begin_object().field("type", "io.nats.server.advisory.v1." + std::string(type));
  json.field("id", codec::random_base62(22, [this] { return worker_->random(); }));
  json.field("timestamp", clock_.wall());
  return json;
}

bool SystemService::is_wanted(std::string_view subject) {
  return worker_->has_interest(broker::kSystemAccount, subject);
}

void SystemService::publish(std::string_view subject, std::string_view json) {
  broker::Message message;
  message.account = broker::kSystemAccount;
  message.subject = subject;
  message.payload = json;
  worker_->publish_internal(subject, message);
}

void SystemService::answer(const Asker& asker, const Write& write) {
  codec::JsonWriter json;
  json.begin_object();
  write_server(json, facts_(), ++*sequence_, clock_.wall());
  write(json);
  send(asker, json.end_object().take());
}

void SystemService::fail(const Asker& asker, int code, std::string_view why, bool with_data) {
  // Errors are never packed.
  answer({asker.reply}, [&](codec::JsonWriter& json) {
    if (with_data) json.key("data").null();
    json.key("error").begin_object().field("code", code).field("description", why).end_object();
  });
}

void SystemService::send(const Asker& asker, std::string json) {
  const broker::PackedEvent packed = broker::pack_trace_event(std::move(json), asker.encoding);
  const std::string payload = packed.header + packed.body;
  broker::Message message;
  message.account = broker::kSystemAccount;
  message.subject = asker.reply;
  message.header_size = static_cast<std::uint32_t>(packed.header.size());
  message.payload = payload;
  worker_->publish_internal(asker.reply, message);
}

}  // namespace midge::server
