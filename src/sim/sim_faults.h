// What tests do to connections that somebody made with Net::connect().
#pragma once

#include <cstdint>
#include <map>

namespace midge::sim {

class SimStream;

// How a connection ends.
enum class Loss : std::uint8_t {
  kReset,    // both sides get an error, and lose what was under way
  kEnd,      // the other side closes it in order
  kSilence,  // nothing comes any more, and nobody says so
};

class SimFaults {
 public:
  // The connection that reads or writes for the `step`th time from now on breaks instead; 0 = none.
  void cut_at(std::uint64_t step) {
    steps_ = 0;
    cut_at_ = step;
  }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }  // since then
  // Those that there are take no steps that count.
  void spare_present() { first_ = streams_.empty() ? 0 : streams_.rbegin()->first + 1; }
  // All that there are.
  void lose(Loss how);

  // The stream's, before it reads or writes: true if it breaks.
  [[nodiscard]] bool step(std::uint64_t number) { return number >= first_ && ++steps_ == cut_at_; }
  void add(std::uint64_t number, SimStream& stream) { streams_[number] = &stream; }
  void remove(std::uint64_t number) { streams_.erase(number); }

 private:
  std::uint64_t steps_ = 0;
  std::uint64_t cut_at_ = 0;
  std::uint64_t first_ = 0;  // that counts
  std::map<std::uint64_t, SimStream*> streams_;
};

}  // namespace midge::sim
