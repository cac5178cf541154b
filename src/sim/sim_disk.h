// A disk that outlives the processes that use it, and fails as disks do.
//
// Files and names are kept twice (sim_inode.h, sim_names.h). A power cut decides at once what of
// the unsynced survives; from then on every call fails, until restart(). So may a test end a
// process in the middle of a job: nothing of what it does after the cut matters, or succeeds.
//
//   SimDisk disk(seed);
//   { SimEnv env(seed, {.disk = &disk}); … disk.cut_power(); … }
//   disk.restart();
//   SimEnv env(seed + 1, {.disk = &disk});
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "io/disk.h"
#include "sim/event_hash.h"
#include "sim/sim_names.h"
#include "sim/sim_random.h"

namespace midge::sim {

// How often calls fail by themselves: one in so many; 0 = never.
struct SimDiskFaults {
  std::uint32_t reads = 0;
  std::uint32_t writes = 0;  // some of the bytes may arrive
  std::uint32_t syncs = 0;   // pages count as clean after it, and some are lost
  std::uint32_t names = 0;   // making, removing, renaming, opening
};

class SimDisk final : public io::Disk {
 public:
  explicit SimDisk(std::uint64_t seed) : random_(seed) {}

  // ---- what a test does to it

  void cut_power();
  // At the n-th call from now on.
  void cut_power_after(std::uint64_t calls) { calls_left_ = calls; }
  // The process is gone, the system stays: nothing is lost.
  void kill_process() { is_off_ = true; }
  [[nodiscard]] bool is_off() const { return is_off_; }
  // There is power, and a new process. Files and locks of the old one are dead.
  void restart();

  void set_faults(SimDiskFaults faults) { faults_ = faults; }
  void set_space(std::uint64_t bytes) { space_ = bytes; }
  // The sizes of all files.
  [[nodiscard]] std::uint64_t used() const;
  // Rot: flips bits of one byte; false if there is no such byte.
  bool flip(const std::string& path, std::uint64_t offset, unsigned char bits = 1);
  // Who keeps the account of what happens; null: nobody.
  void set_hash(EventHash* hash) { hash_ = hash; }

  // ---- io::Disk

  Result<std::string> read_file(const std::string& path) override;
  Result<void> write_file(const std::string& path, std::string_view content) override;
  Result<void> remove_file(const std::string& path) override;
  Result<std::vector<std::string>> list_directory(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<void> remove_directory(const std::string& path) override;
  Result<void> rename_file(const std::string& from, const std::string& to) override;
  [[nodiscard]] bool exists(const std::string& path) override;
  [[nodiscard]] bool is_directory(const std::string& path) override;
  Result<std::uint64_t> file_size(const std::string& path) override;
  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> sync_filesystem(const std::string& path) override;
  Result<io::DiskSpace> space(const std::string& path) override;
  Result<std::unique_ptr<io::DiskLock>> lock(const std::string& path) override;

 private:
  class OpenFile;
  class Lock;

  // Every call begins here: counts it, and fails if there is no power, or one in `fails`.
  Result<void> begin(const char* call, const std::string& path, std::uint32_t fails = 0,
                     std::uint64_t figure = 0);
  Result<std::shared_ptr<SimInode>> find(const char* call, const std::string& path);
  Result<void> write(SimInode& inode, const std::string& path, std::uint64_t offset,
                     std::string_view bytes);
  Result<void> resize(SimInode& inode, const std::string& path, std::uint64_t size);
  Result<void> sync(SimInode& inode, const std::string& path);
  [[nodiscard]] bool has_room(const SimInode& inode, std::uint64_t size) const;

  SimRandom random_;
  EventHash* hash_ = nullptr;
  SimNames names_;
  SimDiskFaults faults_;
  std::uint64_t space_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t calls_left_ = 0;  // until the power is cut; 0 = it is not
  std::uint64_t process_ = 1;     // counts restarts
  std::set<std::string> locked_;
  bool is_off_ = false;
  bool power_was_cut_ = false;
};

}  // namespace midge::sim
