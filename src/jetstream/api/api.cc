#include "jetstream/api/api.h"

#include <algorithm>
#include <optional>

#include "broker/accounts.h"
#include "broker/call_mail.h"
#include "jetstream/advisory.h"
#include "jetstream/api/handlers.h"
#include "jetstream/jetstream.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kPrefix = "$JS.API.";
// How many requests are begun in one tick.
constexpr int kPerTick = 256;
constexpr Duration kComplainEvery = seconds(1);
// One member: of queue groups it is known who publishes.
constexpr std::string_view kQueue = "_api_";

struct Row {
  std::string_view pattern;  // behind the prefix
  std::string_view type;     // of the answer, behind io.nats.jetstream.api.v1.
  void (*handler)(Api&, ApiCall);
  std::string_view error_fields = {};  // what an error has behind it, as JSON
};

#define TYPE(name) "io.nats.jetstream.api.v1." name
constexpr Row kRows[] = {
    {"INFO", TYPE("account_info_response"), handle_account_info},
    {"STREAM.CREATE.*", TYPE("stream_create_response"), handle_stream_create},
    {"STREAM.UPDATE.*", TYPE("stream_update_response"), handle_stream_update},
    {"STREAM.NAMES", TYPE("stream_names_response"), handle_stream_names,
     R"(,"total":0,"offset":0,"limit":0,"streams":null)"},
    {"STREAM.LIST", TYPE("stream_list_response"), handle_stream_list,
     R"(,"total":0,"offset":0,"limit":0,"streams":[])"},
    {"STREAM.INFO.*", TYPE("stream_info_response"), handle_stream_info,
     R"(,"total":0,"offset":0,"limit":0)"},
    {"STREAM.DELETE.*", TYPE("stream_delete_response"), handle_stream_delete},
    {"STREAM.PURGE.*", TYPE("stream_purge_response"), handle_stream_purge, R"(,"purged":0)"},
    {"STREAM.SNAPSHOT.*", TYPE("stream_snapshot_response"), handle_stream_snapshot},
    {"STREAM.RESTORE.*", TYPE("stream_restore_response"), handle_stream_restore,
     R"(,"deliver_subject":"")"},
    {"STREAM.MSG.GET.*", TYPE("stream_msg_get_response"), handle_message_get},
    {"STREAM.MSG.DELETE.*", TYPE("stream_msg_delete_response"), handle_message_delete},
    {"CONSUMER.CREATE.*", TYPE("consumer_create_response"), handle_consumer_create},
    {"CONSUMER.DURABLE.CREATE.*.*", TYPE("consumer_create_response"),
     handle_consumer_create_durable},
    {"CONSUMER.CREATE.*.*", TYPE("consumer_create_response"), handle_consumer_create_named},
    {"CONSUMER.CREATE.*.*.>", TYPE("consumer_create_response"), handle_consumer_create_named},
    {"CONSUMER.NAMES.*", TYPE("consumer_names_response"), handle_consumer_names,
     R"(,"total":0,"offset":0,"limit":0,"consumers":[])"},
    {"CONSUMER.LIST.*", TYPE("consumer_list_response"), handle_consumer_list,
     R"(,"total":0,"offset":0,"limit":0,"consumers":[])"},
    {"CONSUMER.INFO.*.*", TYPE("consumer_info_response"), handle_consumer_info},
    {"CONSUMER.DELETE.*.*", TYPE("consumer_delete_response"), handle_consumer_delete},
    {"CONSUMER.PAUSE.*.*", TYPE("consumer_pause_response"), handle_consumer_pause,
     R"(,"paused":false,"pause_until":"0001-01-01T00:00:00Z")"},
    {"CONSUMER.UNPIN.*.*", TYPE("consumer_unpin_response"), handle_consumer_unpin},
    {"CONSUMER.RESET.*.*", TYPE("consumer_reset_response"), handle_consumer_reset,
     R"(,"reset_seq":0)"},
    // One server has neither leaders nor peers to change.
    {"STREAM.LEADER.STEPDOWN.*", TYPE("stream_leader_stepdown_response"), handle_clustered},
    {"STREAM.PEER.REMOVE.*", TYPE("stream_remove_peer_response"), handle_clustered},
    {"STREAM.PEER.EVACUATE.*", TYPE("stream_evacuate_peer_response"), handle_clustered},
    {"STREAM.CANCEL_MOVE.*", TYPE("stream_cancel_move_response"), handle_clustered},
    {"CONSUMER.LEADER.STEPDOWN.*.*", TYPE("consumer_leader_stepdown_response"), handle_clustered},
};
constexpr std::string_view kSystemType = TYPE("system_response");
#undef TYPE

