// Counters: a subject's last message has the sum of all that were sent to it.
#include "jetstream/headers.h"
#include "jetstream/stream/counter.h"
#include "jetstream/stream/counter_sources.h"
#include "jetstream/stream/ingest.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kSources = "Nats-Counter-Sources";

}  // namespace

std::optional<Ingest::CounterState> Ingest::counter_state(std::string_view subject) {
  const store::Sequence last = stream_.last_of(subject);
  if (last.value == 0) return CounterState{};
  const auto message = stream_.store().load(last);
  auto value = message ? counter_value(message->payload) : std::nullopt;
  if (!value) return std::nullopt;
  CounterState state{std::move(*value), std::string(header_value(message->header, kSources))};
  if (!CounterSources::parse(state.sources)) return std::nullopt;
  return state;
}

Ingest::Refusal Ingest::count(Incoming& incoming, const Ahead& ahead) {
  auto state = counter_state(incoming.subject);
  if (!state) return api_error(ApiErrorCode::kMessageCounterBroken);
  if (const auto staged = ahead.counters.find(incoming.subject); staged != ahead.counters.end())
    state->value = staged->second;
  incoming.value = add_integers(state->value, *normal_integer(incoming.fields.increment));
  incoming.made_payload = counter_body(incoming.value);
  if (!state->sources.empty())
    incoming.made_header = with_header(incoming.header, kSources, state->sources);
  return std::nullopt;
}

void Ingest::take_sourced_count(std::string_view subject, std::string_view header,
                                std::string_view payload, const std::string& origin,
                                const std::string& origin_subject, WallTime now) {
  Incoming incoming{subject, header, payload, IngestHeaders::parse(header), {}, {}, {}};
  const auto there = counter_value(payload);
  const auto state = counter_state(subject);
  // What is no counter there is none here.
  if (!there) return;
  if (state) {
    CounterSources sources = *CounterSources::parse(state->sources);
    // Its sum takes the place of the one it sent before: what was missed in between is in it.
    const std::string before = sources.value_of(origin, origin_subject);
    sources.set(origin, origin_subject, *there);
    incoming.made_payload =
        counter_body(add_integers(add_integers(state->value, *there), negative(before)));
    incoming.made_header = with_header(header, kSources, sources.text());
  }
  republish(incoming, store(incoming, now), now);
}

}  // namespace midge::jetstream
