// The generator's only loop, and the measurement of a stretch of it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "poller.h"
#include "process_meter.h"
#include "report.h"
#include "scratch.h"

namespace midge::load {

// Something that acts by the clock as well as on ready sockets.
class Actor {
 public:
  virtual ~Actor() = default;
  // Does what is due. Returns when it wants to be called again at the latest; it is called after
  // every round of ready sockets anyway.
  virtual std::int64_t advance(std::int64_t now) = 0;
};

// What one stretch cost.
struct Stretch {
  double seconds = 0;
  double server_cpu_ns = 0;
  double own_cpu_ns = 0;

  Stretch& operator+=(const Stretch& other);
  // `events` happened in the stretch: their rate, and the server's microseconds for each. Also how
  // busy server and generator were, in cores: it shows which of them set the pace.
  [[nodiscard]] Report report(double events) const;
};

class Engine {
 public:
  explicit Engine(pid_t server) : server_(server), own_(0) {}

  Poller& poller() { return poller_; }
  Scratch& scratch() { return scratch_; }
  const ProcessMeter& server() const { return server_; }
  void add(Actor& actor) { actors_.push_back(&actor); }

  Stretch run_for(double seconds);
  // What it cost until `done` came true, which it must within the time.
  Stretch measure_until(const std::function<bool()>& done, double seconds);
  // Whether `done` came true within the time.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, double seconds);

 private:
  class Meter;
  void turn(std::int64_t deadline);

  Poller poller_;
  Scratch scratch_;
  ProcessMeter server_;
  ProcessMeter own_;
  std::vector<Actor*> actors_;
};

}  // namespace midge::load
