// What is done for a loop's streams in the background, a little each second: blocks of which little
// is left are written anew, and files are read to find rot before somebody needs them. It also
// looks whether the wall clock was stepped. Thread: its loop's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/timer.h"
#include "jetstream/fwd.h"

namespace midge::jetstream {

class Upkeep {
 public:
  explicit Upkeep(Shard& shard) : shard_(shard) {}

  void start();

 private:
  using Work = std::uint64_t (*)(Stream& stream);
  // What may be read: it grows each second, and is spent in advance.
  struct Task {
    Work work;
    std::int64_t budget = 0;
    std::size_t next = 0;  // the stream whose turn it is
  };
  void on_timer();
  void go_on(Task& task, std::int64_t per_second);
  [[nodiscard]] std::int64_t compacted_per_second() const;
  static std::uint64_t compact(Stream& stream);
  static std::uint64_t check(Stream& stream);

  Shard& shard_;
  Task compaction_{&compact};
  Task check_{&check};
  io::MemberTimer<&Upkeep::on_timer> timer_{*this};
};

}  // namespace midge::jetstream
