#include "jetstream/stream/source_feed.h"

#include <algorithm>
#include <charconv>

#include "jetstream/ack_subject.h"
#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

constexpr Duration kHeartbeat = seconds(1);
// Without a sign of life the consumer is thought to be gone.
constexpr Duration kSilenceMax = seconds(5);
constexpr Duration kRetryMin = milliseconds(250);
constexpr Duration kRetryMax = seconds(10);
constexpr Duration kAnswerMax = seconds(5);
constexpr Duration kNotWritable = seconds(1);

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == '.') text.remove_prefix(1);
  return true;
}

struct Created {
  std::optional<ApiError> error;
};
template <class Visitor>
void describe(Visitor& v, Created& c) {
  v.unless_empty("error", c.error);
}

struct CreateBody {
  std::string stream;
  ConsumerConfig config;
};
template <class Visitor>
void describe(Visitor& v, CreateBody& b) {
  v.field("stream_name", b.stream).field("config", b.config);
}

}  // namespace

SourceFeed::SourceFeed(Stream& stream, SourceConfig config, bool is_mirror)
    : stream_(stream), config_(std::move(config)), is_mirror_(is_mirror) {
  for (const TransformConfig& transform : config_.transforms) {
    auto compiled = subject::Transform::compile(transform.source, transform.destination,
                                                subject::Transform::Use::kMapping);
    if (compiled) transforms_.push_back(std::move(*compiled));
  }
}

SourceFeed::~SourceFeed() { stop_listening(); }

void SourceFeed::stop_listening() {
  broker::Worker& worker = stream_.shard().worker();
  if (deliveries_) worker.unsubscribe_internal(*deliveries_);
  if (answers_) worker.unsubscribe_internal(*answers_);
  deliveries_.reset();
  answers_.reset();
}

void SourceFeed::start(store::Sequence last) {
  last_ = last;
  ask();
}

// ---- the consumer over there

std::string SourceFeed::request_body() const {
  CreateBody body;
  body.stream = config_.name;
  ConsumerConfig& c = body.config;
  c.deliver_subject = deliver_subject_;
  c.ack_policy = AckPolicy::kNone;
  c.max_deliver = 1;
  c.flow_control = true;
  c.idle_heartbeat = kHeartbeat;
  c.inactive_threshold = seconds(10);
  c.direct = true;
  c.memory_storage = true;
  c.filter_subject = config_.filter_subject;
  if (config_.transforms.size() == 1) {
    c.filter_subject = config_.transforms[0].source;
  } else {
    for (const TransformConfig& transform : config_.transforms)
      c.filter_subjects.push_back(transform.source.empty() ? ">" : transform.source);
  }
  if (last_.value > 0) {
    c.deliver_policy = DeliverPolicy::kByStartSequence;
    c.start_sequence = last_.value + 1;
  } else if (config_.start_sequence > 0) {
    c.deliver_policy = DeliverPolicy::kByStartSequence;
    c.start_sequence = config_.start_sequence;
  } else if (config_.start_time) {
    c.deliver_policy = DeliverPolicy::kByStartTime;
    c.start_time = config_.start_time;
  }
  return codec::write_json_struct(body);
}

void SourceFeed::ask() {
  Shard& shard = stream_.shard();
  stop_listening();
  running_ = false;
  consumer_seq_ = 0;
  const std::string id = shard.new_id();
  const bool elsewhere = config_.external.has_value();
  const std::string prefix =
      elsewhere && !config_.external->deliver.empty() ? config_.external->deliver : "$JS.S";
  deliver_subject_ = prefix + "." + id;
  answer_subject_ = "$JS.SR." + id;
  deliveries_ =
      shard.worker().subscribe_internal(stream_.account(), deliver_subject_, {}, messages_);
  answers_ = shard.worker().subscribe_internal(stream_.account(), answer_subject_, {}, creations_);
  const std::string to =
      (elsewhere && !config_.external->api.empty() ? config_.external->api : "$JS.API") +
      ".CONSUMER.CREATE." + config_.name;
  const std::string body = request_body();
  shard.send_when_durable({{}, stream_.account(), to, answer_subject_, {}, body});
  shard.timers().arm(retry_timer_, shard.now() + kAnswerMax);
}

void SourceFeed::on_created(const broker::Message& answer) {
  Created created;
  if (!codec::read_json_struct(answer.body(), created, false)) return;
  if (created.error) return fail(std::move(*created.error));
  Shard& shard = stream_.shard();
  error_.reset();
  running_ = true;
  retry_ = {};
  heard_ = shard.now();
  shard.timers().cancel(retry_timer_);
  shard.timers().arm(silence_timer_, heard_ + kSilenceMax);
}

void SourceFeed::fail(ApiError error) {
  error_ = std::move(error);
  Shard& shard = stream_.shard();
  retry_ = std::clamp(retry_ * 2, kRetryMin, kRetryMax);
  shard.timers().arm(retry_timer_, shard.now() + retry_);
}

