// How long a call may take, and who may call it off.
//
//   client.request("time", "", 2s);
//   client.request("time", "", {2s, stop_source.get_token()});
#pragma once

#include <chrono>
#include <stop_token>
#include <utility>

namespace midge {

using Timeout = std::chrono::nanoseconds;

struct Deadline {
  // `within`: from the call on; zero or less: only what needs no waiting.
  template <class Rep, class Period>
  Deadline(std::chrono::duration<Rep, Period> within, std::stop_token stop = {})
      : timeout(std::chrono::duration_cast<Timeout>(within)), stop(std::move(stop)) {}

  Timeout timeout;
  std::stop_token stop;
};

inline constexpr std::chrono::seconds kDefaultTimeout{5};

}  // namespace midge
