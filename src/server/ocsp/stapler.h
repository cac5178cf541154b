// Keeps staples current: each is asked for again when half of its life is over, on the pool.
//
// Thread: the first loop's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "io/env.h"
#include "server/ocsp/staples.h"

namespace midge::server {

class Stapler {
 public:
  // `on_fatal`: a certificate is not good any more, and the configuration says that this is the
  // end. `env` and `log` outlive it.
  Stapler(io::Env& env, Log& log, std::function<void()> on_fatal);
  ~Stapler();

  // From now on these, which passed check(), and no others. Null: none.
  void watch(io::Loop& loop, std::shared_ptr<Staples> staples);
  // Before the loop ends.
  void stop() { watches_.clear(); }

 private:
  class Watch;
  class RenewJob;

  io::Env& env_;
  Log& log_;
  std::function<void()> on_fatal_;
  std::vector<std::shared_ptr<Watch>> watches_;
};

}  // namespace midge::server
