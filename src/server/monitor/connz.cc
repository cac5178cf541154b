#include "server/monitor/connz.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "server/monitor/duration_text.h"
#include "server/monitor/field_table.h"
#include "server/monitor/subscription_json.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

using broker::ConnectionInfo;
using codec::JsonWriter;

constexpr std::int64_t kLimitDefault = 1024;
constexpr std::string_view kGlobalAccountName = "$G";

// Of a closed connection: until it closed.
WallTime end_of(const ConnectionInfo& info, WallTime now) { return info.stop.value_or(now); }
Duration uptime(const ConnectionInfo& info, WallTime now) { return end_of(info, now) - info.start; }
Duration idle(const ConnectionInfo& info, WallTime now) {
  return end_of(info, now) - info.last_activity;
}

// Least first.
using Info = const ConnectionInfo&;
using Rank = std::int64_t (*)(Info info, WallTime now);

struct OrderRow {
  std::string_view name;
  ConnectionOrder order;
  Rank rank;
};

template <class Number>
constexpr std::int64_t greatest_first(Number number) {
  return ~static_cast<std::int64_t>(number);
}

// The place of a reason's text among all.
std::int64_t reason_rank(broker::CloseReason reason) {
  const std::string_view text = broker::to_text(reason);
  std::int64_t before = 0;
  for (unsigned other = 0; other < broker::kCloseReasons; ++other)
    if (broker::to_text(static_cast<broker::CloseReason>(other)) < text) ++before;
  return before;
}

constexpr OrderRow kOrders[] = {
    {"cid", ConnectionOrder::kCid, [](Info, WallTime) { return std::int64_t{0}; }},
    {"start", ConnectionOrder::kStart, [](Info a, WallTime) { return a.start.ns; }},
    {"subs", ConnectionOrder::kSubscriptions,
     [](Info a, WallTime) { return greatest_first(a.subscriptions); }},
    {"pending", ConnectionOrder::kPending,
     [](Info a, WallTime) { return greatest_first(a.pending_bytes); }},
    {"msgs_to", ConnectionOrder::kMsgsTo,
     [](Info a, WallTime) { return greatest_first(a.out_msgs); }},
    {"msgs_from", ConnectionOrder::kMsgsFrom,
     [](Info a, WallTime) { return greatest_first(a.in_msgs); }},
    {"bytes_to", ConnectionOrder::kBytesTo,
     [](Info a, WallTime) { return greatest_first(a.out_bytes); }},
    {"bytes_from", ConnectionOrder::kBytesFrom,
     [](Info a, WallTime) { return greatest_first(a.in_bytes); }},
    {"last", ConnectionOrder::kLast,
     [](Info a, WallTime) { return greatest_first(a.last_activity.ns); }},
    {"idle", ConnectionOrder::kIdle,
     [](Info a, WallTime now) { return greatest_first(idle(a, now).ns); }},
    {"uptime", ConnectionOrder::kUptime, [](Info a, WallTime now) { return uptime(a, now).ns; }},
    {"stop", ConnectionOrder::kStop,
     [](Info a, WallTime now) { return greatest_first(end_of(a, now).ns); }},
    {"reason", ConnectionOrder::kReason, [](Info a, WallTime) { return reason_rank(a.reason); }},
    {"rtt", ConnectionOrder::kRtt, [](Info a, WallTime) { return greatest_first(a.rtt.ns); }},
};

const OrderRow& order_row(ConnectionOrder order) {
  return *std::ranges::find(kOrders, order, &OrderRow::order);
}

Result<ConnectionOrder> parse_order(const std::string& name, ConnectionState state) {
  if (name.empty()) return ConnectionOrder::kCid;
  const auto found = std::ranges::find(kOrders, name, &OrderRow::name);
  if (found == std::end(kOrders)) return failure("invalid sorting option: " + name);
  const bool needs_closed =
      found->order == ConnectionOrder::kStop || found->order == ConnectionOrder::kReason;
  if (needs_closed && state != ConnectionState::kClosed)
    return failure("sort by " + name + " only valid on closed connections");
  return found->order;
}

Result<ConnectionState> parse_state(const std::string& text) {
  std::string lower = text;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower.empty() || lower == "open") return ConnectionState::kOpen;
  if (lower == "closed") return ConnectionState::kClosed;
  if (lower == "any" || lower == "all") return ConnectionState::kAll;
  return failure("Error decoding state for " + text);
}

// One connection as it is shown.
struct Entry {
  const ConnectionInfo& info;
  const ConnzRequest& request;
  WallTime now;
  std::string_view list;  // its subscriptions, JSON; "" = none
};

