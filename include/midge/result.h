// Result<T>: a value, or the error that there was instead.
//
//   if (midge::Result<Message> answer = client.request("time", "")) use(*answer);
//   else                                                            tell(answer.error().text());
//
// Nothing throws but value(), for those who would rather have exceptions. C++20.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace midge {

// What went wrong, where a caller decides by it.
enum class ErrorCode : unsigned char {
  kOther,         // only a person can tell
  kNotFound,      // there is none of that name
  kExists,        // there is one already
  kInvalid,       // what was asked for makes no sense, or not there
  kInUse,         // somebody else has it
  kPermission,    // whoever asks may not
  kNoSpace,       // a limit of size or number is reached; later there may be room
  kIo,            // the system or the network has failed
  kClosed,        // it has ended, or was never there
  kTooLarge,      // it never fits
  kTimeout,       // the deadline is over
  kCancelled,     // the stop token says so
  kNoResponders,  // nobody listens where the request went
  kServer,        // the server's answer says so: err_code() and text() are its own
};

// An Error costs one pointer, and success costs that pointer being null. The text is fit for a
// person who operates the program.
class Error {
 public:
  // `text`: for a person; `code`: for a program.
  explicit Error(std::string text, ErrorCode code = ErrorCode::kOther)
      : state_(std::make_unique<State>(State{code, 0, 0, std::move(text)})) {}
  Error(ErrorCode code, std::string text) : Error(std::move(text), code) {}
  // A server's: `status` as in HTTP, `err_code` of JetStream's table (0 = none).
  static Error of_server(int status, int err_code, std::string text) {
    Error error(std::move(text), ErrorCode::kServer);
    error.state_->status = status;
    error.state_->err_code = err_code;
    return error;
  }
  Error(Error&&) noexcept = default;
  Error& operator=(Error&&) noexcept = default;
  Error(const Error& other) : state_(other.copied()) {}
  Error& operator=(const Error& other) {
    state_ = other.copied();
    return *this;
  }
  ~Error() = default;

  [[nodiscard]] ErrorCode code() const { return state_->code; }
  [[nodiscard]] const std::string& text() const { return state_->text; }
  [[nodiscard]] int status() const { return state_->status; }
  [[nodiscard]] int err_code() const { return state_->err_code; }

  // The same error, with where it happened put in front: `context: text`.
  [[nodiscard]] Error within(std::string_view context) const {
    Error error(*this);
    error.state_->text.insert(0, ": ").insert(0, context);
    return error;
  }

 private:
  template <class T>
  friend class Result;
  struct State {
    ErrorCode code;
    int status, err_code;
    std::string text;
  };
  Error() = default;  // none: a Result's that has a value
  [[nodiscard]] std::unique_ptr<State> copied() const {
    return state_ ? std::make_unique<State>(*state_) : nullptr;
  }

  std::unique_ptr<State> state_;
};

// What value() throws where there is none.
class ResultError : public std::runtime_error {
 public:
  // Whose text becomes what() says.
  explicit ResultError(const Error& error) : std::runtime_error(error.text()), error_(error) {}
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
};

template <class T>
class Result;

namespace detail {
template <class T>
inline constexpr bool kIsResult = false;
template <class T>
inline constexpr bool kIsResult<Result<T>> = true;
}  // namespace detail

// An Error, or what carries one and nothing else (std::unexpected).
template <class F>
concept Failure = std::same_as<std::remove_cvref_t<F>, Error> || requires(F&& failure) {
  { std::forward<F>(failure).error() } -> std::convertible_to<Error>;
  requires !requires { failure.has_value(); };
};

// A value, or the error that there was instead of it.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result() requires std::default_initializable<T> : value_(std::in_place) {}
  // Success.
  template <class U = T>
  requires(std::is_constructible_v<T, U> && !Failure<U> &&
           !detail::kIsResult<std::remove_cvref_t<U>>) explicit(!std::is_convertible_v<U, T>)
      Result(U&& value)
      : value_(std::in_place, std::forward<U>(value)) {}
  // Failure.
  template <Failure F>
  Result(F&& failure) : error_(error_of(std::forward<F>(failure))) {}
  // What the other one is.
  template <class U>
  requires(!std::same_as<T, U> && std::is_convertible_v<U, T>) Result(Result<U> other)
      : error_(std::move(other.error_)) {
    if (other) value_.emplace(*std::move(other));
  }

  [[nodiscard]] bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return value_.has_value(); }

  // Only where there is a value. Of a result that goes away it is moved out, so that
  // `for (auto& each : *call())` walks over what is there.
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

  // Only where there is none.
  [[nodiscard]] const Error& error() const& { return error_; }
  [[nodiscard]] Error&& error() && { return std::move(error_); }

  // Throws ResultError where there is none.
  T& value() & {
    check();
    return *value_;
  }
  const T& value() const& {
    check();
    return *value_;
  }
  T value() && {
    check();
    return *std::move(value_);
  }
  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& other) && {
    return value_ ? *std::move(value_) : static_cast<T>(std::forward<U>(other));
  }

  template <class U>
  requires(!detail::kIsResult<U>) friend bool operator==(const Result& result, const U& value) {
    return result && *result == value;
  }

 private:
  template <class U>
  friend class Result;
  template <class F>
  static Error error_of(F&& failure) {
    if constexpr (std::same_as<std::remove_cvref_t<F>, Error>)
      return std::forward<F>(failure);
    else
      return std::forward<F>(failure).error();
  }
  void check() const {
    if (!value_) throw ResultError(error_);
  }

  std::optional<T> value_;
  Error error_;
};

// Success, or an error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  // Failure.
  template <Failure F>
  Result(F&& failure) : error_(Result<bool>::error_of(std::forward<F>(failure))) {}

  [[nodiscard]] bool has_value() const { return !error_.state_; }
  explicit operator bool() const { return has_value(); }
  void operator*() const {}
  [[nodiscard]] const Error& error() const& { return error_; }
  [[nodiscard]] Error&& error() && { return std::move(error_); }
  // Throws ResultError where there is an error.
  void value() const {
    if (error_.state_) throw ResultError(error_);
  }

 private:
  Error error_;
};

}  // namespace midge

#pragma GCC visibility pop
