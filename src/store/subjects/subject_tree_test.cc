// Goal: the tree is a map from subjects to states, in order, whatever is inserted and erased, and
// its walks visit what a filter matches once and in order.
// Method: random operations beside a std::map. Alphabets are small, so that subjects share
// beginnings, are beginnings of one another, and nodes of every size come and go.
#include "store/subjects/subject_tree.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace midge::store {
namespace {

using Model = std::map<std::string, std::uint32_t>;

std::string random_subject(std::mt19937& random, std::uint32_t letters) {
  std::string text;
  const std::uint32_t count = 1 + random() % 4;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0) text += '.';
    const std::uint32_t size = 1 + random() % 3;
    for (std::uint32_t j = 0; j < size; ++j)
      text += static_cast<char>(letters > 26 ? '/' + random() % letters : 'a' + random() % letters);
  }
  return text;
}

std::string random_pattern(std::mt19937& random, std::uint32_t letters) {
  std::string text;
  const std::uint32_t count = 1 + random() % 4;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i > 0) text += '.';
    const std::uint32_t draw = random() % 8;
    if (draw < 3)
      text += '*';
    else if (draw == 3 && i + 1 == count)
      text += '>';
    else
      text += static_cast<char>('a' + random() % letters);
  }
  return text;
}

std::vector<std::string> walk_all(SubjectTree& tree, const Filter& filter, std::size_t budget) {
  std::vector<std::string> seen;
  SubjectTree::Walk walk(filter);
  while (!walk.done())
    tree.step(walk, budget, [&](std::string_view subject, SubjectState&) {
      seen.emplace_back(subject);
      return true;
    });
  return seen;
}

std::vector<std::string> wanted(const Model& model, const Filter& filter) {
  std::vector<std::string> out;
  for (const auto& [subject, value] : model)
    if (filter.matches(subject)) out.push_back(subject);
  return out;
}

void check_same(SubjectTree& tree, const Model& model) {
  REQUIRE(tree.size() == model.size());
  auto expected = model.begin();
  SubjectTree::Walk walk{Filter()};
  while (!walk.done())
    tree.step(walk, 1000, [&](std::string_view subject, SubjectState& state) {
      REQUIRE(expected != model.end());
      REQUIRE(subject == expected->first);
      REQUIRE(state.count == expected->second);
      ++expected;
      return true;
    });
  REQUIRE(expected == model.end());
}

struct Mix {
  std::uint32_t letters;
  int operations;
  std::size_t size;  // about which the tree stays
};