bool lists(const Entry& e, SubscriptionDetail detail) {
  return e.request.subscriptions == detail && !e.list.empty();
}

void write_list(JsonWriter& json, const Entry& e) { json.raw(e.list); }

std::string tag_of(const ConnectionInfo& info) {
  return info.name_tag.empty() ? info.account : info.name_tag;
}

bool shows_tag(const Entry& e) {
  return e.request.auth && (!e.info.stop || e.info.account != kGlobalAccountName);
}

bool shows_account(const Entry& e) {
  return e.request.auth && e.info.account != kGlobalAccountName;
}

void write_tags(JsonWriter& json, const Entry& e) {
  json.begin_array();
  for (const std::string& tag : e.info.tags) json.value(tag);
  json.end_array();
}

bool shows_certificates(const Entry& e) {
  return e.request.auth && !e.info.stop && !e.info.tls_peer_certs.empty();
}

void write_certificates(JsonWriter& json, const Entry& e) {
  json.begin_array();
  for (const io::PeerCertificate& one : e.info.tls_peer_certs) {
    json.begin_object().field("subject", one.subject).field("spki_sha256", one.spki_sha256);
    json.field("cert_sha256", one.cert_sha256).end_object();
  }
  json.end_array();
}

template <auto Get>
constexpr Field<Entry> row(std::string_view name) {
  return always<Entry, Get>(name);
}
template <auto Get>
constexpr Field<Entry> optional(std::string_view name) {
  return unless_empty<Entry, Get>(name);
}

using E = const Entry&;

// What the connection says of itself.
template <auto Member>
const auto& info(E e) {
  return e.info.*Member;
}
using I = ConnectionInfo;

constexpr Field<Entry> kConnectionFields[] = {
    row<info<&I::cid>>("cid"),
    row<[](E) { return "Client"; }>("kind"),
    row<[](E e) { return e.info.web_socket ? "websocket" : "nats"; }>("type"),
    row<info<&I::ip>>("ip"),
    row<info<&I::port>>("port"),
    row<info<&I::start>>("start"),
    row<info<&I::last_activity>>("last_activity"),
    nested_if<Entry, [](E e) { return e.info.stop.has_value(); },
              [](JsonWriter& json, E e) { json.value(*e.info.stop); }>("stop"),
    nested_if<Entry, [](E e) { return e.info.stop.has_value(); },
              [](JsonWriter& json, E e) { json.value(broker::to_text(e.info.reason)); }>("reason"),
    row<[](E e) { return round_trip_text(e.info.rtt); }>("rtt"),
    row<[](E e) { return uptime_text(uptime(e.info, e.now)); }>("uptime"),
    row<[](E e) { return uptime_text(idle(e.info, e.now)); }>("idle"),
    row<info<&I::pending_bytes>>("pending_bytes"),
    row<info<&I::in_msgs>>("in_msgs"),
    row<info<&I::out_msgs>>("out_msgs"),
    row<info<&I::in_bytes>>("in_bytes"),
    row<info<&I::out_bytes>>("out_bytes"),
    optional<info<&I::stalls>>("stalls"),
    row<info<&I::subscriptions>>("subscriptions"),
    optional<info<&I::name>>("name"),
    optional<info<&I::lang>>("lang"),
    optional<info<&I::version>>("version"),
    optional<info<&I::tls_version>>("tls_version"),
    optional<info<&I::tls_cipher>>("tls_cipher_suite"),
    nested_if<Entry, shows_certificates, write_certificates>("tls_peer_certs"),
    optional<info<&I::tls_first>>("tls_first"),
    optional<[](E e) { return e.request.auth ? e.info.authorized_user : ""; }>("authorized_user"),
    optional<[](E e) { return shows_account(e) ? e.info.account : ""; }>("account"),
    nested_if<Entry, [](E e) { return lists(e, SubscriptionDetail::kSubjects); }, write_list>(
        "subscriptions_list"),
    nested_if<Entry, [](E e) { return lists(e, SubscriptionDetail::kDetail); }, write_list>(
        "subscriptions_list_detail"),
    optional<[](E e) { return e.request.auth ? e.info.jwt : ""; }>("jwt"),
    optional<[](E e) { return e.request.auth ? e.info.issuer_key : ""; }>("issuer_key"),
    optional<[](E e) { return shows_tag(e) ? tag_of(e.info) : ""; }>("name_tag"),
    nested_if<Entry, [](E e) { return e.request.auth && !e.info.tags.empty(); }, write_tags>(
        "tags"),
    nested_if<Entry, [](E e) { return !e.info.proxy.empty(); },
              [](JsonWriter& json, E e) {
                json.begin_object().field("key", e.info.proxy).end_object();
              }>("proxy"),
    // Midge's own: messages that slow_consumer_policy let fall.
    optional<info<&I::dropped>>("dropped"),
};

