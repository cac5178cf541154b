// Answers what is asked in the system account (request_table.h): about this server, by its id or
// with all others (PING), and about accounts. Monitoring has the answers; this wraps them up. Tells
// it unasked of this server's figures, of those of accounts that change, and of its end.
//
// Life: made before the broker, attached to loop 0's worker before the loops run, outlives the
// broker. Thread: that loop's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "broker/internal_receiver.h"
#include "broker/trace_headers.h"
#include "broker/worker.h"
#include "io/clock.h"
#include "io/timer.h"
#include "server/monitor/monitor.h"
#include "server/system/profile_desk.h"
#include "server/system/request_table.h"
#include "server/system/server_json.h"
#include "tls/ocsp_peer.h"

namespace midge::server {

class SystemService final : public broker::LoopService {
 public:
  using Reload = std::function<Result<void>()>;
  using Sequence = std::shared_ptr<std::atomic<std::uint64_t>>;  // of all that the server tells

  SystemService(std::function<ServerFacts()> facts, Sequence sequence, io::Clock& clock)
      : facts_(std::move(facts)), sequence_(std::move(sequence)), clock_(clock) {}

  // The others outlive the loops.
  void attach(broker::Broker& broker, Monitor& monitor, ProfileDesk& profiles);
  // Before the loops run: who reloads. Without it, nobody is asked to.
  void on_reload(Reload reload) { reload_ = std::move(reload); }

  void on_loop_start() override;
  void on_loop_stop() override;
  void on_goodbye() override { tell_of_server("SHUTDOWN"); }
  void on_tick() override;

  // Any loop's thread: its connections have changed.
  void note_account(const std::string& account);
  // Any thread, while the loops run.
  void note_rejection(const tls::OcspRejection& rejection);
  // On the loop.
  void tell_lame_duck() { tell_of_server("LAMEDUCK"); }

 private:
  // Where an answer goes, and how it is packed.
  struct Asker {
    std::string reply;
    broker::TraceEncoding encoding = broker::TraceEncoding::kNone;
  };
  struct Request {
    const RequestRow* row;
    Asker asker;
    std::string account;  // of those about one; "" = of none
    std::string body;
    broker::Origin from;  // of kUser and kSubscribers
  };
  // Listens on the subjects of one row.
  struct Receiver final : broker::InternalReceiver {
    Receiver(SystemService& its_service, const RequestRow& its_row)
        : service(its_service), row(its_row) {}
    void on_message(const broker::Message& message) override { service.note(row, message); }
    SystemService& service;
    const RequestRow& row;
  };
  // On a connection of this loop; the error is for who asked.
  using Act = std::function<Result<void>(broker::Client&)>;
  using Write = std::function<void(codec::JsonWriter&)>;
  // At who asked, on its loop; "" = it is gone.
  using Look = std::function<std::string(broker::Worker& worker, std::uint64_t cid)>;

  // With a queue group it is known who asks.
  void listen(const RequestRow& row, std::initializer_list<std::string> subjects,
              std::string_view queue = "");
  void note(const RequestRow& row, const broker::Message& message);
  void take(const Request& request);
  void take_connections(const Request& request);
  void take_reload(const Request& request);
  void take_profile(const Request& request, const Query& query);
  // `done` on this loop, unless who asked is gone.
  void look_at_asker(const Request& request, Look look, std::function<void(std::string)> done);
  void take_user(const Request& request);
  void take_subscribers(const Request& request);
  void count_subscribers(const Request& request, std::string account);
  void take_kick(const Request& request);
  void take_lame_duck(const Request& request);
  // Has the loop that has the connection act; `unknown`: the error if none has it.
  void act_on_client(const Request& request, std::string_view unknown, Act act);
  void ask_monitor(const Request& request, std::string query);
  void answer_from(const Request& request, const HttpResponse& response);

  // `figures`: an object, whose members go into the event.
  [[nodiscard]] std::string connections_event(std::string_view figures);

  void on_statsz_timer();
  void on_heartbeat();
  void note_change(const std::string& account);
  void tell_statsz();
  [[nodiscard]] Accountz described(const std::string& account) const;
  void tell_rejection(const tls::OcspRejection& rejection);
  // Begins an event.
  codec::JsonWriter begin_event(std::string_view type);
  void tell_of_server(std::string_view what);
  // Of accounts that have changed, all at once: one round of all loops for any number of changes.
  void on_connections_timer();
  // Whether somebody in the system account would get it.
  [[nodiscard]] bool is_wanted(std::string_view subject);
  void publish(std::string_view subject, std::string_view json);

  // An answer, with the server's member and what `write` adds.
  void answer(const Asker& asker, const Write& write);
  void fail(const Asker& asker, int code, std::string_view why, bool with_data);
  void send(const Asker& asker, std::string json);
  [[nodiscard]] bool is_for_this(const ServerFilter& filter) const {
    return filter.matches(facts_());
  }

  std::function<ServerFacts()> facts_;
  Sequence sequence_;
  io::Clock& clock_;
  Reload reload_;
  broker::Broker* broker_ = nullptr;
  broker::Worker* worker_ = nullptr;
  Monitor* monitor_ = nullptr;
  std::unique_ptr<Gatherer> gatherer_;
  ProfileDesk* profiles_ = nullptr;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<Request> requests_;  // of this tick
  std::set<std::string> changed_;  // accounts whose figures are to be told
  bool asks_figures_ = false;      // a round is under way
  Duration statsz_pause_{};
  io::MemberTimer<&SystemService::on_statsz_timer> statsz_timer_{*this};
  io::MemberTimer<&SystemService::on_heartbeat> heartbeat_{*this};
  io::MemberTimer<&SystemService::on_connections_timer> connections_timer_{*this};
};

}  // namespace midge::server
