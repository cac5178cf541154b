// Goal: each request is answered once: by its answer, by its time, or by the end.
#include "client/requests.h"

#include <doctest/doctest.h>

using namespace midge;
using namespace midge::detail;

namespace {

struct Counted {
  int come = 0;
  OnAnswer done() {
    return [this](const Result<Message>&) { ++come; };
  }
};

const MonoTime kStart{seconds(100).ns};

}  // namespace

TEST_CASE("an answer finds its request once, and never that of another") {
  Requests requests(kStart);
  Counted first, second;
  const RequestToken one = requests.add(first.done(), std::nullopt);
  CHECK(!requests.take({.slot = 7, .generation = 0}));
  CHECK(!requests.take({.slot = one.slot, .generation = one.generation + 1}));
  requests.take(one)(Message());
  CHECK(!requests.take(one));
  const RequestToken two = requests.add(second.done(), std::nullopt);
  CHECK(two.slot == one.slot);  // which is used again
  CHECK(!requests.take(one));
  requests.take(two)(Message());
  CHECK(first.come == 1);
  CHECK(second.come == 1);
}

TEST_CASE("those whose time is over are given back, and no others") {
  Requests requests(kStart);
  Counted counted;
  CHECK(!requests.next_expiry());
  const RequestToken soon = requests.add(counted.done(), kStart + milliseconds(10));
  const RequestToken late = requests.add(counted.done(), kStart + seconds(10));
  CHECK(!requests.add(counted.done(), std::nullopt).is_next);
  CHECK(soon.is_next);  // somebody has to see to it
  CHECK(!late.is_next);
  CHECK(*requests.next_expiry() <= kStart + milliseconds(10));
  CHECK(requests.expire(kStart + milliseconds(9)).empty());
  CHECK(requests.expire(kStart + milliseconds(10)).size() == 1);
  CHECK(!requests.take(soon));
  CHECK(requests.take(late));
  CHECK(!requests.next_expiry());
  CHECK(requests.expire(kStart + seconds(100)).empty());
}

TEST_CASE("at the end all that wait are given back, once") {
  Requests requests(kStart);
  Counted counted;
  for (int i = 0; i < 10; ++i) (void)requests.add(counted.done(), kStart + seconds(i + 1));
  const RequestToken taken = requests.add(counted.done(), std::nullopt);
  CHECK(requests.take(taken));
  for (const OnAnswer& done : requests.take_all()) done(Error("over"));
  CHECK(counted.come == 10);
  CHECK(requests.take_all().empty());
  CHECK(requests.expire(kStart + seconds(100)).empty());
}
