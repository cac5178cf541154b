// Goal: `/subsz` has nats-server's shape, filters and errors.
// Method: made-up subscriptions; the golden text is recorded from nats-server 2.15.2.
#include "server/monitor/subsz.h"

#include <doctest/doctest.h>

#include <string>

using namespace midge;  // NOLINT: base/time.h
using server::compose_subsz;
using server::parse_subsz;
using server::Parts;
using server::Query;

namespace {

constexpr WallTime kNow{1'795'595'952'601'300'761};

Parts two_loops() {
  Parts parts(2);
  parts[0].stats.matches = 12;
  parts[0].stats.cache_hits = 10;
  parts[0].stats.cached_subjects = 4;
  parts[0].stats.fanout_sum = 20;
  parts[0].stats.fanout_max = 3;
  parts[1].stats.matches = 10;
  parts[1].stats.cache_hits = 4;
  parts[1].stats.cached_subjects = 3;
  parts[1].stats.fanout_max = 7;
  parts[0].subscriptions = {
      {.account = "$G", .subject = "foo.bar", .sid = "7", .delivered = 2, .cid = 6}};
  parts[1].subscriptions = {{.account = "$G", .subject = "last", .sid = "10", .cid = 5},
                            {.account = "$G",
                             .subject = "foo.*",
                             .queue = "q1",
                             .sid = "2",
                             .delivered = 2,
                             .max = 10,
                             .cid = 5},
                            {.account = "$G", .subject = "other", .sid = "3", .cid = 5}};
  return parts;
}

std::string ask(const std::string& query) {
  const auto request = parse_subsz(Query(query));
  if (!request) return request.error().text();
  Parts parts = two_loops();
  // As the loops answer it.
  if (!request->wanted().subscriptions)
    for (server::Part& part : parts) part.subscriptions.clear();
  return compose_subsz(*request, "NABC", kNow, {.subscriptions = 3, .inserts = 5, .removes = 2},
                       parts);
}

std::string subjects(const std::string& query) {
  const std::string text = ask(query);
  std::string found;
  const std::string key = "\"subject\": \"";
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    if (!found.empty()) found += ' ';
    found += text.substr(begin, text.find('"', begin) - begin);
  }
  return found;
}

}  // namespace

TEST_CASE("figures") {
  CHECK(ask("") == R"({
  "server_id": "NABC",
  "now": "2026-11-25T08:39:12.601300761Z",
  "num_subscriptions": 3,
  "num_cache": 7,
  "num_inserts": 5,
  "num_removes": 2,
  "num_matches": 22,
  "cache_hit_rate": 0.6363636363636364,
  "max_fanout": 7,
  "avg_fanout": 0.9090909090909091,
  "total": 0,
  "offset": 0,
  "limit": 1024
})");
}

TEST_CASE("lists") {
  CHECK(subjects("subs=1") == "foo.* other last foo.bar");  // by connection, then sid
  CHECK(subjects("subs=1&limit=1&offset=1") == "other");
  CHECK(subjects("subs=1&offset=100").empty());
  CHECK(subjects("subs=1&test=foo.bar") == "foo.* foo.bar");
  CHECK(subjects("subs=1&test=none").empty());
  CHECK(subjects("subs=1&acc=$G") == "foo.* other last foo.bar");
  CHECK(ask("subs=1&test=other").find(R"(  "total": 1,
  "offset": 0,
  "limit": 1024,
  "subscriptions_list": [
    {
      "account": "$G",
      "account_tag": "$G",
      "subject": "other",
      "sid": "3",
      "msgs": 0,
      "cid": 5
    }
  ]
})") != std::string::npos);
}

TEST_CASE("accounts without anything") {
  const std::string text = ask("acc=NO&subs=1");
  CHECK(text.find("\"num_subscriptions\": 0,") != std::string::npos);
  CHECK(text.find("\"num_matches\": 0,") != std::string::npos);
  CHECK(text.find("\"cache_hit_rate\": 0,") != std::string::npos);
  CHECK(text.ends_with("  \"total\": 0,\n  \"offset\": 0,\n  \"limit\": 1024\n}"));
}

TEST_CASE("errors") {
  CHECK(ask("test=foo.*") == "invalid test subject, must be valid publish subject: foo.*");
  CHECK(ask("test=foo..a&subs=1") == "invalid test subject, must be valid publish subject: foo..a");
  CHECK(ask("test=.a") == "invalid test subject, must be valid publish subject: .a");
  CHECK(ask("test=a%20b").starts_with("{"));  // the peer takes blanks
  CHECK(ask("subs=detail&offset=x").find("'subs'") != std::string::npos);
  CHECK(ask("offset=x&limit=x") ==
        "Error decoding int for 'offset': strconv.Atoi: parsing \"x\": invalid syntax");
  CHECK(ask("limit=x&test=*").find("'limit'") != std::string::npos);
}

TEST_CASE("loops are asked for subscriptions only if they are shown") {
  CHECK_FALSE(parse_subsz(Query("test=a"))->wanted().subscriptions);
  CHECK(parse_subsz(Query("subs=1"))->wanted().subscriptions);
}
