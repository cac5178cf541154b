// A broker on two loops of the real environment, for tests: clients and HTTP come through in-memory
// pipes, whose blocking reads are what the tests wait by.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "broker/broker.h"
#include "broker/call_mail.h"
#include "broker/worker.h"
#include "io/pipe.h"
#include "io/posix/posix_env.h"

namespace midge::server {

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

// Reads until `enough(text)`, or until the other side closes.
std::string read_until(io::PipeClient& pipe, auto enough) {
  std::string text;
  std::array<char, 4096> chunk;
  while (!enough(text)) {
    const std::size_t count = pipe.read(chunk);
    if (count == 0) break;
    text.append(chunk.data(), count);
  }
  return text;
}

// One whole answer with a Content-Length.
inline std::string read_answer(io::PipeClient& pipe) {
  return read_until(pipe, [](const std::string& text) {
    const std::size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = text.find("Content-Length: ");
    if (length > head) return false;
    return text.size() >= head + 4 + std::stoul(text.substr(length + 16));
  });
}

class BrokerFixture {
 public:
  explicit BrokerFixture(void (*change)(broker::BrokerConfig&) = nullptr) {
    auto config = std::make_shared<broker::BrokerConfig>();
    config->info.server_id = "NABC";
    config->placement = broker::ConnectionPlacement::kSpread;
    if (change != nullptr) change(*config);
    config_ = std::move(config);
    loops_ = env->make_loops(2);
    broker = std::make_unique<broker::Broker>(*env, log, loops_, config_);
  }
  ~BrokerFixture() { end(); }

  void start() {
    const auto handlers = broker->handlers();
    env->start(handlers);
  }
  void end() {
    env->stop();
    env->join();
  }
  io::Loop& home() { return *loops_[0]; }
  // On the first loop; does not wait.
  void run_at_home(auto function) {
    home().post(broker::call_worker(
        [function = std::move(function)](broker::Worker&) mutable { function(); }));
  }

  // A client that has sent `lines` and seen them worked off.
  std::unique_ptr<io::PipeClient> client(const std::string& lines) {
    io::PipePair pipe = io::make_pipe();
    broker->accept(std::move(pipe.server_end));
    pipe.client_end->write(lines + "PING\r\n");
    read_until(*pipe.client_end,
               [](const std::string& text) { return text.find("PONG\r\n") != std::string::npos; });
    return std::move(pipe.client_end);
  }

  std::unique_ptr<io::Env> env = io::make_posix_env();
  SilentLog log;
  std::unique_ptr<broker::Broker> broker;

 private:
  broker::BrokerConfigPtr config_;
  std::span<io::Loop* const> loops_;
};

}  // namespace midge::server