// Those that only look: nats-server has them wait in a queue of their own.
constexpr std::string_view kAsks[] = {
    "INFO",
    "STREAM.NAMES",
    "STREAM.LIST",
    "STREAM.INFO.*",
    "CONSUMER.NAMES.*",
    "CONSUMER.LIST.*",
    "CONSUMER.INFO.*.*",
};

// Of the system account: what a cluster's servers ask each other; here nobody answers.
constexpr std::string_view kClusterVerbs[] = {"META.LEADER.STEPDOWN", "SERVER.REMOVE", "ACCOUNT.>"};

// What is refused while a stream's disk takes nothing. Other requests only read, or see to it
// themselves.
constexpr std::string_view kChanges[] = {"STREAM.PURGE.", "STREAM.MSG.DELETE.", "CONSUMER.DELETE.",
                                         "CONSUMER.PAUSE.", "CONSUMER.RESET."};

// What comes by mail is done in the tick, where it may publish and subscribe.
void post(Shard& shard, std::function<void(Shard&)> work) {
  shard.worker().loop().post(broker::call_worker([&shard, work = std::move(work)](broker::Worker&) {
    shard.later([&shard, work] { work(shard); });
  }));
}

// Why nothing can be done with a consumer of a stream that is offline.
ApiError offline_error(const RecoveredStream& shelved, std::string_view consumer) {
  const RecoveredConsumer* found = find_consumer(shelved, consumer);
  if (found == nullptr) return api_error(ApiErrorCode::kConsumerNotFound);
  if (found->record.offline)
    return api_error(ApiErrorCode::kConsumerOfflineReason, {found->record.offline->reason});
  return api_error(ApiErrorCode::kStreamOfflineReason, {offline_reason(shelved)});
}

bool changes(std::string_view subject) {
  const std::string_view verb = subject.substr(kPrefix.size());
  return std::ranges::any_of(kChanges, [&](std::string_view one) { return verb.starts_with(one); });
}

// What is listened to: all but what streams listen to themselves (MSG.NEXT, DIRECT.GET), where a
// stream that does not exist must leave the requester without responders.
constexpr std::string_view kListened[] = {
    "$JS.API.*",
    "$JS.API.ACCOUNT.>",
    "$JS.API.META.>",
    "$JS.API.SERVER.>",
    "$JS.API.STREAM.>",
    "$JS.API.CONSUMER.CREATE.>",
    "$JS.API.CONSUMER.DURABLE.>",
    "$JS.API.CONSUMER.NAMES.>",
    "$JS.API.CONSUMER.LIST.>",
    "$JS.API.CONSUMER.INFO.>",
    "$JS.API.CONSUMER.DELETE.>",
    "$JS.API.CONSUMER.PAUSE.>",
    "$JS.API.CONSUMER.UNPIN.>",
    "$JS.API.CONSUMER.RESET.>",
    "$JS.API.CONSUMER.LEADER.>",
};

