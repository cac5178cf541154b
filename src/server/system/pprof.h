// Sampled stacks as a profile that `go tool pprof` reads. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/profiler.h"

namespace midge::server {

struct Pprof {
  std::string_view type, unit;  // of what is counted: "samples", "count"
  Duration period{};            // of processor time that a sample stands for; 0: none
  WallTime start;
  Duration took;
  std::vector<io::StackSample> samples;
};

// Where the stacks' addresses are, and what is there.
struct CodeNames {
  std::vector<io::CodeRange> code;
  std::vector<std::uint64_t> addresses;  // rise
  std::vector<std::string> functions;    // at each of them; "" = not known
};

// All addresses of the samples, each once, rising.
[[nodiscard]] std::vector<std::uint64_t> addresses_of(const std::vector<io::StackSample>& samples);

// Compressed, as profiles are.
[[nodiscard]] std::string write_pprof(const Pprof& pprof, const CodeNames& names);

}  // namespace midge::server
