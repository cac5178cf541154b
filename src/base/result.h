// Result<T>: how every room reports failures of the environment.
//
// An Error costs one pointer, and success costs that pointer being null. Errors carry a text fit
// for the person who operates the server, and a code where a caller decides by it.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <utility>

namespace midge {

enum class ErrorCode : unsigned char {
  kOther,
  kNotFound,
  kExists,
  kInvalid,
  kInUse,
  kPermission,
  kNoSpace,
  kIo,
  kClosed,
  kTooLarge,
};

class Error {
 public:
  explicit Error(std::string text, ErrorCode code = ErrorCode::kOther)
      : state_(std::make_unique<State>(State{code, std::move(text)})) {}
  Error(ErrorCode code, std::string text) : Error(std::move(text), code) {}
  Error(Error&&) = default;
  Error& operator=(Error&&) = default;
  Error(const Error& other) : state_(std::make_unique<State>(*other.state_)) {}
  Error& operator=(const Error& other) {
    state_ = std::make_unique<State>(*other.state_);
    return *this;
  }

  [[nodiscard]] ErrorCode code() const { return state_->code; }
  [[nodiscard]] const std::string& text() const { return state_->text; }

  // The same error, with where it happened put in front: `context: text`.
  [[nodiscard]] Error within(std::string_view context) const {
    std::string text(context);
    text.append(": ").append(state_->text);
    return Error(state_->code, std::move(text));
  }

 private:
  struct State {
    ErrorCode code;
    std::string text;
  };
  std::unique_ptr<State> state_;
};

template <class T>
using Result = std::expected<T, Error>;

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
