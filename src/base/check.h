// ENSURE: our own invariants, checked in every build. A violation is a bug in Midge, never a peer's
// fault: it prints file, line and message, and ends the process.
// DCHECK: the same in debug and sanitizer builds only, for the hot path.
#pragma once

namespace midge {

[[noreturn]] void ensure_failed(const char* file, int line, const char* condition,
                                const char* message) noexcept;

}  // namespace midge

#define ENSURE(condition, message)                                     \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::midge::ensure_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition, message) \
  do {                             \
  } while (false && (condition))
#else
#define DCHECK(condition, message) ENSURE(condition, message)
#endif
