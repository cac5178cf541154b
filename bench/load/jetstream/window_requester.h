// Requests of which a window is under way: publishes that a stream acknowledges, reads, calls of
// the API. As clients do it, it has one wildcard subscription and a new reply subject for each. An
// answer that says no ends the run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine.h"
#include "frame_reader.h"
#include "frame_writer.h"
#include "histogram.h"

namespace midge::load {

// Appends a piece of the request of this number.
using Piece = std::function<void(std::uint64_t number, std::string& text)>;
Piece constant(std::string text);
// The number modulo `count` behind `start`, with six digits or as many as the largest one has.
Piece counted(std::string start, std::uint64_t count, std::string end = {});

struct Requests {
  Piece subject, body;
  std::uint64_t window = 1;
  std::uint64_t total = 0;  // 0: for ever
  std::string expects;      // in each answer
};

class WindowRequester : public ReadyHandler, public Actor {
 public:
  // `requests` outlives it.
  WindowRequester(Socket socket, Engine& engine, const Requests& requests);

  [[nodiscard]] std::uint64_t answered() const { return reader_.frames(); }
  // Everything sent is answered.
  [[nodiscard]] bool is_done() const { return answered() == requests_.total; }
  void stop() { stopped_ = true; }
  void go_on() { stopped_ = false; }
  [[nodiscard]] bool is_quiet() const { return answered() == sent_; }
  Histogram& latency() { return latency_; }

  std::int64_t advance(std::int64_t now) override;
  void on_ready(std::uint32_t events) override;

 private:
  static constexpr std::size_t kTokenBytes = 8;

  void append_request(std::int64_t now);
  void check(std::string_view answer) const;

  const Requests& requests_;
  Socket socket_;
  FrameWriter writer_;
  FrameReader reader_;
  std::uint64_t sent_ = 0;
  bool stopped_ = false;
  std::vector<std::int64_t> sent_at_;  // by the request's number, modulo
  std::string reply_, body_;
  Histogram latency_;
};

}  // namespace midge::load
