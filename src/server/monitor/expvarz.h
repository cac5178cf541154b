// `/debug/vars`: figures of the process under the names that Go's expvar gives them. Those of its
// collector, which there is none of here, are 0. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/json_writer.h"

namespace midge::server {

struct Expvarz {
  std::string_view executable;  // of the command line no more, for it may hold secrets
  std::int64_t memory_bytes = 0;
};

// The value of `memstats`.
void write_memstats(codec::JsonWriter& json, const Expvarz& expvarz);
[[nodiscard]] std::string compose_expvarz(const Expvarz& expvarz);

}  // namespace midge::server
