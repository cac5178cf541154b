#include "jetstream/advisory.h"

#include <charconv>

#include "broker/call_mail.h"
#include "codec/json_writer.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kAdvisories = "$JS.EVENT.ADVISORY.";
constexpr std::string_view kMetrics = "$JS.EVENT.METRIC.";

struct Event {
  AccountId account;
  std::string subject;
  std::string_view type;  // a literal
};

// Where it belongs to a stream, or a consumer of one.
Event stream_event(Stream& stream, std::string_view what, std::string_view type) {
  return {stream.account(),
          std::string(kAdvisories).append("STREAM.").append(what) + "." + stream.name(), type};
}

Event consumer_event(Consumer& consumer, std::string_view what, std::string_view type,
                     std::string_view prefix = kAdvisories) {
  Stream& stream = consumer.stream();
  return {stream.account(),
          std::string(prefix).append("CONSUMER.").append(what) + "." + stream.name() + "." +
              consumer.name(),
          type};
}

void write_domain(codec::JsonWriter& json, Shard& shard) {
  json.field_unless_empty("domain", shard.jetstream().domain());
}

void write_client(codec::JsonWriter& json, std::string_view account) {
  json.key("client").begin_object().field("acc", account).end_object();
}

// `write` adds the fields behind those that all events have; what it needs it holds itself.
template <class Write>
void tell(Shard& shard, Event event, Write write) {
  shard.later([&shard, event = std::move(event), write = std::move(write)] {
    if (!shard.worker().has_interest(event.account, event.subject)) return;
    codec::JsonWriter json;
    json.begin_object().field("type", "io.nats.jetstream." + std::string(event.type));
    json.field("id", shard.new_id()).field("timestamp", shard.wall());
    write(json);
    json.end_object();
    const std::string text = json.take();
    EffectView effect{{}, event.account, event.subject, {}, {}, text};
    if (shard.journal() != nullptr) effect.after = shard.journal()->appended();
    shard.send_when_durable(effect);
  });
}

// To the system account, about this server. The disk is what it does not wait for.
template <class Write>
void tell_system(Shard& shard, std::string_view what, std::string_view type, Write write) {
  shard.later([&shard, what, type, write = std::move(write)] {
    const std::string subject = std::string(kAdvisories).append(what);
    if (!shard.worker().has_interest(broker::kSystemAccount, subject)) return;
    codec::JsonWriter json;
    json.begin_object().field("type", "io.nats.jetstream.advisory.v1." + std::string(type));
    json.field("id", shard.new_id()).field("timestamp", shard.wall());
    json.field("server", shard.jetstream().settings().server_name);
    write(json);
    shard.send(broker::kSystemAccount, subject, {}, json.end_object().take());
  });
}

struct Names {
  explicit Names(Consumer& consumer)
      : stream(consumer.stream().name()),
        consumer(consumer.name()),
        account(consumer.stream().account_name()) {}
  std::string stream, consumer, account;

  void write(codec::JsonWriter& json) const {
    json.field("stream", stream).field("consumer", consumer);
  }
};

std::string_view verb(Action action) {
  switch (action) {
    case Action::kCreated:
      return "create";
    case Action::kUpdated:
      return "modify";
    case Action::kDeleted:
      break;
  }
  return "delete";
}

std::string_view subject_token(Action action) {
  switch (action) {
    case Action::kCreated:
      return "CREATED";
    case Action::kUpdated:
      return "UPDATED";
    case Action::kDeleted:
      break;
  }
  return "DELETED";
}

// Which message it was, and which of its deliveries.
struct Delivery {
  std::uint64_t consumer_sequence, stream_sequence;
  std::uint32_t count;
};

Delivery delivery_of(const PendingMessage& message, ConsumerSequence delivery) {
  return {delivery.value, message.stream.value, message.deliveries};
}

// `30` or `30%`: of so many percent.
bool is_sampled(Consumer& consumer) {
  const std::string& frequency = consumer.config().sample_frequency;
  if (frequency.empty()) return false;
  std::uint64_t percent = 0;
  (void)std::from_chars(frequency.data(), frequency.data() + frequency.size(), percent);
  if (percent >= 100) return true;
  return percent > 0 && (consumer.stream().shard().random() >> 16) % 100 < percent;
}

