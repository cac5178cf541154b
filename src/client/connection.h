// A client's connection through all its reconnects: what Client and Subscription hand their calls
// to.
//
// The first part is called by any thread: it writes to the outbox, keeps who waits, and tells the
// loop. The second is the loop's: the link of the moment, the table of subscriptions, attempts to
// connect. Frames of both meet in the outbox only.
#pragma once

#include <tsl/robin_set.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/dial.h"
#include "client/later.h"
#include "client/link.h"
#include "client/outbox.h"
#include "client/refusals.h"
#include "client/requests.h"
#include "client/round_trips.h"
#include "client/server_pool.h"
#include "client/subscription.h"
#include "client/worker.h"
#include "midge/client.h"

namespace midge::detail {

// Who has to begin anew what was under way with a server that is gone.
class ReconnectWatcher {
 public:
  virtual ~ReconnectWatcher() = default;
  // On the loop.
  virtual void on_reconnected() = 0;
};

class Connection final : public std::enable_shared_from_this<Connection>, private LinkEvents {
 public:
  // `servers` and `proxy`: the options', read.
  Connection(std::shared_ptr<Worker> worker, Options options, std::vector<codec::ServerUrl> servers,
             std::optional<codec::ServerUrl> proxy);
  ~Connection() override;

  // --- any thread ---

  // Begins to connect; returns when that has come out well, or not.
  Result<void> start();
  Result<void> publish(std::string_view subject, std::string_view reply, const Headers* headers,
                       std::string_view data, const Deadline& deadline);
  Result<std::shared_ptr<Subscription>> subscribe(std::string_view subject,
                                                  SubscribeOptions options,
                                                  Subscription::Callback callback);
  void unsubscribe(const std::shared_ptr<Subscription>& subscription);
  void unsubscribe_after(const std::shared_ptr<Subscription>& subscription, std::uint64_t max);
  Result<void> drain(const std::shared_ptr<Subscription>& subscription, const Deadline& deadline);

  Result<Message> request(std::string_view subject, const Headers* headers, std::string_view data,
                          const Deadline& deadline);
  // Whether a request ends, with kClosed, when the link does that it was meant for.
  enum class EndsWith : bool { kTimeout, kLink };
  Result<void> request_async(std::string_view subject, const Headers* headers,
                             std::string_view data, OnAnswer done, const Deadline& deadline,
                             EndsWith ends_with = EndsWith::kTimeout);
  std::string new_inbox();

  Result<void> flush(const Deadline& deadline);
  Result<void> flush_async(std::function<void(Result<void>)> done, const Deadline& deadline);
  Result<void> drain(const Deadline& deadline);
  // Waits until it is closed, unless the caller is who closes.
  void close();
  void force_reconnect();
  Result<std::size_t> poll(Deadline deadline) { return worker_->poll(std::move(deadline)); }

  // On the loop, soon.
  void post(std::function<void()> action) { worker_->post(std::move(action)); }

  [[nodiscard]] WallTime wall_now() const { return worker_->env().clock().wall(); }
  [[nodiscard]] bool may_wait() const { return worker_->may_wait(); }
  [[nodiscard]] Status status() const;
  [[nodiscard]] ClientFigures figures();
  [[nodiscard]] std::string connected_url() const;
  [[nodiscard]] std::string connected_server() const;
  [[nodiscard]] ServerInfo server_info() const;
  [[nodiscard]] std::vector<std::string> servers() const;
  [[nodiscard]] std::size_t max_payload() const { return max_payload_.load(); }
  [[nodiscard]] std::string last_error() const;
  [[nodiscard]] std::optional<Error> refusal_of(const Subscription& subscription) const {
    return refusals_.find(subscription.sid);
  }

  // --- the loop ---

  void write_out();
  // After so long, or when the connection closes for good.
  void after(Duration delay, std::function<void()> action);
  void watch_reconnects(std::weak_ptr<ReconnectWatcher> watcher);
  [[nodiscard]] bool is_closed() const { return closed_; }
  [[nodiscard]] MonoTime now() const { return worker_->loop().now(); }
  [[nodiscard]] io::Timers& timers() const { return worker_->loop().timers(); }

