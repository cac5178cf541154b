// One connection of the monitoring server: reads a request, has it answered, writes the answer, and
// starts over. Owned by HttpServer; thread: its loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/loop.h"
#include "io/stream.h"
#include "io/timer.h"
#include "io/turn.h"
#include "server/monitor/http_message.h"
#include "server/monitor/http_parser.h"

namespace midge::server {

class HttpServer;

class HttpConnection final : public io::StreamEvents {
 public:
  static constexpr Duration kIdleMax = minutes(2);  // between requests
  static constexpr std::size_t kBytesPerTurn = 64 * 1024;
  static constexpr Duration kStepMax = seconds(20);  // of a request's arrival, an answer's parts

  HttpConnection(HttpServer& server, io::Loop& loop, std::unique_ptr<io::Stream> stream,
                 std::uint64_t id);

  ~HttpConnection() override;
  // Begins to read.
  void start();
  // Of the request that came last. May destroy the connection, as may all events.
  void answer(HttpResponse response, WallTime now);

  // The answer may take so long.
  void wait_for_answer(Duration time) { allow(time); }

  // Whether it waits for a request, or the rest of one.
  [[nodiscard]] bool is_waiting() const { return state_ == State::kReading; }
  [[nodiscard]] bool has_asked() const { return has_asked_; }
  // Closes, to make room for another. Destroys the connection.
  void give_way() { refuse_rest(503, "too many connections"); }

  void on_readable() override;
  void on_writable() override;

  [[nodiscard]] std::uint64_t id() const { return id_; }

 private:
  enum class State : std::uint8_t { kReading, kAnswering, kWriting };

  // Requests that came in one piece are worked off one per turn, so that none nests in another; a
  // long answer is written in pieces, one per turn, so that nobody else on the loop waits for it.
  struct NextRequest final : io::Turn {
    explicit NextRequest(HttpConnection& its_connection) : connection(its_connection) {}
    void on_turn() override { connection.go_on(); }
    HttpConnection& connection;
  };

  void go_on();
  void parse_input();
  void send(std::string bytes, std::vector<std::string> more, bool keep_open);
  void write_some();
  void answer_written();
  void allow(Duration time);
  void on_timer();
  // Closes; whoever has sent a part of a request is told why.
  void refuse_rest(int status, std::string_view why);
  // What is to be written: this, and then those.
  void hold(std::string bytes, std::vector<std::string> more);
  // The next of those; false: there is none.
  bool hold_next();

  HttpServer& server_;
  io::Loop& loop_;
  const std::uint64_t id_;
  State state_ = State::kReading;
  bool keep_open_ = true;
  bool has_asked_ = false;
  HttpParser parser_;
  HttpRequest request_;
  std::string input_;
  std::string output_;
  std::size_t written_ = 0;         // of it
  std::vector<std::string> later_;  // the next one last
  io::MemberTimer<&HttpConnection::on_timer> timer_{*this};
  NextRequest next_request_{*this};
  std::unique_ptr<io::Stream> stream_;
};

}  // namespace midge::server
