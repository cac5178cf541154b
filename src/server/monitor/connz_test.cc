// Goal: `/connz` has nats-server's shape, orders, filters, pages and errors.
// Method: made-up connections; the golden texts are recorded from nats-server 2.15.2.
#include "server/monitor/connz.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace midge;  // NOLINT: base/time.h
using broker::ConnectionInfo;
using server::ConnectionState;
using server::ConnzCount;
using server::ConnzTask;
using server::parse_connz;
using server::Query;

namespace {

// 2026-11-25T08:38:26Z
constexpr WallTime kSecond{1'795'595'906'000'000'000};
constexpr WallTime kNow = kSecond + nanoseconds(1'884'152'509);

ConnectionInfo alice() {
  ConnectionInfo info;
  info.cid = 5;
  info.ip = "127.0.0.1";
  info.port = 35082;
  info.start = kSecond + nanoseconds(517'691'907);
  info.last_activity = kSecond + nanoseconds(519'284'182);
  info.rtt = nanoseconds(669'123);
  info.out_msgs = 6;
  info.out_bytes = 18;
  info.subscriptions = 3;
  info.name = "alice";
  info.lang = "python3";
  info.version = "2.1";
  info.account = "$G";
  info.authorized_user = "u1";
  info.subscription_list = {
      {.account = "$G", .subject = "foo.bar", .sid = "1", .delivered = 2, .cid = 5},
      {.account = "$G",
       .subject = "foo.*",
       .queue = "q1",
       .sid = "2",
       .delivered = 2,
       .max = 10,
       .cid = 5},
  };
  return info;
}

ConnectionInfo closed() {
  ConnectionInfo info;
  info.cid = 8;
  info.ip = "127.0.0.1";
  info.port = 35114;
  info.start = kSecond + nanoseconds(520'017'216);
  info.last_activity = kSecond + nanoseconds(520'296'609);
  info.stop = kSecond + nanoseconds(520'492'887);
  info.rtt = nanoseconds(227'000);
  info.subscriptions = 1;
  info.name = "closed1";
  info.account = "$G";
  info.subscription_list = {{.account = "$G", .subject = "a", .sid = "1", .cid = 8}};
  return info;
}

std::string list_of(const ConnzTask& task, const ConnectionInfo& info) {
  if (info.stop) return server::closed_subscriptions(task, info);
  codec::JsonWriter json = server::subscriptions_writer(task);
  json.begin_array();
  for (const broker::SubscriptionInfo& one : info.subscription_list)
    server::write_listed(json, task, one, false);
  return json.end_array().take();
}

// What is listed as ConnzListing does.
struct Infos {
  std::vector<ConnectionInfo> open, closed;
};

std::string ask(const std::string& query, const Infos& infos) {
  const auto request = parse_connz(Query(query));
  if (!request) return request.error().text();
  const ConnzTask task{*request, "NABC", kNow};
  ConnzCount count;
  std::vector<const ConnectionInfo*> found;
  const auto look_at = [&](const std::vector<ConnectionInfo>& list) {
    for (const ConnectionInfo& info : list) {
      if (!request->counts(info)) continue;
      ++count.total;
      if (request->shows(info)) found.push_back(&info);
    }
  };
  if (request->state != ConnectionState::kClosed) look_at(infos.open);
  if (request->state != ConnectionState::kOpen) look_at(infos.closed);
  std::ranges::sort(found, {}, [&](const ConnectionInfo* info) {
    return std::pair(request->rank(*info, kNow), info->cid);
  });
  codec::JsonWriter json = server::connections_writer(task);
  const auto size = static_cast<std::int64_t>(found.size());
  for (std::int64_t i = request->offset; i < size && i - request->offset < request->limit; ++i) {
    const ConnectionInfo& info = *found[static_cast<std::size_t>(i)];
    const bool lists = request->subscriptions != server::SubscriptionDetail::kNone;
    server::write_connection(json, task, info,
                             lists && !info.subscription_list.empty() ? list_of(task, info) : "");
    ++count.shown;
  }
  const server::ConnzFrame frame = server::connz_frame(task, count);
  const std::string listed = json.take();
  return frame.head + (listed.empty() ? "" : listed.substr(1)) + frame.tail;
}

// The cids shown, in order: `5 6 7`.
std::string cids(const std::string& query, const Infos& parts) {
  const std::string text = ask(query, parts);
  std::string found;
  const std::string key = "\n      \"cid\": ";
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    if (!found.empty()) found += ' ';
    found += text.substr(begin, text.find(',', begin) - begin);
  }
  return found;
}

std::string head(const std::string& query, const Infos& parts) {
  const std::string text = ask(query, parts);
  const std::size_t begin = text.find("  \"num_connections\"");
  return text.substr(begin, text.find("  \"connections\"") - begin);
}

// cid 1 to 4; 3 and 4 are closed. What is sorted by differs as named.
Infos four() {
  std::vector<ConnectionInfo> infos(4);
  for (std::size_t i = 0; i < infos.size(); ++i) {
    const auto n = static_cast<std::int64_t>(i);
    infos[i].cid = i + 1;
    infos[i].start = kSecond + milliseconds(n);
    infos[i].last_activity = kSecond + milliseconds(10 - n);
    infos[i].account = "$G";
    infos[i].in_msgs = i;
    infos[i].out_msgs = 10 - i;
    infos[i].in_bytes = i * 2;
    infos[i].out_bytes = i % 2;
    infos[i].pending_bytes = n == 2 ? 9 : 0;
    infos[i].subscriptions = i;
    infos[i].rtt = microseconds(n == 1 ? 500 : 100);
  }
  infos[2].stop = kSecond + milliseconds(40);
  infos[2].reason = broker::CloseReason::kProtocolViolation;
  infos[3].stop = kSecond + milliseconds(30);
  infos[3].reason = broker::CloseReason::kMaximumPayloadExceeded;
  return {.open = {infos[1], infos[0]}, .closed = {infos[3], infos[2]}};
}

}  // namespace

TEST_CASE("an open connection") {
  Infos parts;
  parts.open = {alice()};
  CHECK(ask("subs=detail&auth=1", parts) == R"({
  "server_id": "NABC",
  "now": "2026-11-25T08:38:27.884152509Z",
  "num_connections": 1,
  "total": 1,
  "offset": 0,
  "limit": 1024,
  "connections": [
    {
      "cid": 5,
      "kind": "Client",
      "type": "nats",
      "ip": "127.0.0.1",
      "port": 35082,
      "start": "2026-11-25T08:38:26.517691907Z",
      "last_activity": "2026-11-25T08:38:26.519284182Z",
      "rtt": "669µs",
      "uptime": "1s",
      "idle": "1s",
      "pending_bytes": 0,
      "in_msgs": 0,
      "out_msgs": 6,
      "in_bytes": 0,
      "out_bytes": 18,
      "subscriptions": 3,
      "name": "alice",
      "lang": "python3",
      "version": "2.1",
      "authorized_user": "u1",
      "subscriptions_list_detail": [
        {
          "subject": "foo.bar",
          "sid": "1",
          "msgs": 2,
          "cid": 5
        },
        {
          "subject": "foo.*",
          "qgroup": "q1",
          "sid": "2",
          "msgs": 2,
          "max": 10,
          "cid": 5
        }
      ],
      "name_tag": "$G"
    }
  ]
})");
}

TEST_CASE("a closed connection") {
  Infos parts;
  parts.closed = {closed()};
  const std::string common = R"({
  "server_id": "NABC",
  "now": "2026-11-25T08:38:27.884152509Z",
  "num_connections": 1,
  "total": 1,
  "offset": 0,
  "limit": 1024,
  "connections": [
    {
      "cid": 8,
      "kind": "Client",
      "type": "nats",
      "ip": "127.0.0.1",
      "port": 35114,
      "start": "2026-11-25T08:38:26.520017216Z",
      "last_activity": "2026-11-25T08:38:26.520296609Z",
      "stop": "2026-11-25T08:38:26.520492887Z",
      "reason": "Client Closed",
      "rtt": "227µs",
      "uptime": "0s",
      "idle": "0s",
      "pending_bytes": 0,
      "in_msgs": 0,
      "out_msgs": 0,
      "in_bytes": 0,
      "out_bytes": 0,
      "subscriptions": 1,
      "name": "closed1",
)";
  CHECK(ask("state=closed&subs=1", parts) == common + R"(      "subscriptions_list": [
        "a"
      ]
    }
  ]
})");
  CHECK(ask("state=closed&subs=detail&auth=1", parts) ==
        common + R"(      "subscriptions_list_detail": [
        {
          "account": "$G",
          "account_tag": "$G",
          "subject": "a",
          "sid": "1",
          "msgs": 0,
          "cid": 8
        }
      ]
    }
  ]
})");
}

