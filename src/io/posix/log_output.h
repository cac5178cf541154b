// Writing to descriptors that somebody may have stopped reading.
#pragma once

#include <atomic>
#include <string_view>

namespace midge::io {

// Set when the process wants to end and the log must not hold it up.
using GiveUp = std::atomic<bool>;

// Writes all of it, waiting as long as it takes, but not beyond `give_up`. Does not set O_NONBLOCK,
// which would reach everyone who shares the terminal or pipe: instead nothing is written before the
// system says that there is room, and then no more than it promises to take. False on errors.
bool write_patiently(int fd, std::string_view bytes, const GiveUp& give_up);

// True once `fd` has room; false if `give_up` was set first or the descriptor is broken.
bool wait_for_room(int fd, const GiveUp& give_up);

}  // namespace midge::io
