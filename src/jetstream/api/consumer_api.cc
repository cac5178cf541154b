#include <algorithm>

#include "codec/base62.h"
#include "jetstream/advisory.h"
#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/config/consumer_checks.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/recovery.h"
#include "jetstream/shard.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

constexpr std::int64_t kNamesLimit = 1024;
constexpr std::int64_t kListLimit = 256;

enum class Action : std::uint8_t { kCreateOrUpdate, kCreate, kUpdate };
std::span<const char* const> enum_texts(Action) {
  static constexpr const char* kTexts[] = {"", "create", "update"};
  return kTexts;
}

std::string enum_error(Action, const std::string& quoted) {
  return "unknown consumer action: " + quoted;
}

struct CreateRequest {
  static constexpr const char* kGoType = "server.CreateConsumerRequest";
  std::string stream;
  ConsumerConfig config;
  Action action = Action::kCreateOrUpdate;
  bool pedantic = false;
};
template <class Visitor>
void describe(Visitor& v, CreateRequest& r) {
  v.name("CreateConsumerRequest").field("stream_name", r.stream).field("config", r.config);
  v.unless_empty("action", r.action).unless_empty("pedantic", r.pedantic);
}

struct PageRequest {
  static constexpr const char* kGoType = "server.JSApiConsumersRequest";
  int offset = 0;
};
template <class Visitor>
void describe(Visitor& v, PageRequest& r) {
  v.name("JSApiConsumersRequest").within("ApiPagedRequest").field("offset", r.offset);
}

struct PauseRequest {
  std::optional<WallTime> pause_until;
};
template <class Visitor>
void describe(Visitor& v, PauseRequest& r) {
  v.unless_empty("pause_until", r.pause_until);
}

struct UnpinRequest {
  std::string group;
};
template <class Visitor>
void describe(Visitor& v, UnpinRequest& r) {
  v.field("group", r.group);
}

struct ResetRequest {
  std::uint64_t sequence = 0;
};
template <class Visitor>
void describe(Visitor& v, ResetRequest& r) {
  v.unless_empty("seq", r.sequence);
}

// What an error of a listing has behind it.
constexpr std::string_view kEmptyPage = R"(,"total":0,"offset":0,"limit":0,"consumers":[])";

void write_info(ApiCall& call, Consumer& consumer) {
  ConsumerInfo info = consumer.info();
  JetStream& jetstream = consumer.stream().shard().jetstream();
  info.config->metadata["_nats.ver"] = jetstream.settings().version;
  info.config->metadata["_nats.level"] = std::to_string(kApiLevel);
  call.write(info);
}

// Answers with its information, and what `more` adds, when it is known what is pending.
void answer_with_info(
    ApiCall& call, Consumer& consumer, std::function<void(ApiCall&)> more = [](ApiCall&) {}) {
  const auto answer = [more = std::move(more)](ApiCall& call, Consumer& consumer) {
    write_info(call, consumer);
    more(call);
    call.answer_from(consumer.stream().shard());
  };
  if (consumer.is_counted()) return answer(call, consumer);
  consumer.when_counted([answer, call = std::make_shared<ApiCall>(std::move(call))](
                            Consumer& counted) { answer(*call, counted); });
}

// A name for a consumer that was given none.
std::string made_up_name(Shard& shard) {
  return codec::random_base62(8, [&] { return shard.random(); });
}

// A message of a work queue is for one consumer.
ApiResult<void> check_work_queue(Stream& stream, const ConsumerConfig& config) {
  if (stream.config().retention != Retention::kWorkQueue || config.direct) return {};
  std::vector<std::string> wanted = config.filter_subjects;
  if (!config.filter_subject.empty()) wanted = {config.filter_subject};
  for (Consumer* other : stream.consumers()) {
    if (wanted.empty()) return api_failure(kConsumerWQMultipleUnfiltered);
    if (other->filter().is_all()) return api_failure(kConsumerWQConsumerNotUnique);
    for (const std::string& theirs : other->filter().patterns())
      for (const std::string& ours : wanted)
        if (subject::overlaps(ours, theirs)) return api_failure(kConsumerWQConsumerNotUnique);
  }
  return {};
}

