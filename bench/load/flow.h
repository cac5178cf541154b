// Publishers and subscribers of one kind of traffic, at peak or paced.
//
// Peak: publishers send as fast as the server takes it, but never have more than a window of frames
// under way, counted by what the slowest reading subscriber has received (or by PONGs where nobody
// subscribes). So neither server is made to drop slow consumers, and none gains by buffering.
// Paced: frames are sent at a rate, each stamped with the time at which it was due to be written;
// what the server does not take at once keeps its stamp.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "batch.h"
#include "dialer.h"
#include "engine.h"
#include "histogram.h"
#include "publisher.h"
#include "subscriber.h"

namespace midge::load {

// Who gets a message.
enum class Delivery { kNobody, kEveryone, kOne };

struct FlowPlan {
  Delivery delivery = Delivery::kEveryone;
  std::size_t window_frames = 0;  // published and not yet received by all
  std::size_t payload = 16;
  std::size_t message_bytes = 0;  // a MSG frame, as FrameReader takes it
};

class Flow : public Actor {
 public:
  // `batch` outlives the flow.
  Flow(Engine& engine, const FlowPlan& plan, const Batch& batch);

  // Connections as the scenario has dialled and subscribed them.
  void add_publisher(Socket socket);
  Subscriber& add_subscriber(Socket socket);

  void start_peak();
  void start_paced(double rate);
  // Stops sending and waits until everything sent has arrived everywhere.
  void stop();

  // Frames that the publishers wrote, and that arrived wherever they should.
  [[nodiscard]] std::uint64_t sent() const;
  [[nodiscard]] std::uint64_t completed() const;
  // Messages that the server worked off; one that has reached half of its subscribers is a half.
  [[nodiscard]] double messages() const;
  Histogram& latency() { return latency_; }
  // Paced: how much later than it wanted the generator itself was run, turn by turn.
  Histogram& lateness() { return lateness_; }

  std::int64_t advance(std::int64_t now) override;

 private:
  enum class Mode { kIdle, kPeak, kPaced };

  [[nodiscard]] std::uint64_t delivered() const;
  std::int64_t advance_peak();
  std::int64_t advance_paced(std::int64_t now);
  void append_frames(Publisher& publisher, std::uint64_t count, std::int64_t now);

  Engine& engine_;
  FlowPlan plan_;
  const Batch& batch_;
  std::deque<Publisher> publishers_;
  std::deque<Subscriber> subscribers_;
  Histogram latency_;
  Histogram lateness_;
  Mode mode_ = Mode::kIdle;
  std::uint64_t completed_seen_ = 0;  // completed(), when it was last worth computing
  double rate_ = 0;
  std::int64_t paced_since_ = 0;
  std::uint64_t paced_sent_ = 0;   // since then
  std::uint64_t paced_total_ = 0;  // in all paced stretches
  std::int64_t turn_wanted_ = 0;   // when advance_paced() wants to be called
  std::size_t next_publisher_ = 0;
};

}  // namespace midge::load
