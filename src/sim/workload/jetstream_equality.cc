#include "sim/workload/jetstream_equality.h"

#include <algorithm>

#include "sim/workload/api_text.h"
#include "sim/workload/equality_terms.h"

namespace midge::sim {
namespace {

constexpr Duration kPatience = seconds(30);
// What is under way arrives within it.
constexpr Duration kCalm = seconds(1);
// Unless a loop or the disk stalls.
constexpr Duration kStall = seconds(12);
constexpr std::size_t kHistory = 80;
const std::string kApi = "$JS.API.";

}  // namespace

JetStreamEquality::JetStreamEquality(SimEnv& env, Connect connect, ModelWorld& world)
    : env_(env),
      random_(env.fork_random()),
      world_(world),
      client_(std::make_unique<SimClient>(env, connect())) {
  client_->send(
      "CONNECT {\"verbose\":false,\"headers\":true,\"protocol\":1,\"no_responders\":true}\r\n");
  client_->subscribe("_INBOX.m.>", "", 1);
}

JetStreamEquality::~JetStreamEquality() = default;

std::string JetStreamEquality::history() const {
  std::string all;
  for (const std::string& each : history_) all += "    " + each + "\n";
  return all;
}

void JetStreamEquality::note(std::string text) {
  history_.push_back("phase " + std::to_string(world_.phase) + ": " + std::move(text));
  if (history_.size() > kHistory) history_.erase(history_.begin());
}

// ---- a life, a phase

Result<void> JetStreamEquality::setup() {
  is_first_life_ = world_.phase == 0;
  std::erase_if(world_.streams, [](const auto& each) { return each.second.terms().memory; });
  for (auto& [name, stream] : world_.streams) {
    stream.restart(world_.phase - 1);
    for (auto& [consumer, model] : stream.consumers()) listen(name, model);
  }
  phase_begin_ = MonoTime{} + seconds(1000) + kPhase * (world_.phase + 1);
  pass_until({});
  return compare();
}

Result<void> JetStreamEquality::step() {
  phase_begin_ = MonoTime{} + seconds(1000) + kPhase * (world_.phase + 1);
  pass_until({});
  TRY(bind_all(true));
  for (auto left = 2 + random_.below(20); left > 0 && env_.now() < phase_begin_ + kBusy; --left)
    TRY(do_something());
  TRY(make_certain());
  TRY(bind_all(false));
  TRY(compare());
  if (env_.now() > phase_begin_ + kRequests) return failure("the phase was too short");

  pass_until(kRequests + kSpan);
  TRY(for_all_consumers([](ModelStream&, ModelConsumer& consumer) -> Result<void> {
    consumer.end_requests();
    return {};
  }));
  pass_until(kAges + kSpan);
  for (auto& [name, stream] : world_.streams) stream.expire(world_.phase);
  pass_until(kDue + kSpan);
  const int phase = world_.phase;
  TRY(for_all_consumers([phase](ModelStream&, ModelConsumer& consumer) -> Result<void> {
    consumer.fall_due(phase);
    return {};
  }));
  pass_until(kPause + kSpan);
  TRY(for_all_consumers([phase](ModelStream&, ModelConsumer& consumer) -> Result<void> {
    consumer.end_pause(phase);
    return {};
  }));
  pass_until(kIds + kSpan);
  TRY(drain());
  TRY(compare());
  ++world_.phase;
  return {};
}

Result<void> JetStreamEquality::check() { return take_all(); }

void JetStreamEquality::pass_until(Duration into_phase) {
  const MonoTime until = phase_begin_ + into_phase;
  if (until > env_.now()) env_.run_for(until - env_.now());
}

Result<void> JetStreamEquality::for_all_consumers(
    const std::function<Result<void>(ModelStream&, ModelConsumer&)>& work) {
  for (auto& [name, stream] : world_.streams)
    for (auto& [consumer, model] : stream.consumers()) TRY(work(stream, model));
  return {};
}

// ---- talking

int JetStreamEquality::Answer::error() const {
  return static_cast<int>(field(behind(payload, "error"), "err_code"));
}

std::string JetStreamEquality::new_inbox() { return "_INBOX.m." + std::to_string(next_inbox_++); }

Result<JetStreamEquality::Answer> JetStreamEquality::ask(const std::string& subject,
                                                         const std::string& body) {
  const std::string inbox = new_inbox();
  client_->publish(subject, inbox, body);
  ASSIGN_OR_RETURN(const auto answers, await({inbox}));
  note(subject + " " + body + (answers[0].error() > 0 ? " → " + answers[0].payload : ""));
  return answers[0];
}

Result<JetStreamEquality::Answer> JetStreamEquality::demand(const std::string& subject,
                                                            const std::string& body) {
  ASSIGN_OR_RETURN(const Answer answer, ask(subject, body));
  if (answer.error() > 0) return failure(subject + " " + body + ": " + answer.payload);
  return answer;
}

Result<std::vector<JetStreamEquality::Answer>> JetStreamEquality::await(
    const std::vector<std::string>& inboxes) {
  Result<void> taken;
  const bool came = env_.run_until(
      [&] {
        taken = take_all();
        return !taken || std::ranges::all_of(inboxes, [&](const std::string& inbox) {
          return answers_.contains(inbox);
        });
      },
      kPatience);
  TRY(taken);
  if (!came) return failure("no answer; the client was told: " + client_->last_error());
  std::vector<Answer> answers;
  for (const std::string& inbox : inboxes) {
    answers.push_back(std::move(answers_[inbox]));
    answers_.erase(inbox);
  }
  return answers;
}

Result<void> JetStreamEquality::take_all() {
  if (!client_->garbage().empty()) return failure("not the protocol: " + client_->garbage());
  for (const Received& message : client_->take_received()) TRY(take(message));
  return {};
}

Result<void> JetStreamEquality::take(const Received& message) {
  if (message.sid == 1) {
    answers_[message.subject] = {message.headers, message.payload};
    return {};
  }
  const auto inbox = consumers_.find(message.sid);
  if (inbox == consumers_.end()) return {};
  if (!message.reply.starts_with("$JS.ACK.")) {
    statuses_[message.sid].insert(message.headers.substr(9, 3));  // behind NATS/1.0
    return {};
  }
  const auto stream = world_.streams.find(inbox->second.stream);
  if (stream == world_.streams.end()) return {};
  const auto consumer = stream->second.consumers().find(inbox->second.consumer);
  if (consumer == stream->second.consumers().end()) return {};
  const std::vector<std::string> parts = tokens(message.reply);
  const auto number = [&](std::size_t i) { return std::stoull(parts.at(i)); };
  note("delivered " + message.reply);
  return consumer->second.accept(
      {message.subject, message.payload, message.reply, number(4), number(5), number(6), number(8)},
      world_.phase);
}

Result<void> JetStreamEquality::drain() {
  env_.run_for(kCalm);
  TRY(take_all());
  if (is_settled()) return {};
  env_.run_for(kStall);
  TRY(take_all());
  return is_settled();
}

Result<void> JetStreamEquality::is_settled() {
  return for_all_consumers([this](ModelStream& stream, ModelConsumer& consumer) -> Result<void> {
    TRY(consumer.settle());
    auto& came = statuses_[sids_[stream.terms().name + "." + consumer.terms().name]];
    if (came == consumer.statuses) {
      came.clear();
      consumer.statuses.clear();
      return {};
    }
    std::string text = consumer.terms().name + ": statuses came:";
    for (const std::string& each : came) text += " " + each;
    text += "; the model has:";
    for (const std::string& each : consumer.statuses) text += " " + each;
    return failure(text);
  });
}

void JetStreamEquality::listen(const std::string& stream, ModelConsumer& consumer) {
  const std::string& name = consumer.terms().name;
  const int sid = next_sid_++;
  sids_[stream + "." + name] = sid;
  consumers_[sid] = {stream, name};
  if (!consumer.terms().push) client_->subscribe("_INBOX.p." + name + ".>", "", sid);
}

Result<void> JetStreamEquality::bind_all(bool bound) {
  return for_all_consumers([&](ModelStream& stream, ModelConsumer& consumer) -> Result<void> {
    const std::string& name = consumer.terms().name;
    if (!consumer.terms().push) return {};
    const int sid = sids_[stream.terms().name + "." + name];
    if (bound)
      client_->subscribe("deliver." + name, "", sid);
    else
      client_->unsubscribe(sid, 0);
    if (bound) consumer.bind(true);
    TRY(drain());
    consumer.bind(bound);
    return {};
  });
}

Result<void> JetStreamEquality::make_certain() {
  return for_all_consumers([this](ModelStream& stream, ModelConsumer& consumer) -> Result<void> {
    if (!consumer.is_vague() || consumer.is_paused() || consumer.terms().push) return {};
    consumer.request({.left = 1000, .no_wait = false, .expires = true});
    client_->publish(
        kApi + "CONSUMER.MSG.NEXT." + stream.terms().name + "." + consumer.terms().name,
        "_INBOX.p." + consumer.terms().name + ".r", pull_body(1000, false, true));
    note("pull 1000 by " + consumer.terms().name);
    return drain();
  });
}

// ---- comparing

Result<void> JetStreamEquality::compare() {
  for (auto& [name, stream] : world_.streams) {
    TRY(compare_stream(stream));
    TRY(compare_messages(stream));
    for (auto& [consumer, model] : stream.consumers()) TRY(compare_consumer(stream, model));
  }
  return {};
}

namespace {

// What differs, by name.
class Difference {
 public:
  explicit Difference(std::string of) : of_(std::move(of)) {}
  void check(const char* what, std::uint64_t is, std::uint64_t model) {
    if (is == model) return;
    text_ += std::string(" ") + what + " is " + std::to_string(is) + ", the model has " +
             std::to_string(model) + ";";
  }
  [[nodiscard]] Result<void> result() const {
    if (text_.empty()) return {};
    return failure(of_ + ":" + text_);
  }

