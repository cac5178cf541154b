// What prometheus-nats-exporter makes of the monitoring pages, so that boards made for it go on
// working: `gnatsd_PAGE_FIELD` of each number in a page, and `jetstream_…` of what /jsz lists.
// Types and labels are the exporter's too.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "codec/json_tree.h"
#include "server/metrics/metrics.h"

namespace midge::server {
namespace {

using codec::JsonValue;
using jetstream::AccountReport;
using jetstream::ConsumerInfo;
using jetstream::StreamReport;
using Kind = Exposition::Kind;

constexpr double number(auto value) { return static_cast<double>(value); }

// Names of pages' members are joined to one; a path of a request is part of it, too.
std::string joined(const std::string& prefix, const std::string& name) {
  std::string all = prefix.empty() ? name : prefix + "_" + name;
  std::ranges::replace(all, '/', '_');
  std::string clean;
  for (const char c : all)
    if (c != '_' || !(clean.empty() || clean.back() == '_')) clean += c;
  if (clean.ends_with('_')) clean.pop_back();
  return clean;
}

class Pages {
 public:
  Pages(Exposition& out, const std::string& server_id) : out_(out), server_id_(server_id) {}

  void add(const std::string& page, const std::string& json) {
    const auto tree = codec::read_json_tree(json);
    if (!tree) return;
    page_ = page;
    add_members(*tree, "");
  }

  // Milliseconds since 1970.
  void add_time(const std::string& name, WallTime time) {
    add_one(name, number(time.ns / 1'000'000), {});
  }

 private:
  void add_members(const JsonValue& object, const std::string& prefix) {
    for (const codec::JsonMember& member : object.members) {
      const std::string name = joined(prefix, member.name);
      if (member.value.type == JsonValue::Type::kObject) add_members(member.value, name);
      if (member.value.type == JsonValue::Type::kNumber)
        add_one(name, std::strtod(member.value.text.c_str(), nullptr), {});
      if (member.value.type == JsonValue::Type::kString && is_told(member.name))
        add_one(name, 1, member.value.text);
    }
  }
  static bool is_told(std::string_view name) {
    constexpr std::string_view kTold[] = {"server_id", "server_name", "version",
                                          "domain",    "leader",      "name"};
    return std::ranges::find(kTold, name) != std::end(kTold);
  }
  void add_one(const std::string& name, double value, const std::string& text) {
    if (!names_.insert(page_ + name).second) return;
    out_.family("gnatsd_" + page_ + "_" + name, Kind::kGauge, name);
    if (text.empty()) return out_.sample(value, {{"server_id", server_id_}});
    out_.sample(value, {{"server_id", server_id_}, {"value", text}});
  }

