#include "server/monitor/subsz.h"

#include <algorithm>
#include <span>
#include <vector>

#include "server/monitor/field_table.h"
#include "server/monitor/subscription_json.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

using broker::SubscriptionInfo;
using codec::JsonWriter;

constexpr std::int64_t kLimitDefault = 1024;
constexpr std::string_view kGlobalAccountName = "$G";

// What the peer takes as a subject to test: no wildcards, no empty tokens; blanks pass.
bool is_test_subject(std::string_view subject) {
  const bool empty_token = subject.starts_with('.') || subject.ends_with('.') ||
                           subject.find("..") != std::string_view::npos;
  return !empty_token && subject::is_literal(subject);
}

struct Subsz {
  std::string_view server_id;
  WallTime now;
  subject::IndexStats index;
  broker::WorkerStats stats;
  std::size_t total;
  const SubszRequest& request;
  std::span<const SubscriptionInfo* const> page;
};

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

template <auto Get>
constexpr Field<Subsz> row(std::string_view name) {
  return always<Subsz, Get>(name);
}

using S = const Subsz&;

constexpr Field<Subsz> kFields[] = {
    row<[](S s) { return s.server_id; }>("server_id"),
    row<[](S s) { return s.now; }>("now"),
    row<[](S s) { return s.index.subscriptions; }>("num_subscriptions"),
    row<[](S s) { return s.stats.cached_subjects; }>("num_cache"),
    row<[](S s) { return s.index.inserts; }>("num_inserts"),
    row<[](S s) { return s.index.removes; }>("num_removes"),
    row<[](S s) { return s.stats.matches; }>("num_matches"),
    row<[](S s) { return ratio(s.stats.cache_hits, s.stats.matches); }>("cache_hit_rate"),
    row<[](S s) { return s.stats.fanout_max; }>("max_fanout"),
    row<[](S s) { return ratio(s.stats.fanout_sum, s.stats.matches); }>("avg_fanout"),
    row<[](S s) { return s.total; }>("total"),
    row<[](S s) { return s.request.offset; }>("offset"),
    row<[](S s) { return s.request.limit; }>("limit"),
    nested_if<Subsz, [](S s) { return !s.page.empty(); },
              [](JsonWriter& json, S s) {
                json.begin_array();
                for (const SubscriptionInfo* one : s.page)
                  write_subscription(json, *one, AccountShown::kYes);
                json.end_array();
              }>("subscriptions_list"),
};

using Subscriptions = std::vector<const SubscriptionInfo*>;

Subscriptions chosen(const SubszRequest& request, const Parts& parts) {
  Subscriptions found;
  for (const Part& part : parts)
    for (const SubscriptionInfo& one : part.subscriptions) {
      if (!request.account.empty() && one.account != request.account) continue;
      if (!request.test.empty() && !subject::matches(request.test, one.subject)) continue;
      found.push_back(&one);
    }
  return found;
}

std::uint64_t count(std::string_view account, const Parts& parts) {
  std::uint64_t found = 0;
  for (const Part& part : parts)
    for (const SubscriptionInfo& one : part.subscriptions) found += one.account == account;
  return found;
}

std::span<const SubscriptionInfo* const> sorted_page(const SubszRequest& request,
                                                     Subscriptions& found) {
  const auto size = static_cast<std::int64_t>(found.size());
  const std::int64_t begin = std::min(request.offset, size);
  const std::int64_t count = std::min(request.limit, size - begin);
  std::partial_sort(
      found.begin(), found.begin() + begin + count, found.end(),
      [](const SubscriptionInfo* a, const SubscriptionInfo* b) { return comes_before(*a, *b); });
  return std::span(found).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
}

}  // namespace

Result<SubszRequest> parse_subsz(const Query& query) {
  SubszRequest request;
  ASSIGN_OR_RETURN(request.list, query.boolean("subs"));
  ASSIGN_OR_RETURN(request.offset, query.integer("offset"));
  ASSIGN_OR_RETURN(request.limit, query.integer("limit"));
  request.account = query.text("acc");
  request.test = query.text("test");
  if (!request.test.empty() && !is_test_subject(request.test))
    return failure("invalid test subject, must be valid publish subject: " + request.test);
  if (request.offset < 0) request.offset = 0;
  if (request.limit <= 0) request.limit = kLimitDefault;
  return request;
}

void write_subsz(JsonWriter& json, const SubszRequest& request, std::string_view server_id,
                 WallTime now, const subject::IndexStats& index, const Parts& parts) {
  Subscriptions found;
  if (request.list) found = chosen(request, parts);
  Subsz subsz{.server_id = server_id,
              .now = now,
              .index = {},
              .stats = {},
              .total = found.size(),
              .request = request,
              .page = sorted_page(request, found)};
  // Figures of the cache are of all accounts; a server that has no others shows them for `$G`.
  if (request.account.empty() || request.account == kGlobalAccountName) {
    subsz.index = index;
    subsz.stats = total(parts);
  }
  if (!request.account.empty()) subsz.index.subscriptions = count(request.account, parts);
  write_object<Subsz>(json, kFields, subsz);
}

std::string compose_subsz(const SubszRequest& request, std::string_view server_id, WallTime now,
                          const subject::IndexStats& index, const Parts& parts, bool pretty) {
  JsonWriter json(pretty);
  write_subsz(json, request, server_id, now, index, parts);
  return json.take();
}

}  // namespace midge::server
