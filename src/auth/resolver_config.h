// Where operator mode gets the claims of accounts from, as the configuration says it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace midge::auth {

struct ResolverConfig {
  enum class Kind : std::uint8_t {
    kMemory,  // `preload` and what is pushed while the server runs
    kUrl,     // asked over HTTP for each account
    kFull,    // a folder that holds every account
    kCache,   // a folder that holds the accounts asked for
  };
  Kind kind = Kind::kMemory;
  std::string url;        // of kUrl: the account's key goes behind it
  std::string directory;  // of kFull and kCache
  bool allow_delete = false;
  bool hard_delete = false;  // files are removed, not renamed
  Duration interval{};       // between two synchronizations; zero: the default
  std::int64_t limit = 0;    // of files; zero: the default
  Duration timeout{};        // of a fetch; zero: the default
  Duration ttl{};            // of kCache; zero: none

  bool operator==(const ResolverConfig&) const = default;
};

// `resolver_preload`: public keys of accounts and their claims, in file order.
using PreloadedClaims = std::vector<std::pair<std::string, std::string>>;

}  // namespace midge::auth
