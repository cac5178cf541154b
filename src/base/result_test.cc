// Goal: a Result is what std::expected would be, for users without it. Method: all ways to make and
// to read one.
#include "base/result.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace midge {
namespace {

struct Base {
  virtual ~Base() = default;
};
struct Derived : Base {};

Result<int> half(int of) {
  if (of % 2 != 0) return failure("odd", ErrorCode::kInvalid);
  return of / 2;
}

Result<int> quarter(int of) {
  ASSIGN_OR_RETURN(const int once, half(of));
  return half(once);
}

Result<void> check(int of) {
  TRY(quarter(of));
  return {};
}

TEST_CASE("a value") {
  Result<int> result = quarter(8);
  REQUIRE(result);
  CHECK(*result == 2);
  CHECK(result == 2);
  CHECK(result.value() == 2);
  CHECK(result.value_or(7) == 2);
  CHECK(check(8));
}

TEST_CASE("an error goes up, whatever it is an error of") {
  const Result<int> result = quarter(6);
  REQUIRE(!result);
  CHECK(result.error().text() == "odd");
  CHECK(result.error().code() == ErrorCode::kInvalid);
  CHECK(result.error().within("six").text() == "six: odd");
  CHECK(result.value_or(7) == 7);
  CHECK(!check(6));
  CHECK_THROWS_WITH_AS((void)result.value(), "odd", ResultError);
  CHECK_THROWS_AS(check(6).value(), ResultError);
}

TEST_CASE("an Error is enough to fail") {
  const Result<int> number = Error("no");
  CHECK(!number);
  const Result<void> nothing = Error::of_server(404, 10059, "stream not found");
  CHECK(nothing.error().code() == ErrorCode::kServer);
  CHECK(nothing.error().status() == 404);
  CHECK(nothing.error().err_code() == 10059);
}

TEST_CASE("what it holds may be moved out, and converted") {
  Result<std::unique_ptr<Derived>> derived = std::make_unique<Derived>();
  Result<std::unique_ptr<Base>> base = std::move(derived);
  REQUIRE(base);
  const std::unique_ptr<Base> taken = std::move(base).value();
  CHECK(taken != nullptr);
  Result<std::unique_ptr<Base>> none = Result<std::unique_ptr<Derived>>(failure("none"));
  CHECK(none.error().text() == "none");
}

TEST_CASE("copies are independent") {
  Result<std::string> first = std::string("a");
  Result<std::string> second = first;
  second->append("b");
  CHECK(first == "a");
  CHECK(second == "ab");
  first = failure("gone");
  second = first;
  CHECK(second.error().text() == "gone");
  CHECK(first.error().text() == "gone");
}

TEST_CASE("the value of a result that goes away is moved out") {
  const auto letters = [] {
    return Result<std::vector<std::string>>(std::vector{std::string("a"), std::string("b")});
  };
  std::string all;
  for (const std::string& letter : letters().value()) all += letter;
  for (const std::string& letter : *letters()) all += letter;
  CHECK(all == "abab");
}

// A Result of something else is neither a value nor a truth.
static_assert(!std::is_constructible_v<Result<bool>, Result<std::string>>);

}  // namespace
}  // namespace midge
