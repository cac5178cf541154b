#include "midge/jetstream.h"

#include <utility>

#include "client/jetstream/context.h"
#include "client/jetstream/listing.h"
#include "client/jetstream/stream_json.h"
#include "client/jetstream/stream_state.h"
#include "client/patience.h"

namespace midge {
namespace {

struct Limits {
  AccountTier& tier;
};
template <class Visitor>
void describe(Visitor& v, Limits& limits) {
  AccountTier& t = limits.tier;
  v.field("max_memory", t.max_memory).field("max_storage", t.max_storage);
  v.field("max_streams", t.max_streams).field("max_consumers", t.max_consumers);
  v.field("max_ack_pending", t.max_ack_pending);
  v.field("memory_max_stream_bytes", t.memory_max_stream_bytes);
  v.field("storage_max_stream_bytes", t.storage_max_stream_bytes);
  v.field("max_bytes_required", t.max_bytes_required);
}

struct Api {
  AccountInfo& info;
};
template <class Visitor>
void describe(Visitor& v, Api& api) {
  v.field("level", api.info.api_level).field("total", api.info.api_total);
  v.field("errors", api.info.api_errors);
}

struct SubjectFilter {
  std::string subject;
};
template <class Visitor>
void describe(Visitor& v, SubjectFilter& filter) {
  v.unless_empty("subject", filter.subject);
}

}  // namespace

template <class Visitor>
void describe(Visitor& v, AccountTier& t) {
  Limits limits{t};
  v.field("memory", t.memory).field("storage", t.storage);
  v.field("reserved_memory", t.reserved_memory).field("reserved_storage", t.reserved_storage);
  v.field("streams", t.streams).field("consumers", t.consumers).field("limits", limits);
}

template <class Visitor>
void describe(Visitor& v, AccountInfo& info) {
  Api api{info};
  describe(v, info.total);
  v.field("domain", info.domain).field("tiers", info.tiers).field("api", api);
}

JetStream::JetStream(Client client, JetStreamOptions options)
    : context_(std::make_shared<detail::JetStreamContext>(std::move(client), std::move(options))) {}

const Client& JetStream::client() const { return context_->client(); }

Result<AccountInfo> JetStream::account_info(Deadline deadline) const {
  return context_->ask_for<AccountInfo>("INFO", "", deadline);
}

Result<Stream> JetStream::ask_stream(std::string_view verb, std::string_view name,
                                     std::string_view body, const Deadline& deadline) const {
  TRY(detail::check_name("stream", name));
  const std::string what = "STREAM." + std::string(verb) + "." + std::string(name);
  ASSIGN_OR_RETURN(StreamInfo info, context_->ask_for<StreamInfo>(what, body, deadline));
  return Stream(std::make_shared<Stream::State>(Stream::State{context_, std::move(info)}));
}

Result<Stream> JetStream::create_stream(const StreamConfig& config, Deadline deadline) const {
  return ask_stream("CREATE", config.name, codec::write_json_struct(config), deadline);
}

Result<Stream> JetStream::update_stream(const StreamConfig& config, Deadline deadline) const {
  return ask_stream("UPDATE", config.name, codec::write_json_struct(config), deadline);
}

Result<Stream> JetStream::create_or_update_stream(const StreamConfig& config,
                                                  Deadline deadline) const {
  const detail::Remaining left(deadline);
  auto updated = update_stream(config, left());
  if (updated || updated.error().err_code() != detail::kStreamNotFound) return updated;
  return create_stream(config, left());
}

Result<Stream> JetStream::stream(std::string_view name, Deadline deadline) const {
  return ask_stream("INFO", name, "", deadline);
}

Result<void> JetStream::delete_stream(std::string_view name, Deadline deadline) const {
  TRY(detail::check_name("stream", name));
  TRY(context_->ask("STREAM.DELETE." + std::string(name), "", deadline));
  return {};
}

Result<std::vector<std::string>> JetStream::stream_names(std::string_view subject,
                                                         Deadline deadline) const {
  return detail::list<std::string>(*context_, "STREAM.NAMES", "streams",
                                   SubjectFilter{std::string(subject)}, deadline);
}

Result<std::vector<StreamInfo>> JetStream::streams(std::string_view subject,
                                                   Deadline deadline) const {
  return detail::list<StreamInfo>(*context_, "STREAM.LIST", "streams",
                                  SubjectFilter{std::string(subject)}, deadline);
}

Result<std::string> JetStream::stream_of(std::string_view subject, Deadline deadline) const {
  ASSIGN_OR_RETURN(std::vector<std::string> names, stream_names(subject, deadline));
  if (names.empty()) return failure("no stream has this subject", ErrorCode::kNotFound);
  return std::move(names.front());
}

}  // namespace midge
