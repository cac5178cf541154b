// A connection that subscribes to one new subject after the other and unsubscribes each again once
// a thousand newer ones live. Every turn ends with a PING, and at most a few are unanswered, so
// that the server sets the pace where the rate is more than it can do.
#pragma once

#include <string>

#include "engine.h"
#include "frame_reader.h"
#include "poller.h"
#include "socket.h"

namespace midge::load {

enum class ChurnKind { kInbox, kWildcardFirst };

class Churner : public ReadyHandler, public Actor {
 public:
  Churner(Engine& engine, Socket socket, ChurnKind kind);

  // Pairs of SUB and UNSUB a second; 0 stops, infinity is as fast as the server answers.
  void set_rate(double rate);
  // Pairs that the server has confirmed.
  [[nodiscard]] std::uint64_t done() const { return reader_.pongs() * kPairsPerTurn; }

  std::int64_t advance(std::int64_t now) override;
  void on_ready(std::uint32_t events) override;

 private:
  static constexpr std::uint64_t kPairsPerTurn = 50;

  void append_turn();
  void append_subject(std::uint64_t id);

  Socket socket_;
  FrameReader reader_;
  ChurnKind kind_;
  double rate_ = 0;
  std::int64_t rate_since_ = 0;
  std::uint64_t turns_since_ = 0;  // since the rate was set
  std::uint64_t turns_ = 0;
  std::string outbox_;
};

}  // namespace midge::load
