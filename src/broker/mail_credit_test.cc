// Goal: a sender without credit is told when there is some again, and only then.
#include "broker/mail_credit.h"

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

TEST_CASE("who waits is told once half of the credit is free") {
  constexpr std::int64_t kMax = MailCredit::kBytesMax;
  MailCredit credit(2);
  const LoopId from{0};
  const LoopId to{1};
  credit.add(from, to, kMax);
  CHECK(credit.available(from, to));
  CHECK_FALSE(credit.settle(from, to, 0));  // nobody waits
  credit.add(from, to, 1);
  CHECK_FALSE(credit.available(from, to));
  CHECK(credit.available(to, from));  // each direction has its own
  CHECK_FALSE(credit.settle(from, to, kMax / 4));
  CHECK(credit.settle(from, to, kMax / 2));
  CHECK_FALSE(credit.settle(from, to, 1));  // told already
  CHECK(credit.available(from, to));
}

}  // namespace
}  // namespace midge::broker
