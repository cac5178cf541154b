#include "codec/base64.h"
#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

struct GetRequest {
  std::uint64_t sequence = 0;
  std::string last_by_subject, next_by_subject;
  std::optional<WallTime> start_time;
  bool no_header = false;
};
template <class Visitor>
void describe(Visitor& v, GetRequest& r) {
  v.unless_empty("seq", r.sequence).unless_empty("last_by_subj", r.last_by_subject);
  v.unless_empty("next_by_subj", r.next_by_subject).unless_empty("start_time", r.start_time);
  v.unless_empty("no_hdr", r.no_header);
}

struct DeleteRequest {
  std::uint64_t sequence = 0;
  bool no_erase = false;
};
template <class Visitor>
void describe(Visitor& v, DeleteRequest& r) {
  v.field("seq", r.sequence).unless_empty("no_erase", r.no_erase);
}

struct MessageInfo {
  std::string subject;
  std::uint64_t sequence = 0;
  std::string header, data;  // base64
  WallTime time = kNoTime;
};
template <class Visitor>
void describe(Visitor& v, MessageInfo& m) {
  v.field("subject", m.subject).field("seq", m.sequence).unless_empty("hdrs", m.header);
  v.unless_empty("data", m.data).field("time", m.time);
}

// The sequence asked for; zero: there is none.
store::Sequence wanted(Stream& stream, const GetRequest& request) {
  if (!request.last_by_subject.empty()) return stream.last_matching(request.last_by_subject);
  store::Sequence from{request.sequence};
  if (request.start_time) from = stream.store().first_at(*request.start_time);
  if (request.next_by_subject.empty() && !request.start_time) return from;
  return stream.next_matching(request.next_by_subject, from);
}

// Why a message that is not there can not be deleted, in nats-server's three ways.
ApiError absent(const Stream& stream, store::Sequence sequence) {
  const store::StreamFigures& figures = stream.store().figures();
  if (stream.config().storage == Storage::kFile && sequence > figures.last)
    return api_error(kStreamMsgDeleteFailed, {"stream store EOF"});
  if (stream.config().storage == Storage::kFile && sequence < figures.first)
    return api_error(kStreamMsgDeleteFailed, {"no message found"});
  return api_error(kSequenceNotFound, {std::to_string(sequence.value)});
}

}  // namespace

void handle_message_get(Api& api, ApiCall call) {
  GetRequest request;
  if (call.body.empty()) return api.answer(call, api_error(kBadRequest));
  if (auto read = call.read(request, api.jetstream().settings().limits.strict, false); !read)
    return api.answer(call, read.error());
  if ((request.sequence > 0 && !request.last_by_subject.empty()) ||
      (request.sequence == 0 && request.last_by_subject.empty() &&
       request.next_by_subject.empty() && !request.start_time))
    return api.answer(call, api_error(kBadRequest));
  const std::string name = call.names[0];
  api.with_stream(std::move(call), name, [request](Stream& stream, ApiCall& there) {
    const store::Sequence sequence = wanted(stream, request);
    // It may be newer than what is durable: the answer waits for that.
    const auto message =
        sequence.value == 0 ? failure("", ErrorCode::kNotFound) : stream.store().load(sequence);
    if (!message) return there.fail_from(stream.shard(), api_error(kNoMessageFound));
    MessageInfo info{
        std::string(message->subject), message->sequence.value,
        request.no_header ? "" : codec::encode_base64(codec::Base64::kStd, message->header),
        codec::encode_base64(codec::Base64::kStd, message->payload), message->time};
    there.field("message", info);
    there.changes_nothing = sequence <= stream.visible_last();
    there.is_audited = false;  // as reading by any other way
    there.answer_from(stream.shard());
  });
}

void handle_message_delete(Api& api, ApiCall call) {
  DeleteRequest request;
  if (call.body.empty()) return api.answer(call, api_error(kBadRequest));
  if (auto read = call.read(request, api.jetstream().settings().limits.strict, false); !read)
    return api.answer(call, read.error());
  if (request.sequence == 0) return api.answer(call, api_error(kBadRequest));
  const std::string name = call.names[0];
  api.with_stream(std::move(call), name, [request](Stream& stream, ApiCall& there) {
    if (stream.config().sealed) return there.fail_from(stream.shard(), api_error(kStreamSealed));
    if (stream.config().deny_delete)
      return there.fail_from(stream.shard(),
                             api_error(kStreamMsgDeleteFailed, {"message delete not permitted"}));
    const store::Sequence sequence{request.sequence};
    if (!stream.remove(sequence, !request.no_erase))
      return there.fail_from(stream.shard(), absent(stream, sequence));
    there.field("success", true);
    there.answer_from(stream.shard());
  });
}

}  // namespace midge::jetstream
