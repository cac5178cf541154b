#include "server/monitor/connz.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <span>
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

// Negative: a comes first. Where both are equal the older connection does.
using Comparison = std::strong_ordering;
using Compare = Comparison (*)(const ConnectionInfo& a, const ConnectionInfo& b, WallTime now);

struct OrderRow {
  std::string_view name;
  ConnectionOrder order;
  Compare compare;
};

using Info = const ConnectionInfo&;

constexpr OrderRow kOrders[] = {
    {"cid", ConnectionOrder::kCid, [](Info a, Info b, WallTime) { return a.cid <=> b.cid; }},
    {"start", ConnectionOrder::kStart,
     [](Info a, Info b, WallTime) { return a.start <=> b.start; }},
    {"subs", ConnectionOrder::kSubscriptions,
     [](Info a, Info b, WallTime) { return b.subscriptions <=> a.subscriptions; }},
    {"pending", ConnectionOrder::kPending,
     [](Info a, Info b, WallTime) { return b.pending_bytes <=> a.pending_bytes; }},
    {"msgs_to", ConnectionOrder::kMsgsTo,
     [](Info a, Info b, WallTime) { return b.out_msgs <=> a.out_msgs; }},
    {"msgs_from", ConnectionOrder::kMsgsFrom,
     [](Info a, Info b, WallTime) { return b.in_msgs <=> a.in_msgs; }},
    {"bytes_to", ConnectionOrder::kBytesTo,
     [](Info a, Info b, WallTime) { return b.out_bytes <=> a.out_bytes; }},
    {"bytes_from", ConnectionOrder::kBytesFrom,
     [](Info a, Info b, WallTime) { return b.in_bytes <=> a.in_bytes; }},
    {"last", ConnectionOrder::kLast,
     [](Info a, Info b, WallTime) { return b.last_activity <=> a.last_activity; }},
    {"idle", ConnectionOrder::kIdle,
     [](Info a, Info b, WallTime now) { return idle(b, now) <=> idle(a, now); }},
    {"uptime", ConnectionOrder::kUptime,
     [](Info a, Info b, WallTime now) { return uptime(a, now) <=> uptime(b, now); }},
    {"stop", ConnectionOrder::kStop,
     [](Info a, Info b, WallTime now) { return end_of(b, now) <=> end_of(a, now); }},
    {"reason", ConnectionOrder::kReason,
     [](Info a, Info b, WallTime) {
       return broker::to_text(a.reason) <=> broker::to_text(b.reason);
     }},
    {"rtt", ConnectionOrder::kRtt, [](Info a, Info b, WallTime) { return b.rtt <=> a.rtt; }},
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
};

std::vector<const broker::SubscriptionInfo*> subscriptions(const Entry& e) {
  std::vector<const broker::SubscriptionInfo*> sorted;
  for (const broker::SubscriptionInfo& one : e.info.subscription_list) sorted.push_back(&one);
  std::ranges::sort(sorted, [](const auto* a, const auto* b) { return comes_before(*a, *b); });
  return sorted;
}

bool lists(const Entry& e, SubscriptionDetail detail) {
  return e.request.subscriptions == detail && !e.info.subscription_list.empty();
}

void write_subjects(JsonWriter& json, const Entry& e) {
  json.begin_array();
  for (const broker::SubscriptionInfo* one : subscriptions(e)) json.value(one->subject);
  json.end_array();
}

void write_details(JsonWriter& json, const Entry& e) {
  // The peer names the account of closed connections' subscriptions only.
  const AccountShown account = e.info.stop ? AccountShown::kYes : AccountShown::kNo;
  json.begin_array();
  for (const broker::SubscriptionInfo* one : subscriptions(e))
    write_subscription(json, *one, account);
  json.end_array();
}

std::string tag_of(const ConnectionInfo& info) {
  return info.name_tag.empty() ? info.account : info.name_tag;
}