void SourceFeed::start_anew() {
  stream_.shard().timers().cancel(silence_timer_);
  running_ = false;
  retry_ = {};
  stream_.shard().timers().arm(retry_timer_, stream_.shard().now());
}

void SourceFeed::on_retry_timer() { ask(); }

void SourceFeed::on_silence_timer() {
  Shard& shard = stream_.shard();
  if (heard_ + kSilenceMax > shard.now())
    return shard.timers().arm(silence_timer_, heard_ + kSilenceMax);
  start_anew();
}

// ---- what it sends

std::optional<SourceFeed::Delivery> SourceFeed::parse_reply(std::string_view reply) {
  const auto ack = parse_ack_subject(reply);
  if (!ack) return std::nullopt;
  Delivery delivery;
  delivery.consumer = ack->delivery.value;
  delivery.stream = ack->sequence;
  delivery.time = ack->time;
  delivery.pending = ack->pending;
  return delivery;
}

void SourceFeed::on_message(const broker::Message& message) {
  if (!deliveries_) return;
  heard_ = stream_.shard().now();
  const auto delivery = parse_reply(message.reply);
  if (!delivery) return on_status(message);
  if (auto refusal = stream_.write_refusal()) {
    // It is asked for again until it can be written.
    error_ = std::move(*refusal);
    consumer_seq_ = 0;
    if (!retry_timer_.armed())
      stream_.shard().timers().arm(retry_timer_, stream_.shard().now() + kNotWritable);
    return;
  }
  if (delivery->consumer != consumer_seq_ + 1) return start_anew();
  consumer_seq_ = delivery->consumer;
  if (delivery->stream <= last_) return;  // taken before it was started anew
  last_ = delivery->stream;
  lag_ = delivery->pending;
  active_ = stream_.shard().wall();
  take(message, *delivery);
}

void SourceFeed::on_status(const broker::Message& message) {
  // A question is answered when all before it was taken: that is now.
  if (!message.reply.empty()) stream_.shard().send(stream_.account(), message.reply, {}, {});
  const std::string_view header = message.payload.substr(0, message.header_size);
  const std::string_view stalled = header_value(header, "Nats-Consumer-Stalled");
  if (!stalled.empty()) stream_.shard().send(stream_.account(), stalled, {}, {});
  const std::string_view sent = header_value(header, "Nats-Last-Consumer");
  std::uint64_t number = 0;
  if (take_number(const_cast<std::string_view&>(sent), number) && number != consumer_seq_)
    start_anew();
  if (number == consumer_seq_ && number > 0) active_ = stream_.shard().wall();
}

std::optional<std::string> SourceFeed::mapped(std::string_view subject) const {
  if (transforms_.empty()) return std::string(subject);
  for (const subject::Transform& transform : transforms_) {
    if (!transform.accepts(subject)) continue;
    std::string to;
    if (transform.destination().empty()) return std::string(subject);
    transform.apply(subject, stream_.shard().random(), to);
    return to;
  }
  return std::string(subject);
}

void SourceFeed::take(const broker::Message& message, const Delivery& delivery) {
  const auto subject = mapped(message.subject);
  if (!subject) return;
  const std::string_view header = message.payload.substr(0, message.header_size);
  if (is_mirror_) {
    stream_.store().skip_to(delivery.stream);
    stream_.store_message({*subject, header, message.body(), delivery.time});
    return;
  }
  HeaderWriter sourced = HeaderWriter::after(without_header(header, "Nats-Stream-Source"));
  std::string origin = header_start();
  const std::size_t space = origin.find(' ');
  origin.insert(space, " " + std::to_string(delivery.stream.value));
  origin.append(" ").append(message.subject);
  const std::string taken = sourced.field("Nats-Stream-Source", origin).take();
  if (stream_.config().allow_counter)
    return stream_.ingest().take_sourced_count(*subject, taken, message.body(), config_.name,
                                               std::string(message.subject),
                                               stream_.shard().wall());
  stream_.store_message({*subject, taken, message.body(), stream_.shard().wall()});
}

std::string SourceFeed::header_start() const {
  std::string filters = config_.filter_subject, destinations;
  for (const TransformConfig& transform : config_.transforms) {
    if (!filters.empty()) filters += '\f';
    if (!destinations.empty()) destinations += '\f';
    filters += transform.source;
    destinations += transform.destination;
  }
  if (filters.empty()) filters = ">";
  if (destinations.empty()) destinations = ">";
  std::string name = config_.name;
  // Streams of other domains and accounts may have the same name.
  if (config_.external) name += ":" + name_hash(config_.external->api);
  if (config_.consumer) name += ":C=" + name_hash(config_.consumer->name);
  return name + " " + filters + " " + destinations;
}

SourceInfo SourceFeed::info() const {
  SourceInfo info;
  info.name = config_.name;
  if (!is_mirror_) info.filter_subject = config_.filter_subject;
  info.transforms = config_.transforms;
  info.external = config_.external;
  info.lag = lag_;
  if (active_) info.active = stream_.shard().wall() - *active_;
  info.error = error_;
  return info;
}

}  // namespace midge::jetstream
