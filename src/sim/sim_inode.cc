#include "sim/sim_inode.h"

#include <algorithm>

namespace midge::sim {
namespace {

constexpr std::uint64_t kSector = 512;

}  // namespace

void SimInode::write(std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  seen_.write(offset, bytes);
  unsynced_.push_back({.offset = offset, .bytes = std::string(bytes)});
}

void SimInode::resize(std::uint64_t size) {
  seen_.resize(size);
  unsynced_.push_back({.is_resize = true, .offset = size, .bytes = {}});
}

bool SimInode::flip(std::uint64_t offset, unsigned char bits) {
  bool there = false;
  for (SparseBytes* view : {&seen_, &stored_}) {
    char byte;
    if (view->read(offset, {&byte, 1}) == 0) continue;
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ bits);
    view->write(offset, {&byte, 1});
    there = true;
  }
  return there;
}

void SimInode::store(const Change& change) {
  if (change.is_resize) {
    stored_.resize(change.offset);
  } else {
    stored_.write(change.offset, change.bytes);
  }
}

void SimInode::store() {
  for (const Change& change : unsynced_) store(change);
  unsynced_.clear();
}

void SimInode::store_some(SimRandom& random) {
  const std::uint64_t kept_of_8 = random.below(9);
  for (const Change& change : unsynced_) {
    if (random.below(8) < kept_of_8) {
      store(change);
    } else if (!change.is_resize && random.one_in(2)) {
      store_torn(change, random);
    }
  }
  unsynced_.clear();
}

// Some sectors, or the bytes up to an odd place.
void SimInode::store_torn(const Change& change, SimRandom& random) {
  if (random.one_in(2)) {
    const std::size_t count = random.below(change.bytes.size() + 1);
    if (count > 0) stored_.write(change.offset, std::string_view(change.bytes).substr(0, count));
    return;
  }
  for (std::size_t done = 0; done < change.bytes.size();) {
    const std::uint64_t at = change.offset + done;
    const std::size_t count =
        std::min<std::size_t>(kSector - at % kSector, change.bytes.size() - done);
    if (random.one_in(2)) stored_.write(at, std::string_view(change.bytes).substr(done, count));
    done += count;
  }
}

void SimInode::forget_unstored() {
  seen_ = stored_;
  unsynced_.clear();
}

}  // namespace midge::sim