TEST_CASE("random operations beside a map") {
  for (const Mix mix : {Mix{2, 40'000, 60}, Mix{26, 80'000, 3000}, Mix{80, 80'000, 20'000}}) {
    std::mt19937 random(mix.letters);
    SubjectTree tree;
    Model model;
    for (int i = 0; i < mix.operations; ++i) {
      const std::string subject = random_subject(random, mix.letters);
      // Erasing wins when there are many, so that nodes shrink too.
      if (random() % (2 * mix.size) < model.size()) {
        std::string victim = subject;
        if (auto at = model.lower_bound(subject); at != model.end()) victim = at->first;
        REQUIRE(tree.erase(victim) == (model.erase(victim) > 0));
        REQUIRE(tree.find(victim) == nullptr);
      } else {
        SubjectState& state = tree.insert(subject);
        REQUIRE(state.count == model[subject]);
        model[subject] = state.count = random();
      }
      const std::string other = random_subject(random, mix.letters);
      const SubjectState* found = tree.find(other);
      const auto known = model.find(other);
      REQUIRE((found != nullptr) == (known != model.end()));
      if (found != nullptr) REQUIRE(found->count == known->second);
      if (i % 20'000 == 0) check_same(tree, model);
    }
    check_same(tree, model);
    for (const auto& [subject, value] : Model(model)) REQUIRE(tree.erase(subject));
    CHECK(tree.size() == 0);
    CHECK(walk_all(tree, Filter(), 100).empty());
  }
}

TEST_CASE("walks of filters visit what matches, with any budget") {
  std::mt19937 random(11);
  SubjectTree tree;
  Model model;
  for (int i = 0; i < 1500; ++i) {
    const std::string subject = random_subject(random, 3);
    tree.insert(subject).count = 1;
    model[subject] = 1;
  }
  for (int i = 0; i < 400; ++i) {
    std::vector<std::string> patterns(1 + random() % 3);
    for (std::string& pattern : patterns) pattern = random_pattern(random, 3);
    const Filter filter(patterns);
    std::string shown;
    for (const std::string& pattern : patterns) shown += pattern + ' ';
    CAPTURE(shown);
    REQUIRE(walk_all(tree, filter, 1 + random() % 50) == wanted(model, filter));
    REQUIRE(walk_all(tree, filter, 1'000'000) == wanted(model, filter));
  }
}

TEST_CASE("a walk among changes visits each once, in order, and misses none that stayed") {
  std::mt19937 random(13);
  for (int round = 0; round < 300; ++round) {
    SubjectTree tree;
    Model model;  // value 1: there from before the walk until its end
    for (int i = 0; i < 300; ++i) {
      const std::string subject = random_subject(random, 3);
      tree.insert(subject);
      model[subject] = 1;
    }
    const Filter filter =
        round % 3 == 0 ? Filter() : Filter({random_pattern(random, 3), random_pattern(random, 3)});
    SubjectTree::Walk walk(filter);
    std::string last;
    Model seen;
    while (!walk.done()) {
      tree.step(walk, 1 + random() % 8, [&](std::string_view subject, SubjectState&) {
        REQUIRE(subject > last);
        REQUIRE(filter.matches(subject));
        last = subject;
        seen[last] = 1;
        return random() % 10 > 0;
      });
      for (int i = 0; i < 3; ++i) {
        const std::string subject = random_subject(random, 3);
        if (random() % 2 == 0) {
          tree.erase(subject);
          model.erase(subject);
        } else {
          tree.insert(subject);
        }
      }
    }
    for (const std::string& subject : wanted(model, filter)) {
      CAPTURE(subject);
      REQUIRE(seen.contains(subject));
    }
  }
}

TEST_CASE("a stopped walk goes on behind the subject that was last visited") {
  SubjectTree tree;
  for (const char* subject : {"a", "a.b", "ab", "b"}) tree.insert(subject);
  SubjectTree::Walk walk{Filter()};
  std::vector<std::string> seen;
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(walk.done());
    tree.step(walk, 100, [&](std::string_view subject, SubjectState&) {
      seen.emplace_back(subject);
      return false;
    });
  }
  tree.step(walk, 100, [](std::string_view, SubjectState&) { return true; });
  CHECK(walk.done());
  CHECK(seen == std::vector<std::string>{"a", "a.b", "ab", "b"});
}

TEST_CASE("every byte and long texts") {
  SubjectTree tree;
  Model model;
  for (int first = 0; first < 256; ++first)
    for (int size : {1, 2, 300, 5000}) {
      const std::string subject(static_cast<std::size_t>(size), static_cast<char>(first));
      tree.insert(subject).count = 7;
      model[subject] = 7;
    }
  const std::string longest(SubjectTree::kSubjectMax, 'x');
  tree.insert(longest).count = 7;
  model[longest] = 7;
  check_same(tree, model);
  for (const auto& [subject, value] : Model(model)) {
    REQUIRE(tree.erase(subject));
    REQUIRE_FALSE(tree.erase(subject));
  }
  CHECK(tree.size() == 0);
}

TEST_CASE("a cleared tree gives its memory back in pieces and can be used meanwhile") {
  SubjectTree tree;
  for (int i = 0; i < 20'000; ++i) tree.insert("orders." + std::to_string(i));
  const std::size_t full = tree.memory();
  tree.clear();
  CHECK(tree.size() == 0);
  CHECK(tree.find("orders.1") == nullptr);
  CHECK(tree.memory() >= full / 2);
  tree.insert("orders.1").count = 3;
  while (tree.sweep(1)) {
  }
  CHECK(tree.memory() < full / 10);
  REQUIRE(tree.find("orders.1") != nullptr);
  CHECK(tree.find("orders.1")->count == 3);
}

TEST_CASE("a subject takes less than a hundred bytes, and memory comes back when they go") {
  SubjectTree tree;
  std::mt19937_64 random(17);
  std::vector<std::string> subjects;
  for (int i = 0; i < 100'000; ++i) {
    std::string subject = "$KV.B.";
    for (int j = 0; j < 20; ++j) subject += "0123456789abcdef"[random() % 16];
    tree.insert(subject);
    subjects.push_back(subject);
  }
  CHECK(tree.memory() / tree.size() < 100);
  const std::size_t full = tree.memory();
  for (const std::string& subject : subjects) tree.erase(subject);
  CHECK(tree.memory() < full / 3);
}

}  // namespace
}  // namespace midge::store