void advise_message(Consumer& consumer, std::string_view what, std::string_view type,
                    const Delivery& delivery, std::string_view reason) {
  Shard& shard = consumer.stream().shard();
  tell(shard, consumer_event(consumer, what, type),
       [&shard, names = Names(consumer), delivery, reason = std::string(reason)](auto& json) {
         names.write(json);
         json.field("consumer_seq", delivery.consumer_sequence);
         json.field("stream_seq", delivery.stream_sequence).field("deliveries", delivery.count);
         json.field_unless_empty("reason", reason);
         write_domain(json, shard);
       });
}

// A call of the API and its answer.
struct Audit {
  Event event;
  std::string account, subject, request, answer;
};

// `client`: who asked, as JSON; "" = it is gone.
void tell_audit(Shard& shard, const Audit& audit, const std::string& client) {
  tell(shard, audit.event, [&shard, audit, client](auto& json) {
    json.field("server", shard.jetstream().settings().server_name);
    if (client.empty())
      write_client(json, audit.account);
    else
      json.key("client").raw(client);
    json.field("subject", audit.subject).field_unless_empty("request", audit.request);
    json.field("response", audit.answer);
    write_domain(json, shard);
  });
}

}  // namespace

void advise(Stream& stream, Action action) {
  Shard& shard = stream.shard();
  tell(shard, stream_event(stream, subject_token(action), "advisory.v1.stream_action"),
       [&shard, name = stream.name(), action](auto& json) {
         json.field("stream", name).field("action", verb(action));
         write_domain(json, shard);
       });
}

void advise(Consumer& consumer, Action action) {
  if (consumer.config().direct) return;
  Shard& shard = consumer.stream().shard();
  tell(shard, consumer_event(consumer, subject_token(action), "advisory.v1.consumer_action"),
       [&shard, names = Names(consumer), action](auto& json) {
         names.write(json);
         json.field("action", verb(action));
         write_domain(json, shard);
       });
}

void advise_pause(Consumer& consumer) {
  Shard& shard = consumer.stream().shard();
  tell(shard, consumer_event(consumer, "PAUSE", "advisory.v1.consumer_pause"),
       [&shard, names = Names(consumer), paused = consumer.is_paused(),
        until = consumer.config().pause_until.value_or(kNoTime)](auto& json) {
         names.write(json);
         json.field("paused", paused).key("pause_until");
         codec::JsonStructWriter(json).write(until);
         write_domain(json, shard);
       });
}

void advise_pinned(Consumer& consumer, std::string_view group, std::string_view pin_id) {
  Shard& shard = consumer.stream().shard();
  tell(shard, consumer_event(consumer, "PINNED", "advisory.v1.consumer_group_pinned"),
       [&shard, names = Names(consumer), group = std::string(group),
        pin_id = std::string(pin_id)](auto& json) {
         json.field("account", names.account);
         names.write(json);
         write_domain(json, shard);
         json.field("group", group).field("pinned_id", pin_id);
       });
}

void advise_unpinned(Consumer& consumer, std::string_view group, std::string_view reason) {
  Shard& shard = consumer.stream().shard();
  tell(shard, consumer_event(consumer, "UNPINNED", "advisory.v1.consumer_group_unpinned"),
       [&shard, names = Names(consumer), group = std::string(group),
        reason = std::string(reason)](auto& json) {
         json.field("account", names.account);
         names.write(json);
         write_domain(json, shard);
         json.field("group", group).field("reason", reason);
       });
}

void advise_naked(Consumer& consumer, const PendingMessage& message, ConsumerSequence delivery) {
  advise_message(consumer, "MSG_NAKED", "advisory.v1.nak", delivery_of(message, delivery), "");
}

void advise_terminated(Consumer& consumer, const PendingMessage& message, ConsumerSequence delivery,
                       std::string_view reason) {
  advise_message(consumer, "MSG_TERMINATED", "advisory.v1.terminated",
                 delivery_of(message, delivery), reason);
}

void advise_max_deliver(Consumer& consumer, const PendingMessage& message) {
  Shard& shard = consumer.stream().shard();
  tell(shard, consumer_event(consumer, "MAX_DELIVERIES", "advisory.v1.max_deliver"),
       [&shard, names = Names(consumer), sequence = message.stream.value,
        deliveries = message.deliveries](auto& json) {
         names.write(json);
         json.field("stream_seq", sequence).field("deliveries", deliveries);
         write_domain(json, shard);
       });
}

