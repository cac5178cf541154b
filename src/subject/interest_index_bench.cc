// Goal: what the interest index costs with a million subscriptions, far beyond the CPU's caches.
// Method: subjects of 20 to 30 bytes in 3 to 5 tokens. Published subjects lie one behind the other
// in a shuffled order, so that what misses the caches is the index and not the benchmark's own
// input. `hit` subjects reach at least the subscription they were made from, `miss` subjects share
// their first tokens with subscriptions and reach none (but for a wildcard that meets them by
// chance).
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "subject/interest_index.h"

namespace midge::subject {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr std::uint32_t kTenThousand = 10'000;
constexpr AccountId kAccount{0};

Target target(std::uint32_t slot) { return Target(LoopId{0}, slot, 1); }

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  // `orders.eu-17.dev-04711.temp.a9`: some of 20 services, 50 regions, many devices.
  std::string literal() {
    std::string text = kServices[random_() % 20];
    text += '.';
    text += kRegions[random_() % 5];
    text += std::to_string(random_() % 10);
    text += '.';
    text += word(8);
    std::uint32_t more = random_() % 3;
    for (std::uint32_t i = 0; i < more; ++i) text += '.' + word(i == 0 ? 4 : 2);
    while (text.size() < 20) text += 'x';
    return text;
  }
  // A literal subject with one token made wild. Nearly all still name one device; one in a hundred
  // wants a whole region of a service.
  std::string pattern() {
    std::vector<std::string> tokens = split(literal());
    switch (random_() % 100 == 0 ? 4 : random_() % 4) {
      case 0:
        tokens[1] = "*";
        break;
      case 1:
        tokens.push_back(">");
        break;
      case 2:
        tokens.push_back("*");
        break;
      case 3:
        tokens[0] = "*";
        break;
      default:
        tokens.resize(2), tokens.push_back(">");
        break;
    }
    return join(tokens);
  }
  // A subject that `pattern` matches.
  std::string instance(const std::string& pattern) {
    std::vector<std::string> tokens = split(pattern);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      if (tokens[i] == "*" || tokens[i] == ">")
        tokens[i] = i == 0 ? kServices[random_() % 20] : i == 1 ? "eu-3" : word(4);
    return join(tokens);
  }
  std::string inbox() { return "_INBOX." + word(22); }
  std::string word(std::size_t length) {
    std::string text(length, ' ');
    for (char& c : text) c = kDigits[random_() % 62];
    return text;
  }
  std::mt19937_64& random() { return random_; }

 private:
  static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> tokens(1);
    for (char c : text) {
      if (c == '.')
        tokens.emplace_back();
      else
        tokens.back() += c;
    }
    return tokens;
  }
  static std::string join(const std::vector<std::string>& tokens) {
    std::string text;
    for (const std::string& token : tokens) text += (text.empty() ? "" : ".") + token;
    return text;
  }
  static constexpr const char* kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr const char* kServices[20] = {
      "orders", "billing", "telemetry", "auth",  "shipping", "stock", "chat",
      "video",  "game",    "iot",       "ads",   "search",   "mail",  "log",
      "audit",  "price",   "quote",     "trade", "risk",     "maps"};
  static constexpr const char* kRegions[5] = {"eu-", "us-", "ap-", "sa-", "af-"};
  std::mt19937_64 random_;
};

// Texts one behind the other, as a socket would bring them.
class Texts {
 public:
  explicit Texts(const std::vector<std::string>& all) {
    for (const std::string& text : all) {
      begins_.push_back(static_cast<std::uint32_t>(bytes_.size()));
      bytes_ += text;
    }
    begins_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }
  [[nodiscard]] std::string_view at(std::size_t i) const {
    return {bytes_.data() + begins_[i], begins_[i + 1] - begins_[i]};
  }
  [[nodiscard]] std::size_t size() const { return begins_.size() - 1; }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> begins_;
};