 private:
  // What other threads see of the loop's state, under monitor_.
  struct View {
    Status status = Status::kConnecting;
    bool was_up = false;  // once
    std::string url, server, last_error;
    ServerInfo info;
    std::vector<std::string> servers;
    std::optional<Error> end;  // why it is closed
  };

  // --- any thread ---
  void wake(Outbox::Appended appended);
  void add_subscription(std::shared_ptr<Subscription> subscription);
  Result<void> ensure_answers();
  Result<std::string> begin_request(OnAnswer done, std::optional<MonoTime> until,
                                    RequestToken& token, EndsWith ends_with = EndsWith::kTimeout);
  void answer(const Message& message);
  Error closed() const;

  // --- the loop ---
  void on_up(const ServerFacts& facts) override;
  void on_message(const proto::ServerFrame& frame) override;
  void on_info(std::string_view json) override;
  void on_pong() override;
  void ping() override;
  void on_server_error(std::string_view text) override;
  bool more_to_write(std::string& into) override;
  void on_down(Error why, bool refused) override;
  void on_needs_secure() override;

  void take_arriving();
  void deliver(Subscription& subscription, MessageBlock& block);
  void remove(std::uint64_t sid);
  void try_next();
  void dial_now();
  void on_dialed(std::uint64_t attempt, Result<Dialed> dialed);
  void note_failure(const Error& why);
  void on_attempt_failed(const Error& why, bool refused);
  void drop_link();
  void resubscribe();
  void tell_watchers();
  void take_facts(const ServerFacts& facts);
  void take_status(Status status);
  void show_servers();  // with the lock held
  void end(std::optional<Error> why);
  void tell(EventKind kind, std::string text = {}, std::string subject = {});
  void refuse(const Refusal& refusal, const Error& why);
  void on_retry_time() { dial_now(); }
  void on_request_time();
  void arm_requests();
  [[nodiscard]] bool wants_secure(const ServerPool::Server& server) const;
  // Before the server at hand is tried again, beyond what the pool's rules say.
  Duration extra_wait(bool link_was_up);
  [[nodiscard]] ServerInfo info_of(const ServerFacts& facts) const;

  const std::shared_ptr<Worker> worker_;
  const Options options_;
  const std::optional<codec::ServerUrl> proxy_;

  mutable io::Monitor monitor_;
  View view_;
  std::atomic<std::size_t> max_payload_{0};
  std::atomic<std::uint64_t> next_sid_{1};
  std::atomic<std::uint64_t> in_messages_{0}, in_bytes_{0};
  std::atomic<std::uint64_t> reconnects_{0};

  Outbox outbox_;
  RoundTrips trips_{outbox_};
  Requests requests_;
  io::Monitor arriving_monitor_;
  std::vector<std::shared_ptr<Subscription>> arriving_;  // on their way into the table
  const std::string answers_prefix_;                     // `_INBOX.<digits>.`
  io::Monitor answers_monitor_;
  std::shared_ptr<Subscription> answers_;     // null: nobody has asked yet
  std::atomic<bool> answers_refused_{false};  // by the server
  Refusals refusals_;

  // The loop's.
  ServerPool pool_;
  ServerFacts facts_;
  std::unique_ptr<Link> link_;
  bool is_up_ = false;  // the link is, and users have been told
  tsl::robin_set<std::shared_ptr<Subscription>, HashOfSid, SameSid> subscriptions_;
  std::uint64_t attempt_ = 0;
  std::size_t untried_ = 0;       // servers that the first round has not tried yet
  std::optional<Error> failure_;  // the last one of the link or of an attempt
  bool closed_ = false;
  int writes_in_a_row_ = 0;  // since there was nothing to write
  bool has_gathered_ = false;
  std::vector<std::weak_ptr<ReconnectWatcher>> watchers_;
  Later later_{worker_->loop().timers()};
  io::MemberTimer<&Connection::on_retry_time> retry_{*this};
  io::MemberTimer<&Connection::on_request_time> request_time_{*this};
};

}  // namespace midge::detail