// Of the stream, its account and the server, who says so first; zero or less: any number.
std::int64_t most_consumers(Stream& stream, const ServerLimits& server) {
  std::int64_t most = stream.config().max_consumers;
  const std::int64_t of_account = stream.usage().max_consumers;
  if (most <= 0 || (of_account > 0 && of_account < most)) most = of_account;
  return most > 0 ? most : server.default_max_consumers;
}

constexpr std::string_view kIdentity = "Nats-Stream-Identity";

// Mirrors and sources make sure that they go on with the stream they began with.
ApiResult<void> check_identity(const Stream& stream, ApiCall& call, const ConsumerConfig& config) {
  if (!config.direct && !config.sourcing) return {};
  const std::string_view expected = header_value(call.header, kIdentity);
  if (!expected.empty() && expected != stream.identity_text())
    return api_failure(kConsumerStreamIdentityMismatch, {stream.identity_text()});
  call.answer_header = HeaderWriter().field(kIdentity, stream.identity_text()).take();
  return {};
}

void create(Stream& stream, ApiCall& call, CreateRequest request) {
  Shard& shard = stream.shard();
  const auto fail = [&](const ApiError& error) { call.fail_from(shard, error); };
  const ServerLimits server = *shard.jetstream().limits();
  if (!stream.usage().has_limits) return fail(api_error(kNoLimits));
  AccountLimits account;
  account.max_ack_pending = stream.usage().max_ack_pending;
  auto checked =
      check_consumer(std::move(request.config), stream.config(), server, account, request.pedantic);
  if (!checked) return fail(checked.error());
  ConsumerConfig& config = *checked;
  if (config.name.empty() && config.durable_name.empty()) config.name = made_up_name(shard);
  const std::string& name = config.durable_name.empty() ? config.name : config.durable_name;
  Consumer* existing = stream.find_consumer(name);
  if (existing != nullptr) {
    if (request.action == Action::kCreate && existing->config() != config)
      return fail(api_error(kConsumerAlreadyExists));
    if (existing->config().is_push() && config.is_push() &&
        existing->config().deliver_subject != config.deliver_subject && existing->has_interest())
      return fail(api_error(kConsumerNameExist));
    if (auto allowed = check_consumer_update(existing->config(), config); !allowed)
      return fail(allowed.error());
    config.pause_until = existing->config().pause_until;
    // One that was made to go away by itself still does.
    if (config.inactive_threshold.ns == 0 && !existing->config().is_durable())
      config.inactive_threshold = existing->config().inactive_threshold;
    set_required_level(config);
    existing->update(config);
    shard.record_consumer(*existing);
    return answer_with_info(call, *existing);
  }
  if (request.action == Action::kUpdate) return fail(api_error(kConsumerDoesNotExist));
  if (auto allowed = check_work_queue(stream, config); !allowed) return fail(allowed.error());
  const std::int64_t most = most_consumers(stream, server);
  if (most > 0 && !config.direct &&
      stream.public_consumer_count() >= static_cast<std::size_t>(most))
    return fail(api_error(kMaximumConsumersLimit));
  if (auto same = check_identity(stream, call, config); !same) return fail(same.error());
  if (auto refusal = stream.memory_refusal()) return fail(*refusal);
  call.changes_nothing = config.memory_storage;
  if (!config.memory_storage && !stream.is_durable_at_once())
    if (auto refusal = shard.record_refusal()) return fail(*refusal);
  Consumer& made = stream.create_consumer(config, shard.wall());
  answer_with_info(call, made);
  shard.hold(made);
}

