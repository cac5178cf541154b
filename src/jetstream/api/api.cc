#include "jetstream/api/api.h"

#include <optional>

#include "broker/call_mail.h"
#include "jetstream/advisory.h"
#include "jetstream/api/handlers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kPrefix = "$JS.API.";

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
    {"CONSUMER.RESET.*.*", TYPE("consumer_reset_response"), handle_consumer_reset},
};
#undef TYPE

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
    enable(jetstream_.broker().accounts().add(account.name), account.name, account.limits);
  for (const std::string& name : jetstream_.settings().accounts_without)
    listen_for(jetstream_.broker().accounts().add(name));
}

void Api::on_loop_stop() {}

void Api::enable(AccountId account, std::string_view name, const AccountLimits& limits) {
  if (jetstream_.directory().find_account(account) == nullptr)
    jetstream_.directory().add_account(account, name, limits);
  listen_for(account);
}

void Api::listen_for(AccountId account) {
  for (const std::string_view subject : kListened)
    subscriptions_.push_back(home().worker().subscribe_internal(account, subject, {}, requests_));
}

void Api::on_request(const broker::Message& message) {
  if (message.reply.empty()) return;
  ApiCall call;
  call.account = message.account;
  call.subject = message.subject;
  call.reply = message.reply;
  call.header = message.payload.substr(0, message.header_size);
  call.body = message.body();
  home().later(
      [this, call = std::make_shared<ApiCall>(std::move(call))] { handle(std::move(*call)); });
}

void Api::handle(ApiCall call) {
  const std::string_view verb = std::string_view(call.subject).substr(kPrefix.size());
  for (const Row& row : kRows) {
    auto names = matched(row.pattern, verb);
    if (!names) continue;
    call.type = row.type;
    call.names = std::move(*names);
    call.error_fields = row.error_fields;
    call.json.begin_object().field("type", call.type);
    const AccountEntry* account = jetstream_.directory().find_account(call.account);
    if (account == nullptr) return answer(call, api_error(ApiErrorCode::kNotEnabledForAccount));
    ++jetstream_.counters().api_requests;
    ++account->usage->api_requests;
    call.account_name = account->name;
    call.usage = account->usage;
    if (!api_level_suffices(call.header))
      return answer(call, api_error(ApiErrorCode::kRequiredApiLevel));
    return row.handler(*this, std::move(call));
  }
}

void Api::with_stream(ApiCall call, std::string_view stream,
                      std::function<void(Stream&, ApiCall&)> work) {
  AccountEntry* account = jetstream_.directory().find_account(call.account);
  const auto found = account->streams.find(stream);
  if (found == account->streams.end())
    return answer(call, api_error(ApiErrorCode::kStreamNotFound));
  const store::StreamId id = found->second.id;
  auto moved = std::make_shared<ApiCall>(std::move(call));
  on_loop(found->second.loop, [id, moved, work = std::move(work)](Shard& shard) {
    if (Stream* there = shard.find_stream(id)) return work(*there, *moved);
    moved->fail_from(shard, api_error(ApiErrorCode::kStreamNotFound));
  });
}

void Api::with_consumer(ApiCall call, std::string_view stream, std::string_view consumer,
                        std::function<void(Consumer&, ApiCall&)> work) {
  with_stream(std::move(call), stream,
              [name = std::string(consumer), work = std::move(work)](Stream& there, ApiCall& call) {
                if (Consumer* found = there.find_consumer(name)) return work(*found, call);
                call.fail_from(there.shard(), api_error(ApiErrorCode::kConsumerNotFound));
              });
}

void Api::on_loop(LoopId loop, std::function<void(Shard&)> work) {
  Shard& shard = jetstream_.shard(loop);
  // From loop 0 to itself; other loops come back by on_home().
  if (loop == home().worker().loop().id()) return work(shard);
  // What comes by mail is done in the tick, where it may publish and subscribe.
  shard.worker().loop().post(broker::call_worker([&shard, work = std::move(work)](broker::Worker&) {
    shard.later([&shard, work] { work(shard); });
  }));
}

void Api::on_home(std::function<void(Shard&)> work) {
  Shard& shard = home();
  shard.worker().loop().post(broker::call_worker([&shard, work = std::move(work)](broker::Worker&) {
    shard.later([&shard, work] { work(shard); });
  }));
}

void Api::answer(const ApiCall& call) {
  const std::string text = call.answer_text();
  home().send(call.account, call.reply, {}, text);
  advise_api(home(), call, text);
}

void Api::answer(const ApiCall& call, const ApiError& error) {
  call.count_error(home());
  const std::string text = call.error_text(error);
  home().send(call.account, call.reply, {}, text);
  advise_api(home(), call, text);
}

void ApiCall::count_error(Shard& shard) const {
  ++shard.jetstream().counters().api_errors;
  if (usage) ++usage->api_errors;
}

std::string ApiCall::answer_text() const {
  codec::JsonWriter whole = json;
  return whole.end_object().take();
}

std::string ApiCall::error_text(const ApiError& error) const {
  codec::JsonWriter answer;
  answer.begin_object().field("type", type).key("error");
  codec::JsonStructWriter(answer).write(error);
  return answer.take().append(error_fields).append("}");
}

ApiError ApiCall::invalid_json(const Error& error) {
  // nats-server reads requests as streams, which end in their own words.
  const bool ends = error.text() == "unexpected end of JSON input";
  return api_error(ApiErrorCode::kInvalidJSON, {ends ? "unexpected EOF" : error.text()});
}

void ApiCall::answer_from(Shard& shard) { send_from(shard, answer_text()); }

void ApiCall::fail_from(Shard& shard, const ApiError& error) {
  count_error(shard);
  send_from(shard, error_text(error));
}

void ApiCall::send_from(Shard& shard, std::string text) const {
  advise_api(shard, *this, text);
  Effect effect;
  effect.account = account;
  effect.to = reply;
  effect.payload = answer_header + text;
  effect.header_size = static_cast<std::uint32_t>(answer_header.size());
  if (shard.journal() != nullptr) effect.after = shard.journal()->appended();
  shard.send_when_durable(std::move(effect));
}

}  // namespace midge::jetstream
