// How every room reports failures of the environment: the Result<T> that users of the client know,
// and what returns it quickly.
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "midge/result.h"

namespace midge {

inline std::unexpected<Error> failure(std::string text, ErrorCode code = ErrorCode::kOther) {
  return std::unexpected(Error(std::move(text), code));
}

}  // namespace midge

#define MIDGE_CONCAT_(a, b) a##b
#define MIDGE_CONCAT(a, b) MIDGE_CONCAT_(a, b)

// Returns the error of a Result<void> expression to the caller.
#define TRY(expression)                                       \
  do {                                                        \
    if (auto try_result_ = (expression); !try_result_)        \
      return std::unexpected(std::move(try_result_).error()); \
  } while (false)

// Declares or assigns `target` from a Result<T> expression, or returns its error.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_(MIDGE_CONCAT(assign_result_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_(result, target, expression)             \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  target = std::move(*result)
