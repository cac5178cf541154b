// Makes profiles of this process on request: of its processor time, and of what its threads do now.
//
// One at a time, since a process has one profiler. Life: with the loop; what is under way when it
// goes is dropped. Thread: the loop's; stacks are named and written on the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "io/timer.h"

namespace midge::server {

struct ProfileRequest {
  std::string name;  // as Go calls them
  Duration duration;
  Duration longest = seconds(15);  // that whoever asks may want
};

class ProfileDesk {
 public:
  // The bytes of a profile (pprof.h), or why there is none; on the loop.
  using Done = std::function<void(Result<std::string>)>;

  ProfileDesk(io::Env& env, io::Loop& loop) : env_(env), loop_(loop) {}
  ~ProfileDesk();

  // `done` comes now or later.
  void make(const ProfileRequest& request, Done done);
  // The functions at addresses, "" = not known; none while something else is under way. `done`
  // comes now or later, on the loop.
  using Names = std::map<std::uint64_t, std::string>;
  void name(std::vector<std::uint64_t> addresses, std::function<void(const Names&)> done);

 private:
  class NameJob;
  class ProfileJob;
  enum class Kind : std::uint8_t { kProcessorTime, kThreads };
  struct Door {
    ProfileDesk* desk = nullptr;  // null once it is gone
  };

  Result<void> begin(const ProfileRequest& request);
  void on_timer();
  void collect(Kind kind);
  void finish(Result<std::string> profile);

  io::Env& env_;
  io::Loop& loop_;
  Done done_;  // of the one under way; empty: none is
  MonoTime begun_{};
  io::MemberTimer<&ProfileDesk::on_timer> timer_{*this};
  std::shared_ptr<Door> door_ = std::make_shared<Door>(Door{this});
};

}  // namespace midge::server