ApiResult<CreateRequest> read_create(Api& api, const ApiCall& call) {
  CreateRequest request;
  TRY(call.read(request, api.jetstream().settings().limits.strict, true));
  if (request.stream != call.names[0]) return api_failure(kStreamMismatch);
  return request;
}

void create_at(Api& api, ApiCall call, CreateRequest request) {
  const std::string stream = call.names[0];
  api.with_stream(std::move(call), stream,
                  [request = std::move(request)](Stream& there, ApiCall& call) {
                    create(there, call, request);
                  });
}

}  // namespace

void handle_consumer_create(Api& api, ApiCall call) {
  auto request = read_create(api, call);
  if (!request) return api.answer(call, request.error());
  if (!request->config.durable_name.empty())
    return api.answer(call, api_error(kConsumerEphemeralWithDurableName));
  create_at(api, std::move(call), std::move(*request));
}

void handle_consumer_create_durable(Api& api, ApiCall call) {
  auto request = read_create(api, call);
  if (!request) return api.answer(call, request.error());
  if (request->config.durable_name.empty())
    return api.answer(call, api_error(kConsumerDurableNameNotSet));
  if (request->config.durable_name != call.names[1])
    return api.answer(call, api_error(kConsumerDurableNameNotMatchSubject));
  request->config.name = request->config.durable_name;
  create_at(api, std::move(call), std::move(*request));
}

void handle_consumer_create_named(Api& api, ApiCall call) {
  auto request = read_create(api, call);
  if (!request) return api.answer(call, request.error());
  ConsumerConfig& config = request->config;
  if (config.is_durable() && config.durable_name != call.names[1])
    return api.answer(call, api_error(kConsumerDurableNameNotMatchSubject));
  config.name = call.names[1];
  if (call.names.size() > 2) {
    if (!config.filter_subjects.empty())
      return api.answer(call, api_error(kConsumerMultipleFiltersNotAllowed));
    if (config.filter_subject != call.names[2])
      return api.answer(call, api_error(kConsumerCreateFilterSubjectMismatch));
  }
  create_at(api, std::move(call), std::move(*request));
}

namespace {

// What a page of names shows of each: it, or all about it.
void write_page(Stream& stream, const std::vector<std::string>& names, bool only_names,
                ApiCall& call) {
  if (only_names) return (void)call.field("consumers", names);
  std::vector<ConsumerInfo> infos;
  std::map<std::string, std::string> offline;
  for (const std::string& name : names) {
    if (Consumer* consumer = stream.find_consumer(name)) {
      infos.push_back(consumer->info());
    } else {
      const auto& own = find_consumer(*stream.shelved(), name)->record.offline;
      offline.emplace(name, own ? own->reason : offline_reason(*stream.shelved()));
    }
  }
  call.field("consumers", infos).missing(offline);
}

void answer_page(Api& api, ApiCall call, std::int64_t limit, bool only_names) {
  PageRequest request;
  call.error_fields = kEmptyPage;
  // What is no JSON asks for all.
  if (!call.has_object()) call.body.clear();
  if (auto read = call.read(request, api.jetstream().settings().limits.strict, true); !read)
    return api.answer(call, read.error());
  const std::string name = call.names[0];
  api.with_any_stream(
      std::move(call), name, [request, limit, only_names](Stream& stream, ApiCall& there) {
        const std::vector<std::string> all = stream.public_consumer_names();
        const auto size = static_cast<std::int64_t>(all.size());
        const std::int64_t begin = std::clamp<std::int64_t>(request.offset, 0, size);
        const std::int64_t end = std::min(size, begin + limit);
        there.field("total", all.size()).field("offset", begin).field("limit", limit);
        write_page(stream, {all.begin() + begin, all.begin() + end}, only_names, there);
        there.changes_nothing = true;
        there.answer_from(stream.shard());
      });
}

}  // namespace

void handle_consumer_names(Api& api, ApiCall call) {
  answer_page(api, std::move(call), kNamesLimit, true);
}

