#include <algorithm>

#include "jetstream/advisory.h"
#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/config/stream_checks.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "subject/subject.h"

namespace midge::jetstream {

// What clients are shown beyond what is kept.
void add_version(StreamConfig& config, JetStream& jetstream) {
  config.metadata["_nats.ver"] = jetstream.settings().version;
  config.metadata["_nats.level"] = std::to_string(kApiLevel);
}

namespace {

using enum ApiErrorCode;

constexpr std::int64_t kNamesLimit = 1024;
constexpr std::int64_t kListLimit = 256;
constexpr std::int64_t kSubjectsLimit = 100'000;

struct StreamRequest : StreamConfig {
  static constexpr const char* kGoType = "server.StreamConfigRequest";
  bool pedantic = false;
};
template <class Visitor>
void describe(Visitor& v, StreamRequest& r) {
  v.name("StreamConfigRequest.StreamConfig");
  describe(v, static_cast<StreamConfig&>(r));
  v.unless_empty("pedantic", r.pedantic);
}

struct PageRequest {
  int offset = 0;
  std::string subject;
};
template <class Visitor>
void describe_page(Visitor& v, const char* type, PageRequest& r) {
  v.name(type).within("ApiPagedRequest").field("offset", r.offset);
  v.within("").unless_empty("subject", r.subject);
}

struct NamesRequest : PageRequest {
  static constexpr const char* kGoType = "server.JSApiStreamNamesRequest";
};
template <class Visitor>
void describe(Visitor& v, NamesRequest& r) {
  describe_page(v, "JSApiStreamNamesRequest", r);
}

struct ListRequest : PageRequest {
  static constexpr const char* kGoType = "server.JSApiStreamListRequest";
};
template <class Visitor>
void describe(Visitor& v, ListRequest& r) {
  describe_page(v, "JSApiStreamListRequest", r);
}

struct InfoRequest {
  static constexpr const char* kGoType = "server.JSApiStreamInfoRequest";
  int offset = 0;
  bool deleted_details = false;
  std::string subjects_filter;
};
template <class Visitor>
void describe(Visitor& v, InfoRequest& r) {
  v.name("JSApiStreamInfoRequest").within("ApiPagedRequest").unless_empty("offset", r.offset);
  v.within("").unless_empty("deleted_details", r.deleted_details);
  v.unless_empty("subjects_filter", r.subjects_filter);
}

struct PurgeRequest {
  std::uint64_t sequence = 0;
  std::string filter;
  std::uint64_t keep = 0;
};
template <class Visitor>
void describe(Visitor& v, PurgeRequest& r) {
  v.unless_empty("seq", r.sequence).unless_empty("filter", r.filter).unless_empty("keep", r.keep);
}

AccountEntry& account_of(Api& api, const ApiCall& call) {
  return *api.jetstream().directory().find_account(call.account);
}

// While its disk takes nothing a stream stays as it is.
std::optional<ApiError> refusal_to_record(Api& api, const StreamConfig& config) {
  if (config.storage == Storage::kMemory) return std::nullopt;
  return api.jetstream().record_refusal();
}

ApiResult<StreamConfig> read_config(Api& api, const ApiCall& call) {
  StreamRequest request;
  const Settings& settings = api.jetstream().settings();
  TRY(call.read(request, settings.limits.strict, true));
  if (request.max_message_size != static_cast<std::int32_t>(request.max_message_size))
    return api_failure(
        kInvalidJSON, {"json: cannot unmarshal number " + std::to_string(request.max_message_size) +
                       " into Go struct field "
                       "StreamConfigRequest.StreamConfig.max_msg_size of type int32"});
  if (request.name != call.names[0]) return api_failure(kStreamMismatch);
  const AccountEntry& account = account_of(api, call);
  return check_stream(std::move(request), *api.jetstream().limits(), account.limits,
                      request.pedantic);
}

void write_info(ApiCall& call, Stream& stream) {
  StreamInfo info = stream.info();
  add_version(info.config, stream.shard().jetstream());
  call.write(info);
}

// The answer to who made it, which says no domain.
void write_created(ApiCall& call, Stream& stream) {
  StreamInfo info = stream.info();
  info.domain.clear();
  add_version(info.config, stream.shard().jetstream());
  call.write(info);
  call.field("did_create", true);
}

// Names of the account's streams that have anything to do with `subject`.
std::vector<std::string> names_for(const AccountEntry& account, const std::string& subject) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : account.streams) {
    const auto concerns = [&](const std::string& theirs) {
      return subject::overlaps(subject, theirs);
    };
    if (subject.empty() || std::ranges::any_of(entry.config.subjects, concerns))
      names.push_back(name);
  }
  return names;
}

