// Key-value buckets.
#include "midge/key_value.h"

#include <thread>

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::ErrorCode;
using midge::KeyOperation;
using midge::KeyValueEntry;
using midge::test::Collected;
using midge::test::JetStreamTest;

namespace {

struct KeyValueTest : JetStreamTest {
  midge::KeyValueStore store{js};
  [[nodiscard]] midge::KeyValue bucket(midge::KeyValueConfig config = {}) const {
    config.bucket = "B";
    config.storage = midge::Storage::kMemory;
    return store.create(config).value();
  }
};

// `key=value@revision`, with `-` for a delete and `!` for a purge; `.` for the end of what was
// there.
std::string text_of(const std::optional<KeyValueEntry>& entry) {
  if (!entry) return ".";
  const char* const mark = entry->operation == KeyOperation::kPut      ? "="
                           : entry->operation == KeyOperation::kDelete ? "-"
                                                                       : "!";
  return entry->key + mark + entry->value + "@" + std::to_string(entry->revision);
}

// So many of what a watcher tells.
std::vector<std::string> texts_of(midge::KeyWatcher& watcher, std::size_t count) {
  std::vector<std::string> texts;
  while (texts.size() < count) {
    const auto entry = watcher.next();
    if (!entry) return texts.emplace_back(entry.error().text()), texts;
    texts.push_back(text_of(*entry));
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(KeyValueTest, "buckets are made, changed, listed and removed") {
  const auto made = store.create({.bucket = "ONE",
                                  .description = "first",
                                  .max_value_size = 100,
                                  .history = 5,
                                  .ttl = 1h,
                                  .max_bytes = 1 << 20,
                                  .compression = true,
                                  .limit_marker_ttl = 10s,
                                  .metadata = {{"k", "v"}}});
  REQUIRE_OK(made);
  CHECK(made->bucket() == "ONE");
  const auto status = made->status();
  REQUIRE_OK(status);
  CHECK(status->bucket == "ONE");
  CHECK(status->history == 5);
  CHECK(status->ttl == 1h);
  CHECK(status->limit_marker_ttl == 10s);
  CHECK(status->compression);
  CHECK(status->values == 0);
  const midge::StreamConfig& config = status->stream.config;
  CHECK(config.subjects == Texts{"$KV.ONE.>"});
  CHECK(config.max_message_size == 100);
  CHECK(config.allow_direct);
  CHECK(config.allow_rollup);
  CHECK(config.deny_delete);
  CHECK(config.discard == midge::Discard::kNew);
  CHECK(config.metadata.at("k") == "v");
  CHECK(made->put("big", std::string(200, 'x')).error().code() == ErrorCode::kServer);

  CHECK(store.create({.bucket = "ONE"}).error().err_code() == 10058);
  REQUIRE_OK(store.create_or_update({.bucket = "TWO"}));
  REQUIRE_OK(store.update({.bucket = "TWO", .history = 3}));
  CHECK(store.bucket("TWO")->status()->history == 3);
  CHECK(*store.names() == Texts{"ONE", "TWO"});
  CHECK(store.statuses()->size() == 2);
  REQUIRE_OK(store.remove("TWO"));
  CHECK(store.bucket("TWO").error().code() == ErrorCode::kNotFound);
  CHECK(store.remove("TWO").error().code() == ErrorCode::kNotFound);
  CHECK(store.create({.bucket = "a.b"}).error().code() == ErrorCode::kInvalid);
  CHECK(store.create({.bucket = "THREE", .history = 65}).error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(KeyValueTest, "values are put, got, changed and removed") {
  const auto kv = bucket({.history = 5});
  CHECK(kv.get("a").error().code() == ErrorCode::kNotFound);
  CHECK(*kv.put("a", "1") == 1);
  CHECK(*kv.put("a", std::string("\0x", 2)) == 2);
  const auto entry = kv.get("a");
  REQUIRE_OK(entry);
  CHECK(entry->bucket == "B");
  CHECK(entry->key == "a");
  CHECK(entry->value == std::string("\0x", 2));
  CHECK(entry->revision == 2);
  CHECK(entry->created.time_since_epoch() > 0s);
  CHECK(kv.get_revision("a", 1)->value == "1");
  CHECK(kv.get_revision("b", 1).error().code() == ErrorCode::kNotFound);
  CHECK(kv.get_revision("a", 9).error().code() == ErrorCode::kNotFound);

  CHECK(*kv.update("a", "3", 2) == 3);
  CHECK(kv.update("a", "4", 2).error().err_code() == 10071);
  REQUIRE_OK(kv.remove("a"));
  CHECK(kv.get("a").error().code() == ErrorCode::kNotFound);
  CHECK(kv.get_revision("a", 3)->value == "3");
  CHECK(kv.remove("a", 3).error().err_code() == 10071);
  CHECK(*kv.put("c.d/e_f=g-h", "odd") == 5);
  CHECK(kv.get("c.d/e_f=g-h")->value == "odd");
  for (const char* bad : {"", ".a", "a.", "a..b", "a b", "a*", ">", "\xc3\xa4"}) {
    CAPTURE(bad);
    CHECK(kv.put(bad, "").error().code() == ErrorCode::kInvalid);
    CHECK(kv.get(bad).error().code() == ErrorCode::kInvalid);
  }
}

TEST_CASE_FIXTURE(KeyValueTest, "a key is created where there is none") {
  const auto kv = bucket();
  CHECK(*kv.create("a", "1") == 1);
  CHECK(kv.create("a", "2").error().code() == ErrorCode::kExists);
  REQUIRE_OK(kv.remove("a", 1));
  CHECK(*kv.create("a", "3") == 3);
  REQUIRE_OK(kv.purge("a"));
  CHECK(*kv.create("a", "4") == 5);
  CHECK(kv.get("a")->value == "4");
}

TEST_CASE_FIXTURE(KeyValueTest, "history is told, and goes with a purge") {
  const auto kv = bucket({.history = 3});
  for (const char* value : {"1", "2", "3", "4"}) REQUIRE_OK(kv.put("a", value));
  REQUIRE_OK(kv.put("b", "other"));
  REQUIRE_OK(kv.remove("a"));
  const auto history = kv.history("a");
  REQUIRE_OK(history);
  Texts texts;
  for (const KeyValueEntry& entry : *history) texts.push_back(text_of(entry));
  CHECK(texts == Texts{"a=3@3", "a=4@4", "a-@6"});
  CHECK(kv.history("none").error().code() == ErrorCode::kNotFound);
  CHECK(kv.purge("a", {.revision = 5}).error().err_code() == 10071);
  REQUIRE_OK(kv.purge("a", {.revision = 6}));
  CHECK(kv.history("a")->size() == 1);
  CHECK(kv.history("a")->at(0).operation == KeyOperation::kPurge);

  REQUIRE_OK(kv.put("c", "x"));
  REQUIRE_OK(kv.remove("c"));
  REQUIRE_OK(kv.purge_deletes());  // they are young
  CHECK(kv.history("c")->size() == 1);
  REQUIRE_OK(kv.purge_deletes(0s));
  CHECK(kv.history("c").error().code() == ErrorCode::kNotFound);
  CHECK(kv.history("a").error().code() == ErrorCode::kNotFound);
  CHECK(kv.get("b")->value == "other");
  CHECK(kv.status()->values == 1);
}

TEST_CASE_FIXTURE(KeyValueTest, "keys are listed") {
  const auto kv = bucket({.history = 2});
  CHECK(kv.keys()->empty());
  for (const char* key : {"a.x", "a.y", "b.x", "gone"}) REQUIRE_OK(kv.put(key, "1"));
  REQUIRE_OK(kv.put("a.x", "2"));
  REQUIRE_OK(kv.remove("gone"));
  CHECK(*kv.keys() == Texts{"a.y", "b.x", "a.x"});
  CHECK(*kv.keys({"a.*"}) == Texts{"a.y", "a.x"});
  CHECK(*kv.keys({"b.>", "a.y"}) == Texts{"a.y", "b.x"});
  CHECK(kv.keys({"a.>.b"}).error().code() == ErrorCode::kInvalid);
  for (int i = 0; i < 1500; ++i)
    REQUIRE_OK(js.publish_async("$KV.B.many." + std::to_string(i), "x"));
  REQUIRE_OK(js.publish_complete());
  CHECK(kv.keys({"many.*"})->size() == 1500);
}

TEST_CASE_FIXTURE(KeyValueTest, "watchers tell what is there, and what comes") {
  const auto kv = bucket({.history = 3});
  auto empty = kv.watch({}).value();
  CHECK(texts_of(empty, 1) == Texts{"."});
  for (const char* value : {"1", "2"}) REQUIRE_OK(kv.put("a", value));
  REQUIRE_OK(kv.put("b", "3"));
  REQUIRE_OK(kv.remove("b"));
  CHECK(texts_of(empty, 4) == Texts{"a=1@1", "a=2@2", "b=3@3", "b-@4"});

  auto last = kv.watch({">"}).value();
  auto all = kv.watch({}, {.include_history = true}).value();
  auto living = kv.watch({}, {.ignore_deletes = true}).value();
  auto bare = kv.watch({"a"}, {.metadata_only = true}).value();
  auto news = kv.watch({}, {.updates_only = true}).value();
  auto resumed = kv.watch({}, {.from_revision = 3}).value();
  REQUIRE_OK(kv.purge("a"));
  CHECK(texts_of(last, 4) == Texts{"a=2@2", "b-@4", ".", "a!@5"});
  CHECK(texts_of(all, 6) == Texts{"a=1@1", "a=2@2", "b=3@3", "b-@4", ".", "a!@5"});
  CHECK(texts_of(living, 2) == Texts{"a=2@2", "."});
  CHECK(living.next(20ms).error().code() == ErrorCode::kTimeout);
  CHECK(texts_of(bare, 3) == Texts{"a=@2", ".", "a!@5"});
  CHECK(texts_of(news, 2) == Texts{".", "a!@5"});
  CHECK(texts_of(resumed, 4) == Texts{"b=3@3", "b-@4", ".", "a!@5"});
  last.stop();
  CHECK(last.next().error().code() == ErrorCode::kClosed);
  CHECK(kv.watch({}, {.include_history = true, .updates_only = true}).error().code() ==
        ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(KeyValueTest, "a callback watches through reconnects") {
  const auto kv = bucket({.history = 64});
  REQUIRE_OK(kv.put("a", "0"));
  Collected<std::string> texts;
  auto watch = kv.watch({"a"}, [&](const std::optional<KeyValueEntry>& entry) {
                   texts.add(text_of(entry));
                 }).value();
  REQUIRE(texts.wait(2) == Texts{"a=0@1", "."});
  for (int i = 1; i <= 60; ++i) {
    if (i % 20 == 0) client.force_reconnect();
    const std::string value = std::to_string(i);
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!kv.put("a", value, 300ms) && std::chrono::steady_clock::now() < end) {
    }
  }
  // A put whose answer was lost is there twice; the last value comes for sure.
  const std::string last = "a=60@" + std::to_string(kv.get("a")->revision);
  for (std::size_t count = 3; texts.now().back() != last; count = texts.now().size() + 1)
    REQUIRE(texts.wait(count).size() >= count);
  watch.stop();
  std::uint64_t revision = 0;
  for (const std::string& text : texts.now()) {
    if (text == ".") continue;
    const std::uint64_t next = std::stoull(text.substr(text.find('@') + 1));
    CHECK(next == revision + 1);
    revision = next;
  }
}

TEST_CASE_FIXTURE(KeyValueTest, "keys with a TTL leave a marker") {
  // What is to live shorter than the markers lives as long as they do.
  const auto kv = bucket({.history = 2, .limit_marker_ttl = 1s});
  auto watcher = kv.watch({}).value();
  REQUIRE_OK(kv.create("a", "1", 1s));
  const auto first = texts_of(watcher, 2);
  CHECK(first == Texts{".", "a=1@1"});
  const auto gone = watcher.next(20s);
  REQUIRE_OK(gone);
  CHECK(text_of(*gone) == "a!@2");
  CHECK(kv.get("a").error().code() == ErrorCode::kNotFound);
  REQUIRE_OK(kv.create("a", "2"));
  REQUIRE_OK(kv.purge("a", {.ttl = 1s}));
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (kv.history("a") && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(20ms);
  CHECK(kv.history("a").error().code() == ErrorCode::kNotFound);
}

TEST_CASE_FIXTURE(KeyValueTest, "mirrors and sources have the origin's keys") {
  const auto origin = bucket();
  REQUIRE_OK(origin.put("a", "1"));
  midge::StreamSource from;
  from.name = "B";
  const auto mirror = store.create({.bucket = "MIRROR", .mirror = from});
  REQUIRE_OK(mirror);
  const auto sourced = store.create({.bucket = "SOURCED", .sources = {from}});
  REQUIRE_OK(sourced);
  const auto end = std::chrono::steady_clock::now() + 20s;
  const auto await = [&](const midge::KeyValue& kv, const char* key) {
    while (!kv.get(key) && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(10ms);
    return kv.get(key);
  };
  CHECK(await(*mirror, "a")->value == "1");
  CHECK(await(*sourced, "a")->value == "1");
  // What is put into a mirror is put into its origin.
  REQUIRE_OK(mirror->put("b", "2"));
  CHECK(origin.get("b")->value == "2");
  CHECK(await(*mirror, "b")->value == "2");
  REQUIRE_OK(sourced->put("c", "3"));
  CHECK(origin.get("c").error().code() == ErrorCode::kNotFound);
  CHECK(*sourced->keys({"c"}) == Texts{"c"});
}

TEST_CASE("a bucket of a domain is reached by its prefix") {
  const midge::test::StoreFolder folder;
  const midge::test::TestServer server("jetstream: {domain: hub, store_dir: \"" + folder.path() +
                                       "\"}");
  const auto client = midge::Client::connect(server.url()).value();
  const midge::JetStream js(client, {.domain = "hub"});
  const auto kv = midge::KeyValueStore(js).create({.bucket = "B"});
  REQUIRE_OK(kv);
  REQUIRE_OK(kv->put("a", "1"));
  CHECK(kv->get("a")->value == "1");
  CHECK(*kv->keys() == Texts{"a"});
  CHECK(kv->status()->stream.domain == "hub");
  const midge::JetStream other(client, {.domain = "nowhere"});
  CHECK(midge::KeyValueStore(other).bucket("B").error().code() == ErrorCode::kNoResponders);
}
