#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace midge {

void ensure_failed(const char* file, int line, const char* condition,
                   const char* message) noexcept {
  // stdio, not the log: the log may be what is broken.
  std::fprintf(stderr, "midge: %s:%d: invariant violated: %s (%s)\n", file, line, message,
               condition);
  std::abort();
}

}  // namespace midge