 private:
  std::string of_, text_;
};

}  // namespace

Result<void> JetStreamEquality::compare_stream(ModelStream& stream) {
  if (figures_are_equal(stream)) return {};
  env_.run_for(kStall);
  return figures_are_equal(stream);
}

Result<void> JetStreamEquality::figures_are_equal(ModelStream& stream) {
  const std::string& name = stream.terms().name;
  ASSIGN_OR_RETURN(const Answer info, demand(kApi + "STREAM.INFO." + name, ""));
  const std::string_view state = behind(info.payload, "state");
  Difference difference(name);
  difference.check("messages", field(state, "messages"), stream.messages().size());
  difference.check("bytes", field(state, "bytes"), stream.bytes());
  difference.check("first_seq", field(state, "first_seq"), stream.first());
  difference.check("last_seq", field(state, "last_seq"), stream.last());
  difference.check("num_subjects", field(state, "num_subjects"), stream.subjects());
  difference.check(
      "num_deleted", field(state, "num_deleted"),
      stream.last() == 0 ? 0 : stream.last() + 1 - stream.first() - stream.messages().size());
  difference.check("consumer_count", field(state, "consumer_count"), stream.consumers().size());
  return difference.result();
}

Result<void> JetStreamEquality::compare_messages(ModelStream& stream) {
  const std::string& name = stream.terms().name;
  auto expected = stream.messages().begin();
  std::string inbox;
  for (; expected != stream.messages().end(); ++expected) {
    ASSIGN_OR_RETURN(const Answer answer, ask(kApi + "DIRECT.GET." + name,
                                              "{\"seq\":" + std::to_string(expected->first) + "}"));
    history_.pop_back();
    if (answer.payload != expected->second.body)
      return failure(name + ": sequence " + std::to_string(expected->first) + " is " +
                     answer.headers + answer.payload + ", the model has " + expected->second.body);
    if (answer.headers.find("Nats-Subject: " + expected->second.subject + "\r\n") ==
        std::string::npos)
      return failure(name + ": sequence " + std::to_string(expected->first) + " of " +
                     expected->second.subject + ": " + answer.headers);
  }
  return {};
}

Result<void> JetStreamEquality::compare_consumer(ModelStream& stream, ModelConsumer& consumer) {
  const std::string name = stream.terms().name + "." + consumer.terms().name;
  ASSIGN_OR_RETURN(const Answer info, demand(kApi + "CONSUMER.INFO." + name, ""));
  const std::string_view state = behind(info.payload, "delivered");
  const std::string_view floor = behind(state, "ack_floor");
  Difference difference(name);
  difference.check("delivered.consumer_seq", field(state, "consumer_seq"),
                   consumer.delivered().consumer);
  difference.check("delivered.stream_seq", field(state, "stream_seq"), consumer.delivered().stream);
  difference.check("num_pending", field(state, "num_pending"), consumer.pending_count());
  difference.check("num_waiting", field(state, "num_waiting"), consumer.waiting());
  if (!consumer.is_vague()) {
    difference.check("num_ack_pending", field(state, "num_ack_pending"), consumer.ack_pending());
    difference.check("num_redelivered", field(state, "num_redelivered"), consumer.redelivered());
    // That a message was lost to its stream is found again by a restart, and then the floor rises
    // to what was delivered meanwhile.
    if (is_first_life_) {
      difference.check("ack_floor.consumer_seq", field(floor, "consumer_seq"),
                       consumer.floor().consumer);
      difference.check("ack_floor.stream_seq", field(floor, "stream_seq"), consumer.floor().stream);
    }
    const std::vector<std::uint64_t> awaited = consumer.answerable();
    const std::uint64_t most = awaited.empty() ? consumer.delivered().stream : awaited[0] - 1;
    if (field(floor, "stream_seq") > most)
      return failure(name + ": the floor is above " + std::to_string(most));
  }
  return difference.result();
}

}  // namespace midge::sim
