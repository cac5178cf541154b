// Goal: the table finds exactly the subscriptions that are in it, whatever came and went.
// Method: random inserts and erases beside a std::map.
#include "broker/sid_table.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

namespace midge::broker {
namespace {

TEST_CASE("sids come and go as in a map") {
  SubscriptionTable table(LoopId{0});
  SidTable sids;
  std::map<std::string, std::uint32_t> model;
  std::mt19937 random(7);
  for (int step = 0; step < 20000; ++step) {
    std::string sid = std::to_string(random() % 500);
    if (random() % 5 == 0) sid += "-a-sid-that-is-longer-than-fifteen";
    Subscription* found = sids.find(table, sid);
    const auto known = model.find(sid);
    REQUIRE((found != nullptr) == (known != model.end()));
    if (found == nullptr) {
      Subscription& made = table.allocate();
      made.client = reinterpret_cast<Client*>(&table);  // never followed here
      made.sid = Sid(sid);
      sids.insert(table, made);
      model[sid] = made.slot;
    } else {
      REQUIRE(found->slot == known->second);
      REQUIRE(found->sid.text() == sid);
      sids.erase(table, *found);
      table.release(*found);
      model.erase(known);
    }
    REQUIRE(sids.size() == model.size());
  }
  std::size_t visited = 0;
  sids.for_each(table, [&](const Subscription& s) {
    ++visited;
    CHECK(model.contains(std::string(s.sid.text())));
  });
  CHECK(visited == model.size());
}

TEST_CASE("a target of a freed slot finds nothing") {
  SubscriptionTable table(LoopId{3});
  Subscription& first = table.allocate();
  first.client = reinterpret_cast<Client*>(&table);
  const subject::Target target = table.target_of(first);
  CHECK(target.loop() == LoopId{3});
  CHECK(table.find(target) == &first);
  table.release(first);
  CHECK(table.find(target) == nullptr);
  Subscription& second = table.allocate();
  second.client = reinterpret_cast<Client*>(&table);
  CHECK(&second == &first);
  CHECK(table.find(target) == nullptr);
  CHECK(table.find(table.target_of(second)) == &second);
}

TEST_CASE("a sid is written as it was read") {
  for (const std::string text : {"1", "123456789012345", "1234567890123456", "a-very-long-sid-x"}) {
    const Sid sid{text};
    std::string room(64, '.');
    char* end = sid.write(room.data());
    CHECK(std::string(room.data(), end) == text);
    CHECK(sid.size() == text.size());
  }
}

}  // namespace
}  // namespace midge::broker