// What stands for the wildcards of `pattern` in `subject`; nullopt: it does not match.
std::optional<std::vector<std::string>> matched(std::string_view pattern,
                                                std::string_view subject) {
  std::vector<std::string> names;
  while (true) {
    if (pattern == ">") {
      names.emplace_back(subject);
      return names;
    }
    const std::size_t pattern_dot = pattern.find('.'), subject_dot = subject.find('.');
    const std::string_view wanted = pattern.substr(0, pattern_dot);
    const std::string_view token = subject.substr(0, subject_dot);
    if (wanted == "*")
      names.emplace_back(token);
    else if (wanted != token)
      return std::nullopt;
    if (pattern_dot == std::string_view::npos || subject_dot == std::string_view::npos) {
      if (pattern_dot != subject_dot) return std::nullopt;
      return names;
    }
    pattern.remove_prefix(pattern_dot + 1);
    subject.remove_prefix(subject_dot + 1);
  }
}

}  // namespace

Api::Api(JetStream& jetstream) : jetstream_(jetstream) {}

Api::~Api() = default;

Shard& Api::home() { return jetstream_.shard({0}); }

void Api::on_loop_start() {
  for (const AccountSettings& account : jetstream_.settings().accounts)
    listen_for(jetstream_.broker().accounts().add(account.name));
  for (const std::string& name : jetstream_.settings().accounts_without)
    listen_for(jetstream_.broker().accounts().add(name));
  subscriptions_.push_back(home().worker().subscribe_internal(
      broker::kSystemAccount, std::string(kPrefix) + ">", {}, requests_));
}

void Api::on_loop_stop() {}

void Api::listen_for(AccountId account) {
  if (account == broker::kSystemAccount || !listened_.insert(account.value).second) return;
  for (const std::string_view subject : kListened)
    subscriptions_.push_back(
        home().worker().subscribe_internal(account, subject, kQueue, requests_));
}

void Api::on_request(const broker::Message& message) {
  ApiCall call;
  call.account = message.account;
  call.subject = message.subject;
  call.reply = message.reply;
  call.header = message.payload.substr(0, message.header_size);
  call.body = message.body();
  const broker::Origin& publisher = home().worker().publisher();
  call.asker = {publisher.loop, publisher.cid};
  const std::string_view verb = std::string_view(call.subject).substr(kPrefix.size());
  call.only_asks = std::ranges::any_of(
      kAsks, [&](std::string_view pattern) { return matched(pattern, verb).has_value(); });
  const bool only_asks = call.only_asks;
  waiting_asks_ += only_asks ? 1 : 0;
  waiting_.push_back(std::move(call));
  keep_limit(only_asks);
  run_soon();
}

bool Api::may_answer() const { return jetstream_.is_ready() || jetstream_.has_failed(); }

// As nats-server: where too many wait none of them is answered. While the store is read those that
// came first stay.
void Api::keep_limit(bool only_asks) {
  const ServerLimits& limits = jetstream_.settings().limits;
  const std::int64_t most = only_asks ? limits.info_queue : limits.request_queue;
  const std::size_t waiting = only_asks ? waiting_asks_ : waiting_.size() - waiting_asks_;
  if (static_cast<std::int64_t>(waiting) < most) return;
  std::size_t dropped = 1;
  if (may_answer())
    dropped = std::erase_if(
        waiting_, [only_asks](const ApiCall& call) { return call.only_asks == only_asks; });
  else
    waiting_.pop_back();
  if (only_asks) waiting_asks_ -= dropped;
  advise_api_limit(home(), dropped);
  if (home().now() < complain_again_) return;
  complain_again_ = home().now() + kComplainEvery;
  jetstream_.log().warn("JetStream: too many API requests wait; " + std::to_string(dropped) +
                        " of them are dropped");
}

void Api::run_soon() {
  if (!std::exchange(runs_soon_, true)) home().later([this] { run_waiting(); });
}

void Api::run_waiting() {
  runs_soon_ = false;
  if (!may_answer()) return;
  for (int i = 0; i < kPerTick && !waiting_.empty(); ++i) {
    ApiCall call = std::move(waiting_.front());
    waiting_.pop_front();
    if (call.only_asks) --waiting_asks_;
    handle(std::move(call));
  }
  if (!waiting_.empty()) run_soon();
}

void Api::on_ready() { run_soon(); }

