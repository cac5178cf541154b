#include "sim/sim_names.h"

#include <algorithm>

namespace midge::sim {
namespace {

std::string inside(const std::string& path) { return path.ends_with('/') ? path : path + "/"; }

}  // namespace

std::string SimNames::parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::shared_ptr<SimInode> SimNames::find(const std::string& path) const {
  const auto found = seen_.find(path);
  return found == seen_.end() ? nullptr : found->second;
}

bool SimNames::is_directory(const std::string& path) const {
  if (path.empty() || path == "/") return true;
  const auto found = seen_.find(path);
  if (found != seen_.end()) return found->second == nullptr;
  const auto next = seen_.lower_bound(inside(path));
  return next != seen_.end() && next->first.starts_with(inside(path));
}

std::vector<std::string> SimNames::list(const std::string& path) const {
  const std::string prefix = inside(path);
  std::set<std::string> names;
  for (auto entry = seen_.lower_bound(prefix);
       entry != seen_.end() && entry->first.starts_with(prefix); ++entry) {
    std::string name = entry->first.substr(prefix.size());
    name.resize(std::min(name.find('/'), name.size()));
    names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

void SimNames::for_each_file(
    const std::function<void(const std::string& path, SimInode&)>& visit) const {
  for (const auto& [path, inode] : seen_)
    if (inode != nullptr) visit(path, *inode);
}

std::shared_ptr<SimInode> SimNames::make_file(const std::string& path) {
  auto inode = std::make_shared<SimInode>();
  change({.from = {}, .to = path, .what = inode});
  return inode;
}

void SimNames::make_directory(const std::string& path) {
  if (is_directory(path)) return;
  make_directory(parent_of(path));
  made_.insert(path);
  change({.from = {}, .to = path, .what = nullptr});
}

void SimNames::remove(const std::string& path) {
  change({.from = path, .to = {}, .what = find(path)});
}

void SimNames::rename(const std::string& from, const std::string& to) {
  change({.from = from, .to = to, .what = find(from)});
}

void SimNames::change(Change change) {
  apply(seen_, change);
  unsynced_.push_back(std::move(change));
}

void SimNames::apply(Map& map, const Change& change) {
  if (const auto old = map.find(change.from); old != map.end() && old->second == change.what)
    map.erase(old);
  if (!change.to.empty()) map[change.to] = change.what;
}

bool SimNames::Change::rests_on(const Change& earlier) const {
  const auto names = [&](const std::string& path) {
    return !path.empty() && (path == from || path == to);
  };
  return names(earlier.from) || names(earlier.to) || (what != nullptr && what == earlier.what);
}

void SimNames::store_if(const std::function<bool(const Change&)>& chosen) {
  std::vector<bool> stored(unsynced_.size());
  for (std::size_t i = unsynced_.size(); i-- > 0;) {
    stored[i] = chosen(unsynced_[i]);
    for (std::size_t later = i + 1; !stored[i] && later < unsynced_.size(); ++later)
      stored[i] = stored[later] && unsynced_[later].rests_on(unsynced_[i]);
  }
  std::vector<Change> left;
  for (std::size_t i = 0; i < unsynced_.size(); ++i) {
    if (stored[i]) {
      apply(stored_, unsynced_[i]);
    } else {
      left.push_back(std::move(unsynced_[i]));
    }
  }
  unsynced_ = std::move(left);
}

void SimNames::sync_directory(const std::string& path) {
  store_if([&](const Change& change) {
    return (!change.from.empty() && parent_of(change.from) == path) ||
           (!change.to.empty() && parent_of(change.to) == path);
  });
}

void SimNames::sync_all() {
  store_if([](const Change&) { return true; });
}

void SimNames::store_some(SimRandom& random) {
  const std::uint64_t kept_of_4 = random.below(5);
  store_if([&](const Change&) { return random.below(4) < kept_of_4; });
  unsynced_.clear();
  std::erase_if(stored_, [this](const auto& entry) { return !is_reachable(entry.first); });
}

// A directory of which the disk knows nothing takes with it what is in it.
bool SimNames::is_reachable(const std::string& path) const {
  for (std::string folder = parent_of(path); folder.size() > 1; folder = parent_of(folder))
    if (made_.contains(folder) && !stored_.contains(folder)) return false;
  return true;
}

void SimNames::forget_unstored() {
  seen_ = stored_;
  unsynced_.clear();
}

}  // namespace midge::sim
