// Goal: the table holds exactly what was put in, whatever grows, shrinks or collides.
// Method: random insertions and erasures beside a std::map, with hashes that are good, and with
// hashes that are all alike in bucket, in tag, or in both.
#include "subject/pointer_table.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace midge::subject {
namespace {

constexpr LoopId kLoop{0};

struct Node {
  std::uint64_t key;
};

std::uint64_t good(std::uint64_t key) {
  key = (key + 1) * 0x9e3779b97f4a7c15U;
  return (key ^ key >> 29) * 0xbf58476d1ce4e5b9U;
}
std::uint64_t same_bucket(std::uint64_t key) { return good(key) & 0xffff'0000U; }
std::uint64_t same_tag(std::uint64_t key) { return good(key) & 0xffffU; }
std::uint64_t all_same(std::uint64_t) { return 0; }

void run(std::uint64_t (*hash)(std::uint64_t), std::uint64_t keys, int steps) {
  Reclaimer reclaimer(1);
  PointerTable<Node> table(2, reclaimer);
  std::map<std::uint64_t, std::unique_ptr<Node>> model;
  std::uint64_t state = 1;
  for (int step = 0; step < steps; ++step) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    std::uint64_t key = (state >> 33) % keys;
    // Two phases of growth and two of decline.
    bool grow = step / (steps / 4) % 2 == 0 ? (state >> 20) % 4 != 0 : (state >> 20) % 4 == 0;
    auto found = model.find(key);
    WriterGuard guard(table.lock(hash(key)));
    if (found == model.end() && grow) {
      auto node = std::make_unique<Node>(Node{key});
      table.insert(hash(key), node.get(), kLoop);
      model[key] = std::move(node);
    } else if (found != model.end() && !grow) {
      table.erase(hash(key), found->second.get(), kLoop);
      model.erase(found);
    }
    std::uint64_t other = (state >> 40) % keys;
    Node* there = table.find(hash(other), [other](const Node& node) { return node.key == other; });
    auto expected = model.find(other);
    REQUIRE(there == (expected == model.end() ? nullptr : expected->second.get()));
  }
  CHECK(table.size() == model.size());
  std::set<std::uint64_t> visited;
  table.for_each([&visited](Node& node) { visited.insert(node.key); });
  CHECK(visited.size() == model.size());
  for (auto& [key, node] : model) {
    WriterGuard guard(table.lock(hash(key)));
    table.erase(hash(key), node.get(), kLoop);
  }
  CHECK(table.size() == 0);
}

TEST_CASE("random insertions and erasures, good hashes") { run(good, 5000, 100'000); }
TEST_CASE("random insertions and erasures, one bucket for all") { run(same_bucket, 60, 20'000); }
TEST_CASE("random insertions and erasures, one tag for all") { run(same_tag, 500, 20'000); }
TEST_CASE("random insertions and erasures, one hash for all") { run(all_same, 60, 20'000); }

TEST_CASE("churn at a constant size, until every bucket has been full many times") {
  Reclaimer reclaimer(1);
  PointerTable<Node> table(1, reclaimer);
  std::vector<Node> nodes(800);
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    Node& node = nodes[key % nodes.size()];
    if (key >= nodes.size()) {
      WriterGuard guard(table.lock(good(node.key)));
      table.erase(good(node.key), &node, kLoop);
    }
    node.key = key;
    WriterGuard guard(table.lock(good(key)));
    table.insert(good(key), &node, kLoop);
    REQUIRE(table.find(good(key), [key](const Node& one) { return one.key == key; }) == &node);
    REQUIRE(table.find(good(~key), [](const Node&) { return false; }) == nullptr);
    reclaimer.passed_tick(kLoop);
  }
  CHECK(table.size() == nodes.size());
}

TEST_CASE("an empty table finds nothing") {
  Reclaimer reclaimer(1);
  PointerTable<Node> table(4, reclaimer);
  CHECK(table.find(good(1), [](const Node&) { return true; }) == nullptr);
  CHECK(table.size() == 0);
}

}  // namespace
}  // namespace midge::subject