void advise_acked(Consumer& consumer, const PendingMessage& message, ConsumerSequence delivery) {
  if (!is_sampled(consumer)) return;
  Shard& shard = consumer.stream().shard();
  const Duration taken = shard.clock().steady() - message.delivered;
  tell(shard, consumer_event(consumer, "ACK", "metric.v1.consumer_ack", kMetrics),
       [&shard, names = Names(consumer), of = delivery_of(message, delivery), taken](auto& json) {
         names.write(json);
         json.field("consumer_seq", of.consumer_sequence).field("stream_seq", of.stream_sequence);
         json.field("ack_time", taken.ns).field("deliveries", of.count);
         write_domain(json, shard);
       });
}

void advise_out_of_storage(Shard& shard) {
  tell_system(shard, "SERVER.OUT_OF_STORAGE", "server_out_of_space", [&shard](auto& json) {
    json.field("server_id", shard.jetstream().settings().server_id).field("cluster", "");
    write_domain(json, shard);
  });
}

void advise_api_limit(Shard& shard, std::size_t dropped) {
  tell_system(shard, "API.LIMIT_REACHED", "api_limit_reached", [&shard, dropped](auto& json) {
    write_domain(json, shard);
    json.field("dropped", dropped);
  });
}

void advise_snapshot_created(Stream& stream, const StreamState& state) {
  Shard& shard = stream.shard();
  tell(shard, stream_event(stream, "SNAPSHOT_CREATE", "advisory.v1.snapshot_create"),
       [&shard, name = stream.name(), account = stream.account_name(), state](auto& json) {
         json.field("stream", name).key("state");
         codec::JsonStructWriter(json).write(state);
         write_client(json, account);
         write_domain(json, shard);
       });
}

void advise_snapshot_completed(Stream& stream, WallTime start, WallTime end,
                               std::string_view error) {
  Shard& shard = stream.shard();
  tell(shard, stream_event(stream, "SNAPSHOT_COMPLETE", "advisory.v1.snapshot_complete"),
       [&shard, name = stream.name(), account = stream.account_name(), start, end,
        error = std::string(error)](auto& json) {
         json.field("stream", name).field("start", start).field("end", end);
         write_client(json, account);
         write_domain(json, shard);
         json.field_unless_empty("error", error);
       });
}

void advise_restore_created(Shard& shard, AccountId account, std::string_view account_name,
                            std::string_view stream) {
  tell(shard,
       {account, std::string(kAdvisories).append("STREAM.RESTORE_CREATE.").append(stream),
        "advisory.v1.restore_create"},
       [&shard, name = std::string(stream), account = std::string(account_name)](auto& json) {
         json.field("stream", name);
         write_client(json, account);
         write_domain(json, shard);
       });
}

void advise_restore_completed(Shard& shard, AccountId account, std::string_view account_name,
                              std::string_view stream, WallTime start, std::uint64_t bytes) {
  tell(shard,
       {account, std::string(kAdvisories).append("STREAM.RESTORE_COMPLETE.").append(stream),
        "advisory.v1.restore_complete"},
       [&shard, name = std::string(stream), account = std::string(account_name), start,
        end = shard.wall(), bytes](auto& json) {
         json.field("stream", name).field("start", start).field("end", end).field("bytes", bytes);
         write_client(json, account);
         write_domain(json, shard);
       });
}

void advise_api(Shard& shard, const ApiCall& call, std::string_view answer) {
  // Both texts may be long: no copies for nobody. The API is never called while routing.
  const Event event{call.account, std::string(kAdvisories) + "API", "advisory.v1.api_audit"};
  if (!shard.worker().has_interest(event.account, event.subject)) return;
  auto audit = std::make_shared<Audit>(
      Audit{event, call.account_name, call.subject, call.body, std::string(answer)});
  // Who asked is known on the loop it is on.
  broker::Worker& theirs = shard.jetstream().shard(call.asker.loop).worker();
  theirs.loop().post(broker::call_worker([&shard, audit, cid = call.asker.cid](broker::Worker& w) {
    std::string client = w.client_json(cid);
    shard.worker().loop().post(
        broker::call_worker([&shard, audit, client = std::move(client)](broker::Worker&) {
          tell_audit(shard, *audit, client);
        }));
  }));
}

}  // namespace midge::jetstream