void Api::handle(ApiCall call) {
  const std::string_view verb = std::string_view(call.subject).substr(kPrefix.size());
  if (call.account == broker::kSystemAccount && verb != "INFO") return refuse_system(call, verb);
  for (const Row& row : kRows) {
    auto names = matched(row.pattern, verb);
    if (!names) continue;
    call.type = row.type;
    call.names = std::move(*names);
    call.error_fields = row.error_fields;
    call.json.begin_object().field("type", call.type);
    if (!jetstream_.is_ready()) return answer(call, api_error(ApiErrorCode::kClusterNotAvail));
    const AccountEntry* account = jetstream_.directory().find_account(call.account);
    if (account == nullptr || !account->enabled)
      return answer(call, api_error(ApiErrorCode::kNotEnabledForAccount));
    ++jetstream_.counters().api_requests;
    ++account->usage->api_requests;
    call.account_name = account->name;
    call.usage = account->usage;
    if (!api_level_suffices(call.header))
      return answer(call, api_error(ApiErrorCode::kRequiredApiLevel));
    return row.handler(*this, std::move(call));
  }
}

void Api::refuse_system(ApiCall& call, std::string_view verb) {
  for (const std::string_view pattern : kClusterVerbs)
    if (matched(pattern, verb)) return;
  call.type = kSystemType;
  answer(call, api_error(ApiErrorCode::kNotEnabledForAccount));
}

void Api::with_stream(ApiCall call, std::string_view stream, StreamWork work) {
  with_any_stream(std::move(call), stream, [work = std::move(work)](Stream& there, ApiCall& call) {
    if (there.shelved() == nullptr) return work(there, call);
    call.fail_from(there.shard(), api_error(ApiErrorCode::kStreamOfflineReason,
                                            {offline_reason(*there.shelved())}));
  });
}

void Api::with_any_stream(ApiCall call, std::string_view stream, StreamWork work) {
  AccountEntry* account = jetstream_.directory().find_account(call.account);
  const auto found = account->streams.find(stream);
  if (found == account->streams.end())
    return answer(call, api_error(ApiErrorCode::kStreamNotFound));
  const store::StreamId id = found->second.id;
  auto moved = std::make_shared<ApiCall>(std::move(call));
  on_loop(found->second.loop, [id, moved, work = std::move(work)](Shard& shard) {
    Stream* const there = shard.find_stream(id);
    if (there == nullptr) return moved->fail_from(shard, api_error(ApiErrorCode::kStreamNotFound));
    if (changes(moved->subject) && !there->is_durable_at_once())
      if (auto refusal = shard.record_refusal()) return moved->fail_from(shard, *refusal);
    work(*there, *moved);
  });
}

void Api::with_consumer(ApiCall call, std::string_view stream, std::string_view consumer,
                        std::function<void(Consumer&, ApiCall&)> work) {
  with_any_stream(
      std::move(call), stream,
      [name = std::string(consumer), work = std::move(work)](Stream& there, ApiCall& call) {
        if (there.shelved() != nullptr)
          return call.fail_from(there.shard(), offline_error(*there.shelved(), name));
        if (Consumer* found = there.find_consumer(name)) return work(*found, call);
        call.fail_from(there.shard(), api_error(ApiErrorCode::kConsumerNotFound));
      });
}

void Api::on_loop(LoopId loop, std::function<void(Shard&)> work) {
  Shard& shard = jetstream_.shard(loop);
  // From loop 0 to itself; other loops come back by on_home().
  if (&shard == &home()) return work(shard);
  post(shard, std::move(work));
}

void Api::on_home(std::function<void(Shard&)> work) { post(home(), std::move(work)); }

void Api::answer(const ApiCall& call) {
  const std::string text = call.answer_text();
  if (!call.reply.empty()) home().send(call.account, call.reply, {}, text);
  advise_api(home(), call, text);
}

void Api::answer(const ApiCall& call, const ApiError& error) {
  call.count_error(home());
  const std::string text = call.error_text(error);
  if (!call.reply.empty()) home().send(call.account, call.reply, {}, text);
  advise_api(home(), call, text);
}

}  // namespace midge::jetstream