std::size_t heap_bytes() {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// So many subscriptions, of which `wild_percent` have wildcards.
struct Filled {
  Filled(std::uint32_t wild_percent, std::uint32_t count) : index(1, 42) {
    Maker maker(1);
    std::vector<std::string> patterns(count);
    for (std::uint32_t i = 0; i < count; ++i)
      patterns[i] = i % 100 < wild_percent ? maker.pattern() : maker.literal();
    std::vector<Registration>(count).swap(registrations);
    std::size_t before = heap_bytes();
    for (std::uint32_t i = 0; i < count; ++i)
      registrations[i] = index.insert(kAccount, patterns[i], "", target(i));
    while (index.stats().waiting_to_be_freed > 0) index.passed_tick(LoopId{0});
    bytes_per_subscription = static_cast<double>(heap_bytes() - before) / count;
    std::shuffle(patterns.begin(), patterns.end(), maker.random());
    for (std::string& pattern : patterns) pattern = maker.instance(pattern);
    hits = std::make_unique<Texts>(patterns);
    for (std::string& subject : patterns) subject = maker.literal();
    misses = std::make_unique<Texts>(patterns);
  }
  InterestIndex index;
  std::vector<Registration> registrations;
  std::unique_ptr<Texts> hits;
  std::unique_ptr<Texts> misses;
  double bytes_per_subscription;
};

Filled& filled(std::uint32_t wild_percent, std::uint32_t count) {
  static std::map<std::pair<std::uint32_t, std::uint32_t>, std::unique_ptr<Filled>> worlds;
  std::unique_ptr<Filled>& world = worlds[{wild_percent, count}];
  if (world == nullptr) world = std::make_unique<Filled>(wild_percent, count);
  return *world;
}

void match(benchmark::State& state, bool hit, bool look_ahead = false) {
  Filled& world = filled(static_cast<std::uint32_t>(state.range(0)),
                         static_cast<std::uint32_t>(state.range(1)));
  const Texts& texts = hit ? *world.hits : *world.misses;
  MatchResult result;
  std::size_t i = 0;
  std::uint64_t found = 0;
  std::array<std::uint64_t, 8> hints{};
  for (auto _ : state) {
    if (look_ahead) {
      world.index.prefetch_interest(hints[(i + 2) % hints.size()]);
      const std::size_t coming = (i + 4) % texts.size();
      hints[(i + 4) % hints.size()] = world.index.prefetch(kAccount, texts.at(coming));
    }
    result.clear();
    world.index.match(kAccount, texts.at(i), result);
    found += result.plain.size();
    if (++i == texts.size()) i = 0;
  }
  state.counters["targets"] = static_cast<double>(found) / static_cast<double>(state.iterations());
  state.counters["bytes/sub"] = world.bytes_per_subscription;
}
void match_hit(benchmark::State& state) { match(state, true); }
void match_miss(benchmark::State& state) { match(state, false); }
// As the broker asks, which looks at the publishes that follow (broker/look_ahead.h).
void match_hit_ahead(benchmark::State& state) { match(state, true, true); }
void match_miss_ahead(benchmark::State& state) { match(state, false, true); }
BENCHMARK(match_hit_ahead)
    ->ArgNames({"wild%", "subs"})
    ->ArgsProduct({{0, 10}, {kTenThousand, kMillion}});
BENCHMARK(match_miss_ahead)
    ->ArgNames({"wild%", "subs"})
    ->ArgsProduct({{0, 10}, {kTenThousand, kMillion}});
BENCHMARK(match_hit)->ArgNames({"wild%", "subs"})->ArgsProduct({{0, 10}, {kTenThousand, kMillion}});
BENCHMARK(match_miss)
    ->ArgNames({"wild%", "subs"})
    ->ArgsProduct({{0, 10}, {kTenThousand, kMillion}});

// What one dependent load from as much memory costs on this machine, to read the rows above by.
void one_random_load(benchmark::State& state) {
  std::vector<std::uint64_t> memory(std::size_t{10} << 20);
  std::uint64_t at = 1;
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = i * 0x9e3779b97f4a7c15U;
  for (auto _ : state) at = memory[(at >> 20) % memory.size()] + at * 3;
  benchmark::DoNotOptimize(at);
}
BENCHMARK(one_random_load);

void generation(benchmark::State& state) {
  Filled& world = filled(10, kMillion);
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (auto _ : state) {
    sum += world.index.generation(kAccount, world.hits->at(i));
    if (++i == world.hits->size()) i = 0;
  }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(generation);

// Request-reply as clients do it: an inbox comes, another one goes, a million are there.
void inbox_churn(benchmark::State& state, const char* last_token) {
  constexpr std::uint32_t kInboxes = kMillion;
  Maker maker(3);
  InterestIndex index(1, 42);
  std::vector<std::string> subjects;
  for (std::uint32_t i = 0; i < kInboxes * 2; ++i)
    subjects.push_back(maker.inbox() + "." + (*last_token == '*' ? "*" : maker.word(8)));
  Texts texts(subjects);
  std::vector<std::string>().swap(subjects);
  std::vector<Registration> registrations(texts.size());
  std::size_t before = heap_bytes();
  for (std::uint32_t i = 0; i < kInboxes; ++i)
    registrations[i] = index.insert(kAccount, texts.at(i), "", target(i));
  while (index.stats().waiting_to_be_freed > 0) index.passed_tick(LoopId{0});
  state.counters["bytes/sub"] = static_cast<double>(heap_bytes() - before) / kInboxes;
  std::uint32_t oldest = 0;
  std::uint32_t next = kInboxes;
  for (auto _ : state) {
    registrations[next] = index.insert(kAccount, texts.at(next), "", target(next));
    index.remove(registrations[oldest], target(oldest));
    next = next + 1 == texts.size() ? 0 : next + 1;
    oldest = oldest + 1 == texts.size() ? 0 : oldest + 1;
    if (next % 64 == 0) index.passed_tick(LoopId{0});
  }
}
BENCHMARK_CAPTURE(inbox_churn, literal, "x");
BENCHMARK_CAPTURE(inbox_churn, star, "*");

// The longest single insert on the way from none to a million, and the longest removal back.
void longest_stall(benchmark::State& state, const char* last_token) {
  Maker maker(3);
  std::vector<std::string> subjects;
  for (std::uint32_t i = 0; i < kMillion; ++i)
    subjects.push_back(maker.inbox() + "." + (*last_token == '*' ? "*" : maker.word(8)));
  std::vector<Registration> registrations(kMillion);
  std::vector<std::uint32_t> took(kMillion);
  auto ticks = [] { return __builtin_ia32_rdtsc(); };
  for (auto _ : state) {
    InterestIndex index(1, 42);
    for (std::uint32_t i = 0; i < kMillion; ++i) {
      auto begin = ticks();
      registrations[i] = index.insert(kAccount, subjects[i], "", target(i));
      took[i] = static_cast<std::uint32_t>(ticks() - begin);
      if (i % 64 == 0) index.passed_tick(LoopId{0});
    }
    std::sort(took.begin(), took.end());
    state.counters["insert_99.99%_cycles"] = took[took.size() / 10000 * 9999];
    state.counters["insert_max_cycles"] = took.back();
    for (std::uint32_t i = 0; i < kMillion; ++i) {
      auto begin = ticks();
      index.remove(registrations[i], target(i));
      took[i] = static_cast<std::uint32_t>(ticks() - begin);
      if (i % 64 == 0) index.passed_tick(LoopId{0});
    }
    std::sort(took.begin(), took.end());
    state.counters["remove_99.99%_cycles"] = took[took.size() / 10000 * 9999];
    state.counters["remove_max_cycles"] = took.back();
  }
}
BENCHMARK_CAPTURE(longest_stall, literal, "x")->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(longest_stall, star, "*")->Iterations(1)->Unit(benchmark::kMillisecond);

// 100,000 subscribers of one subject come, and go in random order.
void one_subject_many_targets(benchmark::State& state) {
  constexpr std::uint32_t kTargets = 100'000;
  std::vector<std::uint32_t> order(kTargets);
  for (std::uint32_t i = 0; i < kTargets; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(5));
  std::vector<Registration> registrations(kTargets);
  for (auto _ : state) {
    InterestIndex index(1, 42);
    for (std::uint32_t i : order)
      registrations[i] = index.insert(kAccount, "market.prices.all", "", target(i));
    std::shuffle(order.begin(), order.end(), std::mt19937_64(6));
    for (std::uint32_t i : order) index.remove(registrations[i], target(i));
  }
  state.SetItemsProcessed(state.iterations() * kTargets * 2);
}
BENCHMARK(one_subject_many_targets)->Unit(benchmark::kMillisecond);

void match_1000_targets(benchmark::State& state) {
  InterestIndex index(1, 42);
  for (std::uint32_t i = 0; i < 1000; ++i)
    index.insert(kAccount, "market.prices.all", "", target(i));
  MatchResult result;
  for (auto _ : state) {
    result.clear();
    index.match(kAccount, "market.prices.all", result);
    benchmark::DoNotOptimize(result.plain.data());
  }
}
BENCHMARK(match_1000_targets);

}  // namespace
}  // namespace midge::subject
