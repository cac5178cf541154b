#include "server/monitor/links.h"

#include "server/monitor/field_table.h"

namespace midge::server {
namespace {

using codec::JsonWriter;

void write_none(JsonWriter& json, const Answerer&) { json.begin_array().end_array(); }
void write_empty_object(JsonWriter& json, const Answerer&) { json.begin_object().end_object(); }

using A = const Answerer&;

constexpr auto kServerId = always<Answerer, [](A a) { return a.server_id; }>("server_id");
constexpr auto kNow = always<Answerer, [](A a) { return a.now; }>("now");

constexpr Field<Answerer> kRoutez[] = {
    kServerId,
    always<Answerer, [](A a) { return a.server_name; }>("server_name"),
    kNow,
    always<Answerer, [](A) { return 0; }>("num_routes"),
    nested<Answerer, write_none>("routes"),
};

constexpr Field<Answerer> kGatewayz[] = {
    kServerId,
    kNow,
    nested<Answerer, write_empty_object>("outbound_gateways"),
    nested<Answerer, write_empty_object>("inbound_gateways"),
};

constexpr Field<Answerer> kLeafz[] = {
    kServerId,
    kNow,
    always<Answerer, [](A) { return 0; }>("leafnodes"),
    nested<Answerer, write_none>("leafs"),
};

}  // namespace

Result<SubscriptionDetail> parse_subscription_detail(const Query& query) {
  std::string lower = query.text("subs");
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "detail") return SubscriptionDetail::kDetail;
  ASSIGN_OR_RETURN(const bool subjects, query.boolean("subs"));
  return subjects ? SubscriptionDetail::kSubjects : SubscriptionDetail::kNone;
}

Result<RoutezRequest> parse_routez(const Query& query) {
  RoutezRequest request;
  ASSIGN_OR_RETURN(request.subscriptions, parse_subscription_detail(query));
  return request;
}

Result<GatewayzRequest> parse_gatewayz(const Query& query) {
  GatewayzRequest request;
  ASSIGN_OR_RETURN(request.subscriptions, parse_subscription_detail(query));
  ASSIGN_OR_RETURN(request.accounts, query.boolean("accs"));
  request.name = query.text("gw_name");
  request.account_name = query.text("acc_name");
  return request;
}

Result<LeafzRequest> parse_leafz(const Query& query) {
  LeafzRequest request;
  ASSIGN_OR_RETURN(request.subscriptions, query.boolean("subs"));
  request.account = query.text("acc");
  return request;
}

void write_routez(JsonWriter& json, const RoutezRequest&, const Answerer& answerer) {
  write_object<Answerer>(json, kRoutez, answerer);
}

void write_gatewayz(JsonWriter& json, const GatewayzRequest&, const Answerer& answerer) {
  write_object<Answerer>(json, kGatewayz, answerer);
}

void write_leafz(JsonWriter& json, const LeafzRequest&, const Answerer& answerer) {
  write_object<Answerer>(json, kLeafz, answerer);
}

}  // namespace midge::server
