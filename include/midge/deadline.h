// How long a call may take, and who may call it off.
//
//   client.request("time", "", 2s);
//   client.request("time", "", {2s, stop_source.get_token()});
#pragma once

#include <chrono>
#include <stop_token>
#include <utility>

#pragma GCC visibility push(default)

namespace midge {

// A duration.
using Timeout = std::chrono::nanoseconds;

// How long, and until who says so.
struct Deadline {
  // `within`: from the call on; zero or less: only what needs no waiting.
  template <class Rep, class Period>
  Deadline(std::chrono::duration<Rep, Period> within, std::stop_token stop = {})
      : timeout(std::chrono::duration_cast<Timeout>(within)), stop(std::move(stop)) {}

  Timeout timeout;
  std::stop_token stop;
};

// Of calls that are told nothing else.
inline constexpr std::chrono::seconds kDefaultTimeout{5};

}  // namespace midge

#pragma GCC visibility pop