bool shows_tag(const Entry& e) {
  return e.request.auth && (!e.info.stop || e.info.account != kGlobalAccountName);
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

constexpr Field<Entry> kConnectionFields[] = {
    row<[](E e) { return e.info.cid; }>("cid"), row<[](E) { return "Client"; }>("kind"),
    row<[](E e) { return e.info.web_socket ? "websocket" : "nats"; }>("type"),
    row < [](E e) -> auto& {return e.info.ip;
}  // namespace
> ("ip"), row<[](E e) { return e.info.port; }>("port"),
    row<[](E e) { return e.info.start; }>("start"),
    row<[](E e) { return e.info.last_activity; }>("last_activity"),
    nested_if<Entry, [](E e) { return e.info.stop.has_value(); },
              [](JsonWriter& json, E e) { json.value(*e.info.stop); }>("stop"),
    nested_if<Entry, [](E e) { return e.info.stop.has_value(); },
              [](JsonWriter& json, E e) { json.value(broker::to_text(e.info.reason)); }>("reason"),
    row<[](E e) { return round_trip_text(e.info.rtt); }>("rtt"),
    row<[](E e) { return uptime_text(uptime(e.info, e.now)); }>("uptime"),
    row<[](E e) { return uptime_text(idle(e.info, e.now)); }>("idle"),
    row<[](E e) { return e.info.pending_bytes; }>("pending_bytes"),
    row<[](E e) { return e.info.in_msgs; }>("in_msgs"),
    row<[](E e) { return e.info.out_msgs; }>("out_msgs"),
    row<[](E e) { return e.info.in_bytes; }>("in_bytes"),
    row<[](E e) { return e.info.out_bytes; }>("out_bytes"),
    optional<[](E e) { return e.info.stalls; }>("stalls"),
    row<[](E e) { return e.info.subscriptions; }>("subscriptions"), optional < [](E e) -> auto& {
  return e.info.name;
}
> ("name"), optional < [](E e) -> auto& { return e.info.lang; }
> ("lang"), optional < [](E e) -> auto& { return e.info.version; }
> ("version"), optional < [](E e) -> auto& { return e.info.tls_version; }
> ("tls_version"), optional < [](E e) -> auto& { return e.info.tls_cipher; }
> ("tls_cipher_suite"),
    nested_if<Entry, [](E e) { return shows_certificates(e); }, write_certificates>(
        "tls_peer_certs"),
    optional<[](E e) { return e.info.tls_first; }>("tls_first"), optional<[](E e) {
      return e.request.auth ? e.info.authorized_user : std::string();
    }>("authorized_user"),
    optional<[](E e) {
      const bool shown = e.request.auth && e.info.account != kGlobalAccountName;
      return shown ? e.info.account : std::string();
    }>("account"),
    nested_if<Entry, [](E e) { return lists(e, SubscriptionDetail::kSubjects); }, write_subjects>(
        "subscriptions_list"),
    nested_if<Entry, [](E e) { return lists(e, SubscriptionDetail::kDetail); }, write_details>(
        "subscriptions_list_detail"),
    optional<[](E e) { return e.request.auth ? e.info.jwt : std::string(); }>("jwt"),
    optional<[](E e) { return e.request.auth ? e.info.issuer_key : std::string(); }>("issuer_key"),
    optional<[](E e) { return shows_tag(e) ? tag_of(e.info) : std::string(); }>("name_tag"),
    nested_if<Entry, [](E e) { return e.request.auth && !e.info.tags.empty(); }, write_tags>(
        "tags"),
    nested_if<Entry, [](E e) { return !e.info.proxy.empty(); },
              [](JsonWriter& json, E e) {
                json.begin_object().field("key", e.info.proxy).end_object();
              }>("proxy"),
    // Midge's own: messages that slow_consumer_policy let fall.
    optional<[](E e) { return e.info.dropped; }>("dropped"),
};  // namespace midge::server

struct Connz {
  std::string_view server_id;
  WallTime now;
  std::span<const ConnectionInfo* const> page;
  std::size_t total;  // before filters and paging
  const ConnzRequest& request;
};

using C = const Connz&;

constexpr Field<Connz> kFields[] = {
    always<Connz, [](C c) { return c.server_id; }>("server_id"),
    always<Connz, [](C c) { return c.now; }>("now"),
    always<Connz, [](C c) { return c.page.size(); }>("num_connections"),
    always<Connz, [](C c) { return c.total; }>("total"),
    always<Connz, [](C c) { return c.request.offset; }>("offset"),
    always<Connz, [](C c) { return c.request.limit; }>("limit"),
    nested<Connz,
           [](JsonWriter& json, C c) {
             json.begin_array();
             for (const ConnectionInfo* info : c.page)
               write_object<Entry>(json, kConnectionFields, Entry{*info, c.request, c.now});
             json.end_array();
           }>("connections"),
};

using Infos = std::vector<const ConnectionInfo*>;

// The account narrows the total too, the other filters do not.
Infos in_state_and_account(const ConnzRequest& request, const Parts& parts) {
  Infos found;
  const auto add = [&](const std::vector<ConnectionInfo>& from) {
    for (const ConnectionInfo& info : from)
      if (request.account.empty() || info.account == request.account) found.push_back(&info);
  };
  for (const Part& part : parts) {
    if (request.state != ConnectionState::kClosed) add(part.open);
    if (request.state != ConnectionState::kOpen) add(part.closed);
  }
  return found;
}

bool has_subscription(const ConnectionInfo& info, std::string_view subject) {
  return std::ranges::any_of(info.subscription_list, [subject](const auto& one) {
    return subject::overlaps(one.subject, subject);
  });
}

void apply_filters(const ConnzRequest& request, Infos& infos) {
  std::erase_if(infos, [&](const ConnectionInfo* info) {
    return (request.cid != 0 && info->cid != request.cid) ||
           (!request.user.empty() && info->authorized_user != request.user) ||
           (!request.filter_subject.empty() && !has_subscription(*info, request.filter_subject)) ||
           !request.mqtt_client.empty();  // no connection has one
  });
}

std::span<const ConnectionInfo* const> sorted_page(const ConnzRequest& request, WallTime now,
                                                   Infos& infos) {
  const auto size = static_cast<std::int64_t>(infos.size());
  const std::int64_t begin = std::min(request.offset, size);
  const std::int64_t end = begin + std::min(request.limit, size - begin);
  const Compare compare = order_row(request.order).compare;
  std::partial_sort(infos.begin(), infos.begin() + end, infos.end(),
                    [&](const ConnectionInfo* a, const ConnectionInfo* b) {
                      const Comparison order = compare(*a, *b, now);
                      return order == 0 ? a->cid < b->cid : order < 0;
                    });
  return std::span(infos).subspan(static_cast<std::size_t>(begin),
                                  static_cast<std::size_t>(end - begin));
}

}  // namespace

Wanted ConnzRequest::wanted() const {
  return {
      .open = state != ConnectionState::kClosed,
      .closed = state != ConnectionState::kOpen,
      .their_subscriptions = subscriptions != SubscriptionDetail::kNone || !filter_subject.empty()};
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

void write_connz(JsonWriter& json, const ConnzRequest& request, std::string_view server_id,
                 WallTime now, const Parts& parts) {
  Infos infos = in_state_and_account(request, parts);
  const std::size_t in_all = infos.size();
  apply_filters(request, infos);
  write_object<Connz>(json, kFields,
                      Connz{.server_id = server_id,
                            .now = now,
                            .page = sorted_page(request, now, infos),
                            .total = in_all,
                            .request = request});
}

std::string compose_connz(const ConnzRequest& request, std::string_view server_id, WallTime now,
                          const Parts& parts) {
  JsonWriter json(true);
  write_connz(json, request, server_id, now, parts);
  return json.take();
}

}  // namespace midge::server
