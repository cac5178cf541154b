// A NATS client of the simulation. It reads and writes in small, uneven parts at times of its own,
// so that frames are cut anywhere. It knows the protocol by itself, not from proto/: an oracle that
// shared the server's code would share its bugs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/pipe.h"
#include "sim/sim_env.h"

namespace midge::sim {

struct Received {
  int sid = 0;
  std::string subject;
  std::string reply;
  std::string headers;
  std::string payload;
};

class SimClient {
 public:
  SimClient(SimEnv& env, std::unique_ptr<io::PipeClient> socket);
  ~SimClient();

  // Text to send, whole lines.
  void send(std::string_view bytes) { to_send_ += bytes; }
  void publish(std::string_view subject, std::string_view reply, std::string_view payload);
  // `headers`: lines, each with its end.
  void publish_with(std::string_view headers, std::string_view subject, std::string_view reply,
                    std::string_view payload);
  void subscribe(std::string_view subject, std::string_view queue, int sid);
  void unsubscribe(int sid, int max);
  void ping();

  // Between these calls it reads nothing: a slow consumer.
  void stop_reading(bool stopped) { deaf_ = stopped; }
  // Closes at once, in the middle of whatever was to be sent.
  void disconnect();
  // The same, and bytes under way are lost where the connection can lose any.
  void vanish();

  [[nodiscard]] bool open() const { return socket_ != nullptr; }
  [[nodiscard]] int pongs_missing() const { return pongs_missing_; }
  [[nodiscard]] const std::string& last_error() const { return last_error_; }
  // The server sent what is not the protocol.
  [[nodiscard]] const std::string& garbage() const { return garbage_; }
  std::vector<Received> take_received() { return std::exchange(received_, {}); }

 private:
  struct Beat;
  void plan();
  void act();
  // Whether there was anything to do.
  bool read_some();
  bool write_some();
  void parse();
  bool parse_line(std::string_view line, std::size_t after_line);
  bool take_message(std::string_view arguments, bool headers, std::size_t body_at);
  void lose_connection();

  SimEnv& env_;
  SimRandom random_;
  std::unique_ptr<io::PipeClient> socket_;
  std::shared_ptr<Beat> beat_;
  std::string to_send_;
  std::string input_;
  std::size_t parsed_ = 0;
  std::vector<Received> received_;
  std::string last_error_;
  std::string garbage_;
  int pongs_missing_ = 0;
  bool deaf_ = false;
  unsigned idle_beats_ = 0;  // in a row
};

}  // namespace midge::sim