struct Connz {
  const ConnzTask& task;
  const ConnzCount& count;
};

using C = const Connz&;

constexpr Field<Connz> kFields[] = {
    always<Connz, [](C c) { return std::string_view(c.task.server_id); }>("server_id"),
    always<Connz, [](C c) { return c.task.now; }>("now"),
    always<Connz, [](C c) { return c.count.shown; }>("num_connections"),
    always<Connz, [](C c) { return c.count.total; }>("total"),
    always<Connz, [](C c) { return c.task.request.offset; }>("offset"),
    always<Connz, [](C c) { return c.task.request.limit; }>("limit"),
};

// How deep in the answer.
constexpr unsigned kConnectionDepth = 2, kSubscriptionsDepth = 3;

}  // namespace

bool ConnzRequest::knows_by_cid() const {
  return order == ConnectionOrder::kCid && user.empty() && account.empty();
}

bool ConnzRequest::counts(const ConnectionInfo& info) const {
  return account.empty() || info.account == account;
}

bool ConnzRequest::shows(const ConnectionInfo& info) const {
  return (cid == 0 || info.cid == cid) && (user.empty() || info.authorized_user == user) &&
         mqtt_client.empty();  // no connection has one
}

std::int64_t ConnzRequest::rank(const ConnectionInfo& info, WallTime now) const {
  return order_row(order).rank(info, now);
}

Result<ConnzRequest> parse_connz(const Query& query) {
  ConnzRequest request;
  ASSIGN_OR_RETURN(request.auth, query.boolean("auth"));
  ASSIGN_OR_RETURN(request.subscriptions, parse_subscription_detail(query));
  ASSIGN_OR_RETURN(request.offset, query.integer("offset"));
  ASSIGN_OR_RETURN(request.limit, query.integer("limit"));
  ASSIGN_OR_RETURN(request.cid, query.unsigned_integer("cid"));
  ASSIGN_OR_RETURN(request.state, parse_state(query.text("state")));
  ASSIGN_OR_RETURN(request.order, parse_order(query.text("sort"), request.state));
  request.user = query.text("user");
  request.account = query.text("acc");
  request.mqtt_client = query.text("mqtt_client");
  request.filter_subject = query.text(kFilterSubject);
  if (!request.filter_subject.empty() && request.account.empty())
    return failure("filter by subject only valid with account filtering");
  if (request.offset < 0) request.offset = 0;
  if (request.limit <= 0) request.limit = kLimitDefault;
  if (request.cid != 0) request.limit = 1;
  return request;
}

JsonWriter connections_writer(const ConnzTask& task) {
  return JsonWriter::for_elements(task.pretty, kConnectionDepth);
}

void write_connection(JsonWriter& json, const ConnzTask& task, const ConnectionInfo& info,
                      std::string_view list) {
  write_object<Entry>(json, kConnectionFields, Entry{info, task.request, task.now, list});
}

JsonWriter subscriptions_writer(const ConnzTask& task) {
  return JsonWriter::for_value(task.pretty, kSubscriptionsDepth);
}

void write_listed(JsonWriter& json, const ConnzTask& task, const broker::SubscriptionInfo& one,
                  bool is_closed) {
  if (task.request.subscriptions == SubscriptionDetail::kSubjects) {
    json.value(one.subject);
    return;
  }
  // The peer names the account of closed connections' subscriptions only.
  write_subscription(json, one, is_closed ? AccountShown::kYes : AccountShown::kNo);
}

std::string closed_subscriptions(const ConnzTask& task, const ConnectionInfo& info) {
  if (info.subscription_list.empty()) return {};
  std::vector<const broker::SubscriptionInfo*> sorted;
  for (const broker::SubscriptionInfo& one : info.subscription_list) sorted.push_back(&one);
  std::ranges::sort(sorted, [](const auto* a, const auto* b) { return comes_before(*a, *b); });
  JsonWriter json = subscriptions_writer(task);
  json.begin_array();
  for (const broker::SubscriptionInfo* one : sorted) write_listed(json, task, *one, true);
  return json.end_array().take();
}

ConnzFrame connz_frame(const ConnzTask& task, const ConnzCount& count) {
  ConnzFrame frame;
  JsonWriter json(task.pretty);
  json.begin_object();
  for (const Field<Connz>& field : kFields) field.write(json, field.name, Connz{task, count});
  json.key("connections").begin_array();
  if (count.shown > 0) {
    frame.head = json.take();
    json = connections_writer(task);
  }
  frame.tail = json.end_array().end_object().take();
  return frame;
}

}  // namespace midge::server