  Exposition& out_;
  const std::string& server_id_;
  std::string page_;
  std::set<std::string> names_;
};

// Of all connections, where the exporter sees the first page of them.
void add_connz(Exposition& out, const Metrics& m) {
  const std::string& id = m.identity.server_id;
  AccountUse sum;
  for (const auto& [name, use] : account_uses(m.parts)) sum += use;
  const auto one = [&](const char* name, Kind kind, double value) {
    out.family(std::string("gnatsd_connz_") + name, kind, name);
    out.sample(value, {{"server_id", id}});
  };
  one("num_connections", Kind::kGauge, number(sum.connections));
  one("total", Kind::kGauge, number(sum.connections));
  one("offset", Kind::kGauge, 0);
  one("limit", Kind::kGauge, number(sum.connections));
  one("pending_bytes", Kind::kGauge, number(sum.pending_bytes));
  one("subscriptions", Kind::kGauge, number(sum.subscriptions));
  one("in_bytes", Kind::kCounter, number(sum.open.in_bytes));
  one("out_bytes", Kind::kCounter, number(sum.open.out_bytes));
  one("in_msgs", Kind::kCounter, number(sum.open.in_msgs));
  one("out_msgs", Kind::kCounter, number(sum.open.out_msgs));
}

template <class Thing>
struct Each {
  std::string_view name;
  std::string_view help;
  double (*value)(const Thing& thing);
};

constexpr Each<AccountUse> kAccstatz[] = {
    {"current_connections", "", [](const AccountUse& u) { return number(u.connections); }},
    {"total_connections", "", [](const AccountUse& u) { return number(u.connections); }},
    {"subscriptions", "", [](const AccountUse& u) { return number(u.subscriptions); }},
    {"leaf_nodes", "", [](const AccountUse&) { return 0.0; }},
    {"sent_messages", "", [](const AccountUse& u) { return number(u.all().out_msgs); }},
    {"sent_bytes", "", [](const AccountUse& u) { return number(u.all().out_bytes); }},
    {"received_messages", "", [](const AccountUse& u) { return number(u.all().in_msgs); }},
    {"received_bytes", "", [](const AccountUse& u) { return number(u.all().in_bytes); }},
    {"slow_consumers", "", [](const AccountUse& u) { return number(u.ended.slow_consumers); }},
};

void add_accstatz(Exposition& out, const Metrics& m) {
  const AccountUses uses = account_uses(m.parts);
  if (uses.empty()) return;
  for (const Each<AccountUse>& each : kAccstatz) {
    out.family("gnatsd_accstatz_" + std::string(each.name), Kind::kGauge, each.name);
    for (const auto& [name, use] : uses)
      out.sample(each.value(use), {{"server_id", m.identity.server_id},
                                   {"account", name},
                                   {"account_id", name},
                                   {"account_name", name}});
  }
}

using Labels = std::vector<Exposition::Label>;

Labels server_labels(const Metrics& m) {
  const std::string_view domain = m.jetstream ? std::string_view(m.jetstream->domain) : "";
  return {{"server_id", m.identity.server_id},
          {"server_name", m.identity.server_name},
          {"cluster", ""},
          {"domain", domain},
          {"meta_leader", ""},
          {"is_meta_leader", "true"}};
}

void add_server(Exposition& out, const Metrics& m) {
  const JetStreamMetrics none;
  const JetStreamMetrics& js = m.jetstream ? *m.jetstream : none;
  const Labels labels = server_labels(m);
  const auto one = [&](const char* name, const char* help, double value) {
    out.family(std::string("jetstream_server_") + name, Kind::kGauge, help);
    out.sample(value, labels);
  };
  one("jetstream_disabled", "JetStream disabled or not", m.jetstream ? 0 : 1);
  one("total_streams", "Streams", number(js.totals.streams));
  one("total_consumers", "Consumers", number(js.totals.consumers));
  one("total_messages", "Messages in all streams", number(js.totals.messages));
  one("total_message_bytes", "Bytes of these messages", number(js.totals.bytes));
  one("max_memory", "Bytes that streams in memory may hold", number(js.max_memory));
  one("max_storage", "Bytes that streams on disk may hold", number(js.max_storage));
}

constexpr Each<AccountReport> kJetStreamAccounts[] = {
    {"max_memory", "Bytes that an account's streams in memory may hold",
     [](const AccountReport& a) { return number(a.limits.max_memory); }},
    {"max_storage", "Bytes that an account's streams on disk may hold",
     [](const AccountReport& a) { return number(a.limits.max_store); }},
    {"storage_used", "Bytes that they hold",
     [](const AccountReport& a) { return number(a.storage); }},
    {"memory_used", "Bytes that they hold",
     [](const AccountReport& a) { return number(a.memory); }},
};

constexpr Each<StreamReport> kStreams[] = {
    {"total_messages", "Messages in a stream",
     [](const StreamReport& s) { return number(s.info.state.messages); }},
    {"limit_messages", "Messages that it may hold; -1: no limit",
     [](const StreamReport& s) { return number(s.info.config.max_messages); }},
    {"total_bytes", "Bytes of its messages",
     [](const StreamReport& s) { return number(s.info.state.bytes); }},
    {"limit_bytes", "Bytes that it may hold; -1: no limit",
     [](const StreamReport& s) { return number(s.info.config.max_bytes); }},
    {"first_seq", "Sequence of its first message",
     [](const StreamReport& s) { return number(s.info.state.first_sequence); }},
    {"last_seq", "The last sequence that was given",
     [](const StreamReport& s) { return number(s.info.state.last_sequence); }},
    {"consumer_count", "Consumers of a stream",
     [](const StreamReport& s) { return number(s.info.state.consumers); }},
    {"subject_count", "Subjects of its messages",
     [](const StreamReport& s) { return number(s.info.state.subject_count); }},
};

constexpr Each<ConsumerInfo> kConsumers[] = {
    {"delivered_consumer_seq", "The last of its own sequences",
     [](const ConsumerInfo& c) { return number(c.delivered.consumer); }},
    {"delivered_stream_seq", "The last sequence of its stream it sent",
     [](const ConsumerInfo& c) { return number(c.delivered.stream); }},
    {"num_ack_pending", "Messages sent and not acknowledged yet",
     [](const ConsumerInfo& c) { return number(c.ack_pending); }},
    {"num_redelivered", "Of these, those that were sent more than once",
     [](const ConsumerInfo& c) { return number(c.redelivered); }},
    {"num_waiting", "Requests for messages that wait",
     [](const ConsumerInfo& c) { return number(c.waiting); }},
    {"num_pending", "Messages that it has still to send",
     [](const ConsumerInfo& c) { return number(c.pending); }},
    {"ack_floor_stream_seq", "The stream's sequence up to which all is acknowledged",
     [](const ConsumerInfo& c) { return number(c.ack_floor.stream); }},
    {"ack_floor_consumer_seq", "The consumer's sequence up to which all is acknowledged",
     [](const ConsumerInfo& c) { return number(c.ack_floor.consumer); }},
};

using Titles = std::map<std::string_view, std::string_view>;  // of accounts, by name

void add_to(Labels& labels, const StreamReport& stream, std::string_view title) {
  labels.insert(labels.end(), {{"account", title},
                               {"account_name", title},
                               {"account_id", stream.account},
                               {"stream_name", stream.info.config.name},
                               {"stream_leader", ""},
                               {"is_stream_leader", "true"},
                               {"stream_raft_group", ""}});
}

void add_accounts(Exposition& out, const Metrics& m, const Titles& titles) {
  if (m.report->accounts.empty()) return;
  for (const Each<AccountReport>& each : kJetStreamAccounts) {
    out.family("jetstream_account_" + std::string(each.name), Kind::kGauge, each.help);
    for (const AccountReport& account : m.report->accounts) {
      const std::string_view title = titles.at(account.name);
      Labels labels = server_labels(m);
      labels.insert(labels.end(),
                    {{"account", title}, {"account_name", title}, {"account_id", account.name}});
      out.sample(each.value(account), labels);
    }
  }
}

void add_streams(Exposition& out, const Metrics& m, const Titles& titles) {
  if (m.report->streams.empty()) return;
  const auto streams = jetstream::sorted(m.report->streams);
  for (const Each<StreamReport>& each : kStreams) {
    out.family("jetstream_stream_" + std::string(each.name), Kind::kGauge, each.help);
    for (const StreamReport* stream : streams) {
      Labels labels = server_labels(m);
      add_to(labels, *stream, titles.at(stream->account));
      out.sample(each.value(*stream), labels);
    }
  }
}

void add_consumers(Exposition& out, const Metrics& m, const Titles& titles) {
  const auto has_some = [](const StreamReport& stream) { return !stream.consumers.empty(); };
  if (std::ranges::none_of(m.report->streams, has_some)) return;
  const auto streams = jetstream::sorted(m.report->streams);
  for (const Each<ConsumerInfo>& each : kConsumers) {
    out.family("jetstream_consumer_" + std::string(each.name), Kind::kGauge, each.help);
    for (const StreamReport* stream : streams)
      for (const ConsumerInfo* consumer : jetstream::sorted(stream->consumers)) {
        Labels labels = server_labels(m);
        add_to(labels, *stream, titles.at(stream->account));
        const std::string_view text =
            consumer->config ? std::string_view(consumer->config->description) : "";
        labels.insert(labels.end(), {{"consumer_name", consumer->name},
                                     {"consumer_leader", ""},
                                     {"is_consumer_leader", "true"},
                                     {"consumer_desc", text}});
        out.sample(each.value(*consumer), labels);
      }
  }
}

}  // namespace

void add_exporter_names(Exposition& out, const Metrics& metrics) {
  const std::string& id = metrics.identity.server_id;
  Pages pages(out, id);
  pages.add("varz", metrics.varz);
  pages.add_time("start", metrics.identity.start);
  pages.add_time("config_load_time", metrics.config_loaded);
  pages.add("subsz", metrics.subsz);
  pages.add("routez", R"({"num_routes":0})");
  add_connz(out, metrics);
  add_accstatz(out, metrics);
  out.family("gnatsd_healthz_status", Kind::kGauge, "status");
  out.sample(metrics.healthy ? 0 : 1, {{"server_id", id}});
  out.family("gnatsd_healthz_status_value", Kind::kGauge, "status");
  out.sample(metrics.healthy ? 1 : 0,
             {{"server_id", id}, {"value", metrics.healthy ? "ok" : "unavailable"}});
  out.family("gnatsd_leafz_conn_nodes_total", Kind::kGauge, "nodes_total");
  out.sample(0, {{"server_id", id}});
  add_server(out, metrics);
  Titles titles;
  for (const AccountReport& account : metrics.report->accounts)
    titles.emplace(account.name, account.title.empty() ? account.name : account.title);
  // Streams that are offline may be of an account that has no JetStream any more.
  for (const StreamReport& stream : metrics.report->streams)
    titles.try_emplace(stream.account, stream.account);
  add_accounts(out, metrics, titles);
  add_streams(out, metrics, titles);
  add_consumers(out, metrics, titles);
}

}  // namespace midge::server
