#include "client/jetstream/stored_message.h"

#include <charconv>
#include <utility>

#include "client/jetstream/json_time.h"
#include "client/message_block.h"
#include "client/patience.h"
#include "codec/base64.h"
#include "codec/rfc3339.h"

namespace midge {

template <class Visitor>
void describe(Visitor& v, BatchOptions& o) {
  v.unless_empty("batch", o.max_messages).unless_empty("max_bytes", o.max_bytes);
  v.unless_empty("seq", o.start_sequence).unless_empty("start_time", o.start_time);
  v.unless_empty("next_by_subj", o.subject).unless_empty("multi_last", o.multi_last);
  v.unless_empty("up_to_seq", o.up_to_sequence).unless_empty("up_to_time", o.up_to_time);
}

namespace detail {

template <class Visitor>
void describe(Visitor& v, ReadTerms& t) {
  v.unless_empty("seq", t.sequence).unless_empty("next_by_subj", t.next_by_subject);
  v.unless_empty("last_by_subj", t.last_by_subject);
}

namespace {

constexpr int kEndOfBatch = 204;
constexpr int kNotFound = 404;

// What the API answers.
struct ApiMessage {
  std::string subject, headers, data;  // the last two in base64
  std::uint64_t sequence = 0;
  Time time{};
};
template <class Visitor>
void describe(Visitor& v, ApiMessage& m) {
  v.field("subject", m.subject).field("seq", m.sequence).field("hdrs", m.headers);
  v.field("data", m.data).field("time", m.time);
}
struct ApiMessageAnswer {
  ApiMessage message;
};
template <class Visitor>
void describe(Visitor& v, ApiMessageAnswer& answer) {
  v.field("message", answer.message);
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Error refusal(const Message& answer) {
  if (answer.status() == kNotFound) return {ErrorCode::kNotFound, "message not found"};
  return Error::of_server(answer.status(), 0, std::string(answer.description()));
}

// The stream's words about a message are in its headers.
Result<StoredMessage> read_direct_answer(Message answer) {
  if (answer.status() != 0) return refusal(answer);
  StoredMessage stored;
  stored.subject = answer.header("Nats-Subject").value_or("");
  stored.sequence = number_of(answer.header("Nats-Sequence").value_or(""));
  stored.pending = number_of(answer.header("Nats-Num-Pending").value_or(""));
  const auto time = codec::parse_rfc3339(answer.header("Nats-Time-Stamp").value_or(""));
  if (stored.subject.empty() || stored.sequence == 0 || !time)
    return Error("the answer is not a stream's");
  stored.time = time_of(*time);
  stored.message = std::move(answer);
  return stored;
}

std::string direct_subject(JetStreamContext& context, std::string_view stream) {
  return context.subject("DIRECT.GET." + std::string(stream));
}

}  // namespace

Result<StoredMessage> read_directly(JetStreamContext& context, std::string_view stream,
                                    const ReadTerms& terms, const Deadline& deadline) {
  std::string subject = direct_subject(context, stream), body;
  if (!terms.last_by_subject.empty())
    subject += "." + terms.last_by_subject;
  else
    body = codec::write_json_struct(terms);
  ASSIGN_OR_RETURN(Message answer, context.client().request(subject, body, deadline));
  return read_direct_answer(std::move(answer));
}

Result<StoredMessage> read_by_api(JetStreamContext& context, std::string_view stream,
                                  const ReadTerms& terms, const Deadline& deadline) {
  auto read = context.ask_for<ApiMessageAnswer>("STREAM.MSG.GET." + std::string(stream),
                                                codec::write_json_struct(terms), deadline);
  if (!read) {
    if (read.error().status() == kNotFound && read.error().err_code() == 10037)
      return failure("message not found", ErrorCode::kNotFound);
    return std::move(read).error();
  }
  ApiMessage& told = read->message;
  const auto headers = codec::decode_base64(codec::Base64::kStd, told.headers);
  const auto data = codec::decode_base64(codec::Base64::kStd, told.data);
  if (!headers || !data) return failure("the answer's message is no base64");
  StoredMessage stored;
  stored.message = MessageBlock::handle(MessageBlock::copy_of(
      {.subject = told.subject, .reply = {}, .headers = *headers, .data = *data}));
  stored.subject = std::move(told.subject);
  stored.sequence = told.sequence;
  stored.time = told.time;
  return stored;
}

Result<std::vector<StoredMessage>> read_batch(JetStreamContext& context, std::string_view stream,
                                              const BatchOptions& options,
                                              const Deadline& deadline) {
  ManyOptions many;
  std::optional<Error> refused;
  many.is_last = [&](const Message& answer) {
    if (answer.status() == 0) return false;
    if (answer.status() != kEndOfBatch) refused = refusal(answer);
    return true;
  };
  const MonoTime end = io::Monitor::now() + duration_of(deadline.timeout);
  ASSIGN_OR_RETURN(auto answers, context.client().request_many(direct_subject(context, stream),
                                                               codec::write_json_struct(options),
                                                               std::move(many), deadline));
  if (refused) return *std::move(refused);
  if (io::Monitor::now() >= end) return failure("timeout", ErrorCode::kTimeout);
  std::vector<StoredMessage> all;
  for (Message& answer : answers) {
    ASSIGN_OR_RETURN(StoredMessage stored, read_direct_answer(std::move(answer)));
    all.push_back(std::move(stored));
  }
  return all;
}

}  // namespace detail
}  // namespace midge
