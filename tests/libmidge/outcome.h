// What becomes of an attempt to connect.
#pragma once

#include <midge/client.h>

#include <string>

namespace midge::test {

// "in", "lost" right behind it, or why not.
inline std::string outcome(const Options& options) {
  auto client = Client::connect(options);
  if (!client) return client.error().text();
  return client->flush() ? "in" : "lost";
}

}  // namespace midge::test
