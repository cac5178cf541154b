// Subscriptions that the server has refused, and what it said.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/monitor.h"

namespace midge::detail {

// What an error of permissions is about. Views are into its text.
struct Refusal {
  bool of_subscription = false;  // else of a publish
  std::string_view subject, queue;
};
// nullopt: it is another error.
std::optional<Refusal> read_refusal(std::string_view error);

class Refusals {
 public:
  void add(std::uint64_t sid, const Error& why);
  [[nodiscard]] std::optional<Error> find(std::uint64_t sid) const;
  void forget(std::uint64_t sid);
  // All of them, which are forgotten.
  std::vector<std::uint64_t> take();

 private:
  mutable io::Monitor monitor_;
  std::map<std::uint64_t, Error> by_sid_;
};

}  // namespace midge::detail
