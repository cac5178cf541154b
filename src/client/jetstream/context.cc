#include "client/jetstream/context.h"

#include <utility>

#include "client/patience.h"

namespace midge::detail {
namespace {

struct ApiError {
  int code = 0, err_code = 0;
  std::string description;
};
template <class Visitor>
void describe(Visitor& v, ApiError& e) {
  v.field("code", e.code).field("err_code", e.err_code).field("description", e.description);
}

JetStreamOptions with_prefix(JetStreamOptions options) {
  if (!options.domain.empty()) options.prefix = "$JS." + options.domain + ".API";
  while (options.prefix.ends_with('.')) options.prefix.pop_back();
  return options;
}

}  // namespace

Result<codec::JsonValue> read_api_answer(std::string_view json) {
  ASSIGN_OR_RETURN(codec::JsonValue answer, codec::read_json_tree(json));
  if (const codec::JsonValue* const told = answer.find("error")) {
    ApiError error;
    TRY(codec::read_json_struct(*told, error, false));
    return Error::of_server(error.code, error.err_code, std::move(error.description));
  }
  return answer;
}

Result<void> check_name(std::string_view what, std::string_view name) {
  bool fits = !name.empty();
  for (const char letter : name)
    if (static_cast<unsigned char>(letter) <= ' ' || letter == '.' || letter == '*' ||
        letter == '>' || letter == '/' || letter == '\\' || letter == 0x7F)
      fits = false;
  if (fits) return {};
  return Error("invalid " + std::string(what) + " name", ErrorCode::kInvalid);
}

JetStreamContext::JetStreamContext(Client client, JetStreamOptions options)
    : client_(std::move(client)),
      connection_(ClientAccess::connection_of(client_)),
      options_(with_prefix(std::move(options))) {}

std::string JetStreamContext::subject(std::string_view what) const {
  return options_.prefix + "." + std::string(what);
}

std::string JetStreamContext::draw_name() {
  const std::string inbox = client_.new_inbox();
  return inbox.substr(inbox.rfind('.') + 1);
}

Result<codec::JsonValue> JetStreamContext::ask(std::string_view what, std::string_view body,
                                               const Deadline& deadline) {
  ASSIGN_OR_RETURN(const Message answer, client_.request(subject(what), body, deadline));
  return read_api_answer(answer.data());
}

Result<void> JetStreamContext::enter_window(const Deadline& deadline) {
  Patience patience(monitor_, deadline);
  io::Monitor::Lock lock(monitor_);
  while (publishing_ >= options_.publish_pending_max) {
    if (!may_wait()) return failure("too many publishes are under way", ErrorCode::kNoSpace);
    if (!await_change(lock, patience) && publishing_ >= options_.publish_pending_max)
      return patience.error();
  }
  ++publishing_;
  return {};
}

bool JetStreamContext::await_change(io::Monitor::Lock& lock, Patience& patience) {
  ++awaiting_;
  const bool goes_on = patience.wait(lock);
  --awaiting_;
  return goes_on;
}

// On the loop answers come in crowds: who waits is woken once for all of one.
void JetStreamContext::leave_window() {
  const io::Monitor::Lock lock(monitor_);
  --publishing_;
  if (awaiting_ == 0 || is_told_) return;
  if (may_wait() || connection_->is_closed()) return monitor_.tell();
  is_told_ = true;
  connection_->post([self = shared_from_this()] {
    const io::Monitor::Lock told(self->monitor_);
    self->is_told_ = false;
    self->monitor_.tell();
  });
}

Result<void> JetStreamContext::await_empty_window(const Deadline& deadline) {
  Patience patience(monitor_, deadline);
  io::Monitor::Lock lock(monitor_);
  while (publishing_ > 0) {
    if (!may_wait()) return waits_for_itself();
    if (!await_change(lock, patience) && publishing_ > 0) return patience.error();
  }
  return {};
}

std::size_t JetStreamContext::window_size() {
  const io::Monitor::Lock lock(monitor_);
  return publishing_;
}

}  // namespace midge::detail
