#include "midge/stream.h"

#include <utility>

#include "client/jetstream/consumer_json.h"
#include "client/jetstream/context.h"
#include "client/jetstream/create_consumer.h"
#include "client/jetstream/listing.h"
#include "client/jetstream/ordered_fetcher.h"
#include "client/jetstream/stored_message.h"
#include "client/jetstream/stream_state.h"

namespace midge {
namespace {

struct NoTerms {};
template <class Visitor>
void describe(Visitor&, NoTerms&) {}

struct DeleteTerms {
  std::uint64_t sequence = 0;
  bool no_erase = false;
};
template <class Visitor>
void describe(Visitor& v, DeleteTerms& t) {
  v.field("seq", t.sequence).unless_empty("no_erase", t.no_erase);
}

struct PauseTerms {
  std::optional<Time> until;
};
template <class Visitor>
void describe(Visitor& v, PauseTerms& t) {
  v.unless_empty("pause_until", t.until);
}

struct UnpinTerms {
  std::string group;
};
template <class Visitor>
void describe(Visitor& v, UnpinTerms& t) {
  v.field("group", t.group);
}

struct ResetTerms {
  std::uint64_t sequence = 0;
};
template <class Visitor>
void describe(Visitor& v, ResetTerms& t) {
  v.unless_empty("seq", t.sequence);
}

struct Purged {
  std::uint64_t count = 0;
};
template <class Visitor>
void describe(Visitor& v, Purged& p) {
  v.field("purged", p.count);
}

}  // namespace

template <class Visitor>
void describe(Visitor& v, StreamInfoOptions& o) {
  v.unless_empty("deleted_details", o.deleted_details);
  v.unless_empty("subjects_filter", o.subjects_filter);
}

template <class Visitor>
void describe(Visitor& v, PurgeOptions& o) {
  v.unless_empty("filter", o.filter).unless_empty("seq", o.sequence).unless_empty("keep", o.keep);
}

template <class Visitor>
void describe(Visitor& v, Stream::Pause& p) {
  v.field("paused", p.paused).field("pause_until", p.until);
  v.field("pause_remaining", p.remaining);
}

const std::string& Stream::name() const { return state_->name(); }

const StreamInfo& Stream::cached_info() const { return state_->info; }

// Subjects' figures come in pages.
Result<StreamInfo> Stream::info(StreamInfoOptions options, Deadline deadline) const {
  const std::string what = "STREAM.INFO." + name();
  detail::PageRequest<StreamInfoOptions> wanted{std::move(options)};
  std::map<std::string, std::uint64_t> subjects;
  while (true) {
    ASSIGN_OR_RETURN(const codec::JsonValue json,
                     state_->context->ask(what, codec::write_json_struct(wanted), deadline));
    StreamInfo info;
    TRY(codec::read_json_struct(json, info, false));
    detail::Page<std::string> page{"", 0, {}};
    TRY(codec::read_json_struct(json, page, false));
    const bool is_last = info.state.subjects.empty();
    subjects.merge(info.state.subjects);
    wanted.offset = static_cast<std::int64_t>(subjects.size());
    if (!is_last && wanted.offset < page.total) continue;
    info.state.subjects = std::move(subjects);
    return info;
  }
}

Result<std::uint64_t> Stream::purge(PurgeOptions options, Deadline deadline) const {
  ASSIGN_OR_RETURN(const Purged purged,
                   state_->context->ask_for<Purged>("STREAM.PURGE." + name(),
                                                    codec::write_json_struct(options), deadline));
  return purged.count;
}

Result<StoredMessage> Stream::read(const detail::ReadTerms& terms, const Deadline& deadline) const {
  if (state_->info.config.allow_direct)
    return detail::read_directly(*state_->context, name(), terms, deadline);
  return detail::read_by_api(*state_->context, name(), terms, deadline);
}

Result<StoredMessage> Stream::message(std::uint64_t sequence, Deadline deadline) const {
  if (sequence == 0) return failure("sequences begin with 1", ErrorCode::kInvalid);
  return read({.sequence = sequence, .next_by_subject = {}, .last_by_subject = {}}, deadline);
}

Result<StoredMessage> Stream::next_message(std::string_view subject, std::uint64_t sequence,
                                           Deadline deadline) const {
  return read(
      {.sequence = sequence, .next_by_subject = std::string(subject), .last_by_subject = {}},
      deadline);
}

Result<StoredMessage> Stream::last_message(std::string_view subject, Deadline deadline) const {
  return read({.sequence = 0, .next_by_subject = {}, .last_by_subject = std::string(subject)},
              deadline);
}

Result<std::vector<StoredMessage>> Stream::batch(BatchOptions options, Deadline deadline) const {
  return detail::read_batch(*state_->context, name(), options, deadline);
}

Result<void> Stream::delete_message(std::uint64_t sequence, Deadline deadline) const {
  TRY(state_->context->ask("STREAM.MSG.DELETE." + name(),
                           codec::write_json_struct(DeleteTerms{sequence, true}), deadline));
  return {};
}

Result<void> Stream::erase_message(std::uint64_t sequence, Deadline deadline) const {
  TRY(state_->context->ask("STREAM.MSG.DELETE." + name(),
                           codec::write_json_struct(DeleteTerms{sequence, false}), deadline));
  return {};
}

Result<Consumer> Stream::ask_consumer(ConsumerConfig config, std::string_view action,
                                      const Deadline& deadline) const {
  ASSIGN_OR_RETURN(ConsumerInfo info, detail::create_consumer(*state_->context, name(),
                                                              std::move(config), action, deadline));
  return Consumer(std::make_shared<detail::ConsumerState>(
      detail::ConsumerState{state_->context, std::move(info)}));
}

Result<Consumer> Stream::create_consumer(ConsumerConfig config, Deadline deadline) const {
  return ask_consumer(std::move(config), "create", deadline);
}

Result<Consumer> Stream::update_consumer(ConsumerConfig config, Deadline deadline) const {
  return ask_consumer(std::move(config), "update", deadline);
}

Result<Consumer> Stream::create_or_update_consumer(ConsumerConfig config, Deadline deadline) const {
  return ask_consumer(std::move(config), "", deadline);
}

// `<verb>.<stream>.<consumer>`.
Result<std::string> Stream::consumer_call(std::string_view verb, std::string_view consumer) const {
  TRY(detail::check_name("consumer", consumer));
  return "CONSUMER." + std::string(verb) + "." + name() + "." + std::string(consumer);
}

Result<Consumer> Stream::consumer(std::string_view name, Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::string call, consumer_call("INFO", name));
  ASSIGN_OR_RETURN(ConsumerInfo info, state_->context->ask_for<ConsumerInfo>(call, "", deadline));
  return Consumer(std::make_shared<detail::ConsumerState>(
      detail::ConsumerState{state_->context, std::move(info)}));
}

