// The JetStream API: requests on `$JS.API.…`, taken on loop 0, answered where what they are about
// lives. Each verb has a row in a table (api.cc) and a handler in the file of its group.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "broker/internal_receiver.h"
#include "jetstream/api/api_call.h"
#include "jetstream/directory.h"
#include "jetstream/fwd.h"
#include "jetstream/member_receiver.h"
#include "subject/target.h"

namespace midge::jetstream {

class Api final : public broker::LoopService {
 public:
  explicit Api(JetStream& jetstream);
  ~Api() override;

  JetStream& jetstream() { return jetstream_; }
  [[nodiscard]] Shard& home();

  // Loop 0: an account's requests are answered, if only with why not.
  void listen_for(AccountId account);

  // For handlers.

  // Has `work` done where the stream lives; answers that there is no such stream if there is none,
  // or that it is offline.
  using StreamWork = std::function<void(Stream&, ApiCall&)>;
  void with_stream(ApiCall call, std::string_view stream, StreamWork work);
  // `work` is also done for a stream that is offline.
  void with_any_stream(ApiCall call, std::string_view stream, StreamWork work);
  // The same as the first for streams' consumers.
  void with_consumer(ApiCall call, std::string_view stream, std::string_view consumer,
                     std::function<void(Consumer&, ApiCall&)> work);
  // Has `work` done on the loop.
  void on_loop(LoopId loop, std::function<void(Shard&)> work);
  // The same, back on loop 0, from any loop.
  void on_home(std::function<void(Shard&)> work);
  // Answers on loop 0.
  void answer(const ApiCall& call);
  void answer(const ApiCall& call, const ApiError& error);

  // What earlier runs left is here, or will never be: requests that waited for it are answered.
  void on_ready();

  void on_loop_start() override;
  void on_loop_stop() override;
  void on_tick() override {}

 private:
  void on_request(const broker::Message& message);
  // Whether all is there, or it is known that it will not be.
  [[nodiscard]] bool may_answer() const;
  void keep_limit(bool only_asks);
  void run_soon();
  void run_waiting();
  void handle(ApiCall call);
  // The system account has no JetStream of its own.
  void refuse_system(ApiCall& call, std::string_view verb);

  JetStream& jetstream_;
  MemberReceiver<&Api::on_request> requests_{*this};
  std::vector<subject::Target> subscriptions_;
  std::deque<ApiCall> waiting_;
  std::size_t waiting_asks_ = 0;  // of these, those that change nothing
  bool runs_soon_ = false;
  MonoTime complain_again_{};
  std::set<std::uint32_t> listened_;  // accounts
};

}  // namespace midge::jetstream
