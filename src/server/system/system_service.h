// Answers what is asked in the system account (request_table.h): about this server, by its id or
// with all others (PING), and about accounts. Monitoring has the answers; this wraps them up.
//
// Life: made before the broker, attached to loop 0's worker before the loops run, outlives the
// broker. Thread: that loop's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.h"
#include "broker/internal_receiver.h"
#include "broker/trace_headers.h"
#include "broker/worker.h"
#include "io/clock.h"
#include "server/monitor/monitor.h"
#include "server/system/request_table.h"
#include "server/system/server_json.h"

namespace midge::server {

class SystemService final : public broker::LoopService {
 public:
  using Reload = std::function<Result<void>()>;
  using Sequence = std::shared_ptr<std::atomic<std::uint64_t>>;  // of all that the server tells

  SystemService(std::function<ServerFacts()> facts, Sequence sequence, io::Clock& clock)
      : facts_(std::move(facts)), sequence_(std::move(sequence)), clock_(clock) {}

  // `monitor` outlives the loops.
  void attach(broker::Broker& broker, Monitor& monitor);
  // Before the loops run: who reloads. Without it, nobody is asked to.
  void on_reload(Reload reload) { reload_ = std::move(reload); }

  void on_loop_start() override;
  void on_tick() override;

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
    broker::Origin from;  // of kUser
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

  // With a queue group it is known who asks.
  void listen(const RequestRow& row, std::initializer_list<std::string> subjects,
              std::string_view queue = "");
  void note(const RequestRow& row, const broker::Message& message);
  void take(const Request& request);
  void take_connections(const Request& request);
  void take_reload(const Request& request);
  void take_user(const Request& request);
  void take_subscribers(const Request& request);
  void take_kick(const Request& request);
  void take_lame_duck(const Request& request);
  // Has the loop that has the connection act; `unknown`: the error if none has it.
  void act_on_client(const Request& request, std::string_view unknown, Act act);
  void ask_monitor(const Request& request, std::string query);
  void answer_from(const Request& request, const HttpResponse& response);

  // `figures`: an object, whose members go into the event.
  [[nodiscard]] std::string connections_event(std::string_view figures);

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
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<Request> requests_;  // of this tick
};

}  // namespace midge::server