OrderedConsumer Stream::ordered_consumer(OrderedConsumerOptions options) const {
  auto state =
      std::make_shared<detail::OrderedConsumerState>(state_->context, name(), std::move(options));
  state->fetcher = std::make_shared<detail::OrderedFetcher>(*state);
  return OrderedConsumer(std::move(state));
}

Result<void> Stream::delete_consumer(std::string_view name, Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::string call, consumer_call("DELETE", name));
  TRY(state_->context->ask(call, "", deadline));
  return {};
}

Result<std::vector<std::string>> Stream::consumer_names(Deadline deadline) const {
  return detail::list<std::string>(*state_->context, "CONSUMER.NAMES." + name(), "consumers",
                                   NoTerms{}, deadline);
}

Result<std::vector<ConsumerInfo>> Stream::consumers(Deadline deadline) const {
  return detail::list<ConsumerInfo>(*state_->context, "CONSUMER.LIST." + name(), "consumers",
                                    NoTerms{}, deadline);
}

Result<Stream::Pause> Stream::pause_consumer(std::string_view name, Time until,
                                             Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::string call, consumer_call("PAUSE", name));
  return state_->context->ask_for<Pause>(call, codec::write_json_struct(PauseTerms{until}),
                                         deadline);
}

Result<Stream::Pause> Stream::resume_consumer(std::string_view name, Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::string call, consumer_call("PAUSE", name));
  return state_->context->ask_for<Pause>(call, codec::write_json_struct(PauseTerms{}), deadline);
}

Result<ConsumerInfo> Stream::reset_consumer(std::string_view name, std::uint64_t sequence,
                                            Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::string call, consumer_call("RESET", name));
  const std::string body = sequence == 0 ? "" : codec::write_json_struct(ResetTerms{sequence});
  return state_->context->ask_for<ConsumerInfo>(call, body, deadline);
}

Result<void> Stream::unpin_consumer(std::string_view name, std::string_view group,
                                    Deadline deadline) const {
  ASSIGN_OR_RETURN(const std::string call, consumer_call("UNPIN", name));
  TRY(state_->context->ask(call, codec::write_json_struct(UnpinTerms{std::string(group)}),
                           deadline));
  return {};
}

}  // namespace midge
