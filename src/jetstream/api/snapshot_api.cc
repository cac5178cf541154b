// Backups of streams: asked for, and taken in.
#include "jetstream/advisory.h"
#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/archive/stream_restore.h"
#include "jetstream/archive/stream_snapshot.h"
#include "jetstream/config/stream_checks.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

struct RestoreRequest {
  static constexpr const char* kGoType = "server.JSApiStreamRestoreRequest";
  StreamConfig config;
  StreamState state;  // the backup says it again
};
template <class Visitor>
void describe(Visitor& v, RestoreRequest& r) {
  v.name("JSApiStreamRestoreRequest").field("config", r.config).field("state", r.state);
}

AccountEntry& account_of(Api& api, const ApiCall& call) {
  return *api.jetstream().directory().find_account(call.account);
}

ApiResult<StreamConfig> read_config(Api& api, const ApiCall& call) {
  if (call.has_empty_body()) return api_failure(kBadRequest);
  RestoreRequest request;
  TRY(call.read(request, api.jetstream().settings().limits.strict, false));
  StreamConfig& config = request.config;
  const std::string& name = call.names[0];
  if (config.name.empty()) config.name = name;
  if (config.name != name) return api_failure(kStreamMismatch);
  if (name.find_first_of("/\\") != std::string::npos)
    return api_failure(kStreamNameContainsPathSeparators);
  AccountEntry& account = account_of(api, call);
  ASSIGN_OR_RETURN(StreamConfig checked, check_stream(std::move(config), *api.jetstream().limits(),
                                                      account.limits, false));
  if (account.streams.contains(name) || account.restoring.contains(name))
    return api_failure(kStreamNameExistRestoreFailed);
  TRY(api.jetstream().directory().check(account, checked, nullptr));
  return checked;
}

}  // namespace

void handle_stream_snapshot(Api& api, ApiCall call) {
  if (call.has_empty_body()) return api.answer(call, api_error(kBadRequest));
  const std::string name = call.names[0];
  if (!account_of(api, call).streams.contains(name))
    return api.answer(call, api_error(kStreamNotFound));
  SnapshotTerms terms;
  if (auto read = call.read(terms, api.jetstream().settings().limits.strict, false); !read)
    return api.answer(call, read.error());
  if (!subject::is_valid_literal(terms.deliver_subject))
    return api.answer(call, api_error(kSnapshotDeliverSubjectInvalid));
  api.with_stream(std::move(call), name, [terms](Stream& stream, ApiCall& there) {
    StreamState state = stream.state();
    StreamConfig config = stream.config();
    there.field("config", config).field("state", state);
    there.answer_from(stream.shard());
    advise_snapshot_created(stream, state);
    stream.shard().archives().start(
        std::make_unique<StreamSnapshot>(stream, terms, std::move(state)));
  });
}

void handle_stream_restore(Api& api, ApiCall call) {
  auto config = read_config(api, call);
  if (!config) return api.answer(call, config.error());
  AccountEntry& account = account_of(api, call);
  JetStream& jetstream = api.jetstream();
  if (auto refusal = jetstream.memory_refusal(config->storage)) return api.answer(call, *refusal);
  const Stream::Identity identity{jetstream.directory().next_id(), account.id, account.name,
                                  api.home().wall(), account.usage};
  account.restoring.emplace(config->name, *config);
  auto moved = std::make_shared<ApiCall>(std::move(call));
  api.on_loop(jetstream.pick_loop(), [&api, identity, config = *config, moved](Shard& shard) {
    auto restore = std::make_unique<StreamRestore>(api, shard, identity, config);
    moved->field("deliver_subject", restore->listen());
    moved->answer_from(shard);
    shard.archives().start(std::move(restore));
  });
}

}  // namespace midge::jetstream
