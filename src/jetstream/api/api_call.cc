#include "jetstream/api/api_call.h"

#include "jetstream/advisory.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

}  // namespace

bool ApiCall::has_empty_body() const {
  const std::size_t begin = body.find_first_not_of(kSpaces);
  if (begin == std::string::npos) return true;
  const std::size_t next = body.find_first_not_of(kSpaces, begin + 1);
  return body[begin] == '{' && next != std::string::npos && body[next] == '}' &&
         body.find_first_not_of(kSpaces, next + 1) == std::string::npos;
}

bool ApiCall::has_object() const {
  const std::size_t begin = body.find_first_not_of(kSpaces);
  return begin != std::string::npos && (body[begin] == '{' || body[begin] == '[');
}

void ApiCall::count_error(Shard& shard) const {
  ++shard.jetstream().counters().api_errors;
  if (usage) ++usage->api_errors;
}

void ApiCall::missing(const std::map<std::string, std::string>& offline) {
  if (offline.empty()) return;
  std::vector<std::string> names;
  for (const auto& [name, why] : offline) names.push_back(name);
  field("missing", names).field("offline", offline);
}

std::string ApiCall::answer_text() const {
  codec::JsonWriter whole = json;
  return whole.end_object().take();
}

std::string ApiCall::error_text(const ApiError& error) const {
  codec::JsonWriter answer;
  answer.begin_object().field("type", type).key("error");
  codec::JsonStructWriter(answer).write(error);
  return answer.take().append(error_fields).append("}");
}

ApiError ApiCall::invalid_json(const Error& error) {
  // nats-server reads requests as streams, which end in their own words.
  const bool ends = error.text() == "unexpected end of JSON input";
  return api_error(ApiErrorCode::kInvalidJSON, {ends ? "unexpected EOF" : error.text()});
}

void ApiCall::answer_from(Shard& shard) {
  const std::string text = answer_text();
  if (is_audited) advise_api(shard, *this, text);
  send_from(shard, text, !changes_nothing);
}

void ApiCall::fail_from(Shard& shard, const ApiError& error) {
  count_error(shard);
  const std::string text = error_text(error);
  advise_api(shard, *this, text);
  send_from(shard, text, false);
}

void ApiCall::send_from(Shard& shard, const std::string& text, bool waits) const {
  if (reply.empty()) return;  // done all the same
  EffectView effect{{}, account, reply, {}, answer_header, text};
  const store::Journal* journal = shard.journal();
  if (journal != nullptr && (waits || journal->is_writable())) effect.after = journal->appended();
  shard.send_when_durable(effect);
}

}  // namespace midge::jetstream