TEST_CASE("no connection") {
  CHECK(ask("", {}) == R"({
  "server_id": "NABC",
  "now": "2026-11-25T08:38:27.884152509Z",
  "num_connections": 0,
  "total": 0,
  "offset": 0,
  "limit": 1024,
  "connections": []
})");
}

TEST_CASE("what only Midge tells") {
  Infos parts;
  parts.open = {alice()};
  CHECK(ask("", parts).find("\"dropped\"") == std::string::npos);
  parts.open[0].dropped = 3;
  CHECK(ask("", parts).find("\"version\": \"2.1\",\n      \"dropped\": 3\n") != std::string::npos);
}

TEST_CASE("states") {
  const Infos parts = four();
  CHECK(cids("", parts) == "1 2");
  CHECK(cids("state=OPEN", parts) == "1 2");
  CHECK(cids("state=Closed", parts) == "3 4");
  CHECK(cids("state=any", parts) == "1 2 3 4");
  CHECK(cids("state=all", parts) == "1 2 3 4");
  CHECK(ask("state=foo", parts) == "Error decoding state for foo");
  CHECK(ask("state=0", parts) == "Error decoding state for 0");
}

TEST_CASE("what the cid alone tells") {
  const auto knows = [](const char* query) { return parse_connz(Query(query))->knows_by_cid(); };
  CHECK(knows("cid=4&subs=1"));
  CHECK_FALSE(knows("sort=idle"));
  CHECK_FALSE(knows("user=u"));
  CHECK_FALSE(knows("acc=A"));
}

