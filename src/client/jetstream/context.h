// What a JetStream's handles share: the client, where the API is, and the window of asynchronous
// publishes.
//
// Thread: any.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "client/client_access.h"
#include "client/patience.h"
#include "codec/json_struct.h"
#include "io/monitor.h"
#include "midge/jetstream.h"

namespace midge::detail {

// An err_code of the API.
inline constexpr int kStreamNotFound = 10059;

// The answer's object. Error: the one that it tells, of the server, or that it is no JSON.
Result<codec::JsonValue> read_api_answer(std::string_view json);

// Errors: kInvalid: it cannot be part of a subject.
Result<void> check_name(std::string_view what, std::string_view name);

class JetStreamContext : public std::enable_shared_from_this<JetStreamContext> {
 public:
  JetStreamContext(Client client, JetStreamOptions options);

  [[nodiscard]] Client& client() { return client_; }
  // Null: the client was never connected, and every call says so.
  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
  [[nodiscard]] const JetStreamOptions& options() const { return options_; }
  // `$JS.API.<what>`.
  [[nodiscard]] std::string subject(std::string_view what) const;
  // One that nobody else has.
  [[nodiscard]] std::string draw_name();
  [[nodiscard]] bool may_wait() const { return !connection_ || connection_->may_wait(); }

  // A call of the API; `what` follows the prefix. Errors: as Client::request(), and the answer's.
  Result<codec::JsonValue> ask(std::string_view what, std::string_view body,
                               const Deadline& deadline);
  template <class Answer>
  Result<Answer> ask_for(std::string_view what, std::string_view body, const Deadline& deadline) {
    auto json = ask(what, body, deadline);
    if (!json) return std::move(json).error();
    Answer answer;
    if (auto read = codec::read_json_struct(*json, answer, false); !read)
      return std::move(read).error();
    return answer;
  }

  // Of asynchronous publishes. Errors: as JetStream::publish_async().
  Result<void> enter_window(const Deadline& deadline);
  void leave_window();
  Result<void> await_empty_window(const Deadline& deadline);
  [[nodiscard]] std::size_t window_size();

 private:
  bool await_change(io::Monitor::Lock& lock, Patience& patience);

  Client client_;
  const std::shared_ptr<Connection> connection_;
  const JetStreamOptions options_;
  io::Monitor monitor_;
  std::size_t publishing_ = 0;
  int awaiting_ = 0;      // threads, for room or for the end
  bool is_told_ = false;  // they are about to be
};

}  // namespace midge::detail