// What listings read: what is no JSON asks for all from the beginning.
template <class Request>
ApiResult<Request> read_page(Api& api, ApiCall& call) {
  Request request;
  if (!call.has_object()) return request;
  TRY(call.read(request, api.jetstream().settings().limits.strict, true));
  return request;
}

// As much of it as one answer has room for, from the offset, which is brought into it.
std::vector<std::string> page(const std::vector<std::string>& all, int& offset,
                              std::int64_t limit) {
  const auto size = static_cast<std::int64_t>(all.size());
  offset = static_cast<int>(std::clamp<std::int64_t>(offset, 0, size));
  return {all.begin() + offset, all.begin() + std::min(size, offset + limit)};
}

}  // namespace

void handle_stream_create(Api& api, ApiCall call) {
  auto config = read_config(api, call);
  if (!config) return api.answer(call, config.error());
  if (config->sealed)
    return api.answer(call, api_error(kStreamInvalidConfig,
                                      {"stream configuration for create can not be sealed"}));
  AccountEntry& account = account_of(api, call);
  JetStream& jetstream = api.jetstream();
  if (const auto found = account.streams.find(config->name); found != account.streams.end()) {
    if (found->second.config != *config) return api.answer(call, api_error(kStreamNameExist));
    return api.with_stream(std::move(call), found->second.config.name,
                           [](Stream& stream, ApiCall& there) {
                             write_created(there, stream);
                             there.answer_from(stream.shard());
                           });
  }
  if (auto allowed = jetstream.directory().check(account, *config, nullptr); !allowed)
    return api.answer(call, allowed.error());
  if (config->mirror && !config->mirror->external) {
    // A mirror answers direct gets if its origin does.
    const auto origin = account.streams.find(config->mirror->name);
    config->mirror_direct = origin != account.streams.end() && origin->second.config.allow_direct;
  }
  if (auto refusal = jetstream.memory_refusal(config->storage)) return api.answer(call, *refusal);
  if (config->storage == Storage::kFile)
    if (auto refusal = jetstream.write_refusal()) return api.answer(call, *refusal);
  StreamEntry entry{jetstream.directory().next_id(), jetstream.pick_loop(), *config,
                    api.home().wall()};
  account.streams.emplace(config->name, entry);
  Stream::Identity identity{entry.id, account.id, account.name, entry.created, account.usage};
  auto moved = std::make_shared<ApiCall>(std::move(call));
  api.on_loop(entry.loop, [identity, config = *config, moved](Shard& shard) {
    Stream& stream = shard.make_stream(identity, config);
    write_created(*moved, stream);
    moved->answer_from(shard);
  });
}

void handle_stream_update(Api& api, ApiCall call) {
  auto config = read_config(api, call);
  if (!config) return api.answer(call, config.error());
  AccountEntry& account = account_of(api, call);
  const auto found = account.streams.find(config->name);
  if (found == account.streams.end()) return api.answer(call, api_error(kStreamNotFound));
  if (!found->second.offline.empty())
    return api.answer(call, api_error(kStreamOfflineReason, {found->second.offline}));
  if (auto allowed = check_stream_update(found->second.config, *config); !allowed)
    return api.answer(call, allowed.error());
  if (auto allowed = api.jetstream().directory().check(account, *config, &found->second); !allowed)
    return api.answer(call, allowed.error());
  if (auto refusal = refusal_to_record(api, *config)) return api.answer(call, *refusal);
  found->second.config = *config;
  api.with_stream(std::move(call), config->name,
                  [config = *config](Stream& stream, ApiCall& there) {
                    stream.update(config);
                    stream.shard().record_stream(stream);
                    advise(stream, Action::kUpdated);
                    write_info(there, stream);
                    there.answer_from(stream.shard());
                  });
}

void handle_stream_names(Api& api, ApiCall call) {
  auto request = read_page<NamesRequest>(api, call);
  if (!request) return api.answer(call, request.error());
  const auto names = names_for(account_of(api, call), request->subject);
  const std::vector<std::string> shown = page(names, request->offset, kNamesLimit);
  call.field("total", names.size()).field("offset", request->offset).field("limit", kNamesLimit);
  call.json.key("streams");
  if (shown.empty())
    call.json.null();
  else
    call.json.value(shown);
  api.answer(call);
}