TEST_CASE("orders") {
  const Infos parts = four();
  struct Row {
    const char* query;
    const char* cids;
  };
  for (const Row& row :
       {Row{"sort=cid", "1 2 3 4"}, Row{"sort=start", "1 2 3 4"}, Row{"sort=subs", "4 3 2 1"},
        Row{"sort=pending", "3 1 2 4"}, Row{"sort=msgs_to", "1 2 3 4"},
        Row{"sort=msgs_from", "4 3 2 1"}, Row{"sort=bytes_to", "2 4 1 3"},
        Row{"sort=bytes_from", "4 3 2 1"}, Row{"sort=last", "1 2 3 4"}, Row{"sort=idle", "2 1 3 4"},
        Row{"sort=uptime", "4 3 2 1"}, Row{"sort=rtt", "2 1 3 4"}}) {
    CAPTURE(row.query);
    CHECK(cids(std::string("state=all&") + row.query, parts) == row.cids);
  }
  CHECK(cids("state=closed&sort=stop", parts) == "3 4");
  CHECK(cids("state=closed&sort=reason", parts) == "4 3");
}

TEST_CASE("orders that are refused") {
  const Infos parts = four();
  CHECK(ask("sort=bad", parts) == "invalid sorting option: bad");
  CHECK(ask("sort=CID", parts) == "invalid sorting option: CID");
  CHECK(ask("sort=stop", parts) == "sort by stop only valid on closed connections");
  CHECK(ask("sort=reason&state=all", parts) == "sort by reason only valid on closed connections");
}

TEST_CASE("pages") {
  const Infos parts = four();
  CHECK(cids("state=all&limit=2", parts) == "1 2");
  CHECK(cids("state=all&limit=2&offset=1", parts) == "2 3");
  CHECK(cids("state=all&limit=2&offset=3", parts) == "4");
  CHECK(cids("state=all&offset=200", parts).empty());
  CHECK(cids("state=all&limit=9223372036854775807&offset=1", parts) == "2 3 4");
  CHECK(head("state=all&limit=2&offset=3", parts) ==
        "  \"num_connections\": 1,\n  \"total\": 4,\n  \"offset\": 3,\n  \"limit\": 2,\n");
  CHECK(head("limit=-1&offset=-3", parts) ==
        "  \"num_connections\": 2,\n  \"total\": 2,\n  \"offset\": 0,\n  \"limit\": 1024,\n");
}

TEST_CASE("filters") {
  Infos parts = four();
  parts.open[1].authorized_user = "u1";  // cid 1
  CHECK(cids("cid=2", parts) == "2");
  CHECK(head("cid=2", parts) ==
        "  \"num_connections\": 1,\n  \"total\": 2,\n  \"offset\": 0,\n  \"limit\": 1,\n");
  CHECK(cids("cid=3", parts).empty());
  CHECK(cids("cid=3&state=any", parts) == "3");
  CHECK(cids("cid=0", parts) == "1 2");
  CHECK(cids("user=u1", parts) == "1");
  CHECK(head("user=u1", parts) ==
        "  \"num_connections\": 1,\n  \"total\": 2,\n  \"offset\": 0,\n  \"limit\": 1024,\n");
  CHECK(cids("user=u1&offset=1", parts).empty());
  CHECK(cids("acc=$G", parts) == "1 2");
  CHECK(head("acc=$SYS", parts) ==
        "  \"num_connections\": 0,\n  \"total\": 0,\n  \"offset\": 0,\n  \"limit\": 1024,\n");
  CHECK(cids("mqtt_client=x", parts).empty());
}

TEST_CASE("the first bad parameter is told") {
  CHECK(ask("auth=x&subs=x&offset=x&limit=x&cid=x&state=x&sort=x", {}).find("'auth'") !=
        std::string::npos);
  CHECK(ask("subs=x&offset=x&limit=x&cid=x&state=x&sort=x", {}).find("'subs'") !=
        std::string::npos);
  CHECK(ask("offset=x&limit=x&cid=x&state=x&sort=x", {}).find("'offset'") != std::string::npos);
  CHECK(ask("limit=x&cid=x&state=x&sort=x", {}).find("'limit'") != std::string::npos);
  CHECK(ask("cid=x&state=x&sort=x", {}).find("'cid'") != std::string::npos);
  CHECK(ask("state=x&sort=x", {}) == "Error decoding state for x");
}
