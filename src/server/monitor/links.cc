#include "server/monitor/links.h"

#include "codec/json_tree.h"
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

SubscriptionDetail detail_of(bool subjects, bool detail) {
  if (detail) return SubscriptionDetail::kDetail;
  return subjects ? SubscriptionDetail::kSubjects : SubscriptionDetail::kNone;
}

// `read` takes the fields out of a body that may be empty.
Result<void> read_body(std::string_view body, std::string_view type, auto read) {
  if (body.empty()) return {};
  ASSIGN_OR_RETURN(const codec::JsonValue value, codec::read_json_tree(body));
  codec::JsonReader reader(&value, type);
  read(reader);
  return reader.done();
}

}  // namespace

Result<SubscriptionDetail> parse_subscription_detail(const Query& query) {
  std::string lower = query.text("subs");
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "detail") return SubscriptionDetail::kDetail;
  ASSIGN_OR_RETURN(const bool subjects, query.boolean("subs"));
  return detail_of(subjects, false);
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

RaftzRequest parse_raftz(const Query& query) { return {query.text("acc"), query.text("group")}; }

Result<RoutezRequest> parse_routez_body(std::string_view body) {
  bool subjects = false, detail = false;
  TRY(read_body(body, "RoutezEventOptions", [&](codec::JsonReader& reader) {
    reader.read("subscriptions", subjects).read("subscriptions_detail", detail);
  }));
  return RoutezRequest{detail_of(subjects, detail)};
}

Result<GatewayzRequest> parse_gatewayz_body(std::string_view body) {
  GatewayzRequest request;
  bool subjects = false, detail = false;
  TRY(read_body(body, "GatewayzEventOptions", [&](codec::JsonReader& reader) {
    reader.read("name", request.name).read("accounts", request.accounts);
    reader.read("account_name", request.account_name);
    reader.read("subscriptions", subjects).read("subscriptions_detail", detail);
  }));
  request.subscriptions = detail_of(subjects, detail);
  return request;
}

Result<LeafzRequest> parse_leafz_body(std::string_view body) {
  LeafzRequest request;
  TRY(read_body(body, "LeafzEventOptions", [&](codec::JsonReader& reader) {
    reader.read("subscriptions", request.subscriptions).read("account", request.account);
  }));
  return request;
}

Result<RaftzRequest> parse_raftz_body(std::string_view body) {
  RaftzRequest request;
  TRY(read_body(body, "RaftzEventOptions", [&](codec::JsonReader& reader) {
    reader.read("account", request.account).read("group", request.group);
  }));
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

void write_raftz(JsonWriter& json, const RaftzRequest&) { json.begin_object().end_object(); }

}  // namespace midge::server