namespace {

// Streams live on many loops: each adds its own to the answer in turn.
struct StreamListing {
  ApiCall call;
  std::vector<std::string> names;
  std::size_t next = 0;
  std::map<std::string, std::string> offline;  // and why
};

void end_listing(Api& api, StreamListing& listing) {
  listing.call.json.end_array();
  listing.call.missing(listing.offline);
  api.answer(listing.call);
}

void list_next(Api& api, std::shared_ptr<StreamListing> listing) {
  if (listing->next == listing->names.size()) return end_listing(api, *listing);
  const std::string& name = listing->names[listing->next++];
  const AccountEntry& account = account_of(api, listing->call);
  const auto found = account.streams.find(name);
  if (found == account.streams.end()) return list_next(api, listing);
  if (const std::string& why = found->second.offline; !why.empty()) {
    listing->offline.emplace(name, why);
    return list_next(api, listing);
  }
  api.on_loop(found->second.loop, [&api, listing, id = found->second.id](Shard& shard) {
    if (Stream* stream = shard.find_stream(id)) {
      StreamInfo info = stream->info();
      codec::JsonStructWriter(listing->call.json).write(info);
    }
    api.on_home([&api, listing](Shard&) { list_next(api, listing); });
  });
}

}  // namespace

void handle_stream_list(Api& api, ApiCall call) {
  auto request = read_page<ListRequest>(api, call);
  if (!request) return api.answer(call, request.error());
  const auto names = names_for(account_of(api, call), request->subject);
  std::vector<std::string> shown = page(names, request->offset, kListLimit);
  call.field("total", names.size()).field("offset", request->offset).field("limit", kListLimit);
  call.json.key("streams").begin_array();
  list_next(api, std::make_shared<StreamListing>(
                     StreamListing{std::move(call), std::move(shown), 0, {}}));
}

void handle_stream_info(Api& api, ApiCall call) {
  InfoRequest request;
  // As there: what is no JSON asks for nothing in particular.
  if (!call.has_object()) call.body.clear();
  if (auto read = call.read(request, api.jetstream().settings().limits.strict, true); !read)
    return api.answer(call, read.error());
  const std::string name = call.names[0];
  api.with_stream(std::move(call), name, [request](Stream& stream, ApiCall& there) {
    StreamInfo info = stream.info();
    add_version(info.config, stream.shard().jetstream());
    info.cluster = ClusterInfo{stream.shard().jetstream().settings().server_name};
    std::int64_t total = 0, limit = 0;
    if (!request.subjects_filter.empty()) {
      limit = kSubjectsLimit;
      store::SubjectTree::Walk walk(store::Filter({request.subjects_filter}));
      stream.store().subjects().step(
          walk, SIZE_MAX, [&](std::string_view subject, store::SubjectState& state) {
            if (total >= request.offset && total < request.offset + limit)
              info.state.subjects.emplace(subject, state.count);
            ++total;
            return true;
          });
    }
    if (request.deleted_details)
      info.state.deleted = stream.store().deleted(stream.store().figures().first, SIZE_MAX);
    there.field("total", total).field("offset", request.offset).field("limit", limit);
    there.write(info);
    there.changes_nothing = true;
    there.answer_from(stream.shard());
  });
}

void handle_stream_delete(Api& api, ApiCall call) {
  if (!call.has_empty_body()) return api.answer(call, api_error(kNotEmptyRequest));
  AccountEntry& account = account_of(api, call);
  const auto found = account.streams.find(call.names[0]);
  if (found == account.streams.end()) return api.answer(call, api_error(kStreamNotFound));
  const StreamEntry entry = found->second;
  if (auto refusal = refusal_to_record(api, entry.config)) return api.answer(call, *refusal);
  account.streams.erase(found);
  auto moved = std::make_shared<ApiCall>(std::move(call));
  api.on_loop(entry.loop, [id = entry.id, moved](Shard& shard) {
    if (Stream* stream = shard.find_stream(id)) shard.delete_stream(*stream);
    moved->field("success", true);
    moved->answer_from(shard);
  });
}

void handle_stream_purge(Api& api, ApiCall call) {
  PurgeRequest request;
  if (auto read = call.read(request, api.jetstream().settings().limits.strict, true); !read)
    return api.answer(call, read.error());
  if (request.sequence > 0 && request.keep > 0) return api.answer(call, api_error(kBadRequest));
  const std::string name = call.names[0];
  api.with_stream(std::move(call), name, [request](Stream& stream, ApiCall& there) {
    there.error_fields = ",\"purged\":0";
    if (stream.config().sealed) return there.fail_from(stream.shard(), api_error(kStreamSealed));
    if (stream.config().deny_purge)
      return there.fail_from(stream.shard(),
                             api_error(kStreamPurgeFailed, {"stream purge not permitted"}));
    store::Filter filter;
    if (!request.filter.empty()) filter = store::Filter({request.filter});
    const std::uint64_t purged = stream.purge(filter, request.sequence, request.keep);
    there.field("success", true).field("purged", purged);
    there.answer_from(stream.shard());
  });
}

}  // namespace midge::jetstream
