#include "server/system/request_table.h"

#include "server/monitor/connz.h"

namespace midge::server {
namespace {

using Body = BodyOption;
using Kind = BodyOption::Kind;

constexpr Body kConnz[] = {
    {"sort", Kind::kOrder, "sort"},
    {"auth", Kind::kBool, "auth"},
    {"subscriptions", Kind::kBool, "subs"},
    {"subscriptions_detail", Kind::kFlag, "subs", "detail"},
    {"offset", Kind::kInt, "offset"},
    {"limit", Kind::kInt, "limit"},
    {"cid", Kind::kUnsigned, "cid"},
    {"mqtt_client", Kind::kText, "mqtt_client"},
    {"state", Kind::kState, "state"},
    {"user", Kind::kText, "user"},
    {"acc", Kind::kText, "acc"},
    {"filter_subject", Kind::kText, kFilterSubject},
};
constexpr Body kSubsz[] = {
    {"offset", Kind::kInt, "offset"}, {"limit", Kind::kInt, "limit"},
    {"account", Kind::kText, "acc"},  {"subscriptions", Kind::kBool, "subs"},
    {"test", Kind::kText, "test"},
};
constexpr Body kRoutez[] = {
    {"subscriptions", Kind::kBool, "subs"},
    {"subscriptions_detail", Kind::kFlag, "subs", "detail"},
};
constexpr Body kGatewayz[] = {
    {"name", Kind::kText, "gw_name"},
    {"accounts", Kind::kBool, "accs"},
    {"account_name", Kind::kText, "acc_name"},
    {"subscriptions", Kind::kBool, "subs"},
    {"subscriptions_detail", Kind::kFlag, "subs", "detail"},
};
constexpr Body kLeafz[] = {
    {"subscriptions", Kind::kBool, "subs"},
    {"account", Kind::kText, "acc"},
};
constexpr Body kAccountz[] = {{"account", Kind::kText, "acc"}};
constexpr Body kAccountStatz[] = {
    {"accounts", Kind::kTexts, "accounts"},
    {"include_unused", Kind::kBool, "unused"},
};
constexpr Body kJsz[] = {
    {"account", Kind::kText, "acc"},
    {"accounts", Kind::kBool, "accounts"},
    {"streams", Kind::kBool, "streams"},
    {"consumer", Kind::kBool, "consumers"},
    {"direct_consumer", Kind::kBool, "direct-consumers"},
    {"config", Kind::kBool, "config"},
    {"leader_only", Kind::kBool, "leader-only"},
    {"offset", Kind::kInt, "offset"},
    {"limit", Kind::kInt, "limit"},
    {"raft", Kind::kBool, "raft"},
    {"stream_leader_only", Kind::kBool, "stream-leader-only"},
};
constexpr Body kHealthz[] = {
    {"js-enabled", Kind::kBool, "js-enabled"},
    {"js-enabled-only", Kind::kBool, "js-enabled-only"},
    {"js-server-only", Kind::kBool, "js-server-only"},
    {"js-meta-only", Kind::kBool, "js-meta-only"},
    {"account", Kind::kText, "account"},
    {"stream", Kind::kText, "stream"},
    {"consumer", Kind::kText, "consumer"},
    {"details", Kind::kBool, "details"},
};
constexpr Body kProfilez[] = {
    {"name", Kind::kText, "name"},
    {"debug", Kind::kInt, "debug"},
    {"duration", Kind::kDuration, "duration"},
};
constexpr Body kIpqueuesz[] = {
    {"all", Kind::kBool, "all"},
    {"filter", Kind::kText, "queues"},
};
constexpr Body kRaftz[] = {
    {"account", Kind::kText, "acc"},
    {"group", Kind::kText, "group"},
};
constexpr Body kOneClient[] = {{"cid", Kind::kUnsigned, "cid"}};

constexpr BodyType kNothing{"EventFilterOptions", "", {}};
constexpr BodyType kVarzBody{"VarzEventOptions", "VarzOptions", {}};
constexpr BodyType kStatszBody{"StatszEventOptions", "StatszOptions", {}};
constexpr BodyType kConnzBody{"ConnzEventOptions", "ConnzOptions", kConnz};
constexpr BodyType kSubszBody{"SubszEventOptions", "SubszOptions", kSubsz};
constexpr BodyType kRoutezBody{"RoutezEventOptions", "RoutezOptions", kRoutez};
constexpr BodyType kGatewayzBody{"GatewayzEventOptions", "GatewayzOptions", kGatewayz};
constexpr BodyType kLeafzBody{"LeafzEventOptions", "LeafzOptions", kLeafz};
constexpr BodyType kAccountzBody{"AccountzEventOptions", "AccountzOptions", kAccountz};
constexpr BodyType kAccountStatzBody{"AccountStatzEventOptions", "AccountStatzOptions",
                                     kAccountStatz};
constexpr BodyType kAccountInfoBody{"AccInfoEventOptions", "", {}};
constexpr BodyType kJszBody{"JszEventOptions", "JSzOptions", kJsz};
constexpr BodyType kHealthzBody{"HealthzEventOptions", "HealthzOptions", kHealthz};
constexpr BodyType kProfilezBody{"ProfilezEventOptions", "ProfilezOptions", kProfilez};
constexpr BodyType kExpvarzBody{"ExpvarzEventOptions", "", {}};
constexpr BodyType kIpqueueszBody{"IpqueueszEventOptions", "IpqueueszOptions", kIpqueuesz};
constexpr BodyType kRaftzBody{"RaftzEventOptions", "RaftzOptions", kRaftz};

constexpr BodyType kKickBody{"KickClientReq", "", kOneClient};
constexpr BodyType kLameDuckBody{"LDMClientReq", "", kOneClient};

constexpr RequestRow kUser{"", RequestKind::kUser, "", nullptr};
constexpr RequestRow kSubscribers{"", RequestKind::kSubscribers, "", nullptr};
constexpr RequestRow kPing{"", RequestKind::kStatsz, "statsz", &kStatszBody};

constexpr RequestRow kServer[] = {
    {"IDZ", RequestKind::kIdentity, "", nullptr},
    {"STATSZ", RequestKind::kStatsz, "statsz", &kStatszBody},
    {"VARZ", RequestKind::kMonitor, "/varz", &kVarzBody},
    {"SUBSZ", RequestKind::kMonitor, "/subsz", &kSubszBody},
    {"CONNZ", RequestKind::kMonitor, "/connz", &kConnzBody},
    {"ROUTEZ", RequestKind::kMonitor, "/routez", &kRoutezBody},
    {"GATEWAYZ", RequestKind::kMonitor, "/gatewayz", &kGatewayzBody},
    {"LEAFZ", RequestKind::kMonitor, "/leafz", &kLeafzBody},
    {"ACCOUNTZ", RequestKind::kMonitor, "/accountz", &kAccountzBody},
    {"JSZ", RequestKind::kMonitor, "/jsz", &kJszBody},
    {"HEALTHZ", RequestKind::kHealthz, "/healthz", &kHealthzBody},
    {"PROFILEZ", RequestKind::kProfile, "", &kProfilezBody},
    {"EXPVARZ", RequestKind::kMonitor, "/debug/vars", &kExpvarzBody},
    {"IPQUEUESZ", RequestKind::kMonitor, "/ipqueuesz", &kIpqueueszBody},
    {"RAFTZ", RequestKind::kGroups, "/raftz", &kRaftzBody},
};

constexpr RequestRow kOwn[] = {
    {"RELOAD", RequestKind::kReload, "", &kNothing},
    {"KICK", RequestKind::kKick, "", &kKickBody},
    {"LDM", RequestKind::kLameDuck, "", &kLameDuckBody},
};

constexpr RequestRow kAccount[] = {
    {"CONNZ", RequestKind::kMonitor, "/connz", &kConnzBody, "acc"},
    {"LEAFZ", RequestKind::kMonitor, "/leafz", &kLeafzBody, "acc"},
    {"SUBSZ", RequestKind::kMonitor, "/subsz", &kSubszBody, "acc", "subs=1"},
    {"JSZ", RequestKind::kMonitor, "account jsz", &kJszBody, "acc"},
    {"INFO", RequestKind::kMonitor, "account info", &kAccountInfoBody, "acc"},
    {"STATZ", RequestKind::kStats, "/accstatz", &kAccountStatzBody, "accounts"},
    {"CONNS", RequestKind::kConnections, "account conns", nullptr, "acc"},
};

}  // namespace

std::span<const RequestRow> server_requests() { return kServer; }
std::span<const RequestRow> own_requests() { return kOwn; }
std::span<const RequestRow> account_requests() { return kAccount; }
const RequestRow& user_request() { return kUser; }
const RequestRow& subscribers_request() { return kSubscribers; }
const RequestRow& ping_request() { return kPing; }

}  // namespace midge::server