void handle_consumer_list(Api& api, ApiCall call) {
  answer_page(api, std::move(call), kListLimit, false);
}

void handle_consumer_info(Api& api, ApiCall call) {
  const std::string stream = call.names[0], consumer = call.names[1];
  if (!call.has_empty_body()) return api.answer(call, api_error(kNotEmptyRequest));
  api.with_consumer(std::move(call), stream, consumer, [](Consumer& there, ApiCall& call) {
    call.changes_nothing = true;
    answer_with_info(call, there);
  });
}

namespace {

// False: there is none of that name.
bool remove_named(Stream& stream, std::string_view name) {
  if (stream.shelved() != nullptr) return stream.remove_shelved(name);
  Consumer* const found = stream.find_consumer(name);
  if (found == nullptr) return false;
  stream.shard().record_consumer_removed(stream, found->id());
  stream.remove_consumer(*found, "409 Consumer Deleted");
  return true;
}

}  // namespace

void handle_consumer_delete(Api& api, ApiCall call) {
  const std::string stream = call.names[0], consumer = call.names[1];
  if (!call.has_empty_body()) return api.answer(call, api_error(kNotEmptyRequest));
  api.with_any_stream(std::move(call), stream, [consumer](Stream& owner, ApiCall& call) {
    if (!remove_named(owner, consumer))
      return call.fail_from(owner.shard(), api_error(kConsumerNotFound));
    call.field("success", true);
    call.answer_from(owner.shard());
  });
}

void handle_consumer_pause(Api& api, ApiCall call) {
  PauseRequest request;
  call.error_fields = R"(,"paused":false,"pause_until":"0001-01-01T00:00:00Z")";
  // As nats-server: what cannot be read is no pause.
  (void)call.read(request, false, true);
  const std::string stream = call.names[0], consumer = call.names[1];
  api.with_consumer(std::move(call), stream, consumer, [request](Consumer& there, ApiCall& call) {
    there.pause(request.pause_until);
    there.stream().shard().record_consumer(there);
    advise_pause(there);
    call.field("paused", there.is_paused());
    call.field("pause_until", there.config().pause_until.value_or(kNoTime));
    if (there.is_paused()) {
      const ConsumerInfo info = there.info();
      call.field("pause_remaining", info.pause_remaining);
    }
    call.answer_from(there.stream().shard());
  });
}

void handle_consumer_unpin(Api& api, ApiCall call) {
  UnpinRequest request;
  if (auto read = codec::read_json_struct(call.body, request, false); !read)
    return api.answer(call, api_error(kInvalidJSON, {read.error().text()}));
  if (!is_priority_group(request.group))
    return api.answer(call, api_error(kConsumerInvalidGroupName));
  const std::string stream = call.names[0], consumer = call.names[1];
  api.with_consumer(std::move(call), stream, consumer, [request](Consumer& there, ApiCall& call) {
    Shard& shard = there.stream().shard();
    if (!there.unpin(request.group))
      return call.fail_from(shard, api_error(kConsumerInvalidPriorityGroup));
    call.answer_from(shard);
  });
}

void handle_consumer_reset(Api& api, ApiCall call) {
  ResetRequest request;
  if (auto read = call.read(request, false, true); !read) return api.answer(call, read.error());
  const std::string stream = call.names[0], consumer = call.names[1];
  api.with_consumer(std::move(call), stream, consumer, [request](Consumer& there, ApiCall& call) {
    call.error_fields = R"(,"reset_seq":0)";
    const auto to = there.reset(request.sequence);
    if (!to) return call.fail_from(there.stream().shard(), to.error());
    if (header_value(call.header, kIdentity).data() != nullptr)
      call.answer_header = HeaderWriter().field(kIdentity, there.stream().identity_text()).take();
    answer_with_info(call, there,
                     [at = to->value](ApiCall& answer) { answer.field("reset_seq", at); });
  });
}

}  // namespace midge::jetstream
