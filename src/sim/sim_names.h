// Names of files and directories, twice: as processes see them, and as they are after a power cut.
//
// A change of names (made, removed, renamed) is on the disk when a directory that it touches was
// synced. Until then a power cut may keep or forget it, apart from others; but a renaming is kept
// whole or not at all, and no change is kept without those before it of the same names and files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/sim_inode.h"
#include "sim/sim_random.h"

namespace midge::sim {

class SimNames {
 public:
  // Null: there is no such file.
  [[nodiscard]] std::shared_ptr<SimInode> find(const std::string& path) const;
  // Also one that was never made, but has something in it.
  [[nodiscard]] bool is_directory(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> list(const std::string& path) const;
  void for_each_file(const std::function<void(const std::string& path, SimInode&)>& visit) const;

  std::shared_ptr<SimInode> make_file(const std::string& path);
  void make_directory(const std::string& path);
  void remove(const std::string& path);
  void rename(const std::string& from, const std::string& to);

  void sync_directory(const std::string& path);
  void sync_all();
  // A power cut.
  void store_some(SimRandom& random);
  void forget_unstored();

  [[nodiscard]] static std::string parent_of(const std::string& path);

 private:
  using Map = std::map<std::string, std::shared_ptr<SimInode>>;  // null: a directory
  struct Change {
    std::string from;  // "" = none: something was made
    std::string to;    // "" = none: it was removed
    std::shared_ptr<SimInode> what;
    [[nodiscard]] bool rests_on(const Change& earlier) const;
  };
  void change(Change change);
  static void apply(Map& map, const Change& change);
  void store_if(const std::function<bool(const Change&)>& chosen);
  [[nodiscard]] bool is_reachable(const std::string& path) const;

  Map seen_;
  Map stored_;
  std::set<std::string> made_;  // directories that were ever made
  std::vector<Change> unsynced_;
};

}  // namespace midge::sim
