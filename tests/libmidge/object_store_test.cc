// Object stores.
#include "midge/object_store.h"

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::ErrorCode;
using midge::ObjectInfo;
using midge::test::Collected;
using midge::test::JetStreamTest;

namespace {

struct ObjectStoreTest : JetStreamTest {
  midge::ObjectStores stores{js};
  [[nodiscard]] midge::ObjectStore bucket(const std::string& name = "B") const {
    midge::ObjectStoreConfig config;
    config.bucket = name;
    config.storage = midge::Storage::kMemory;
    return stores.create(config).value();
  }
};

std::string bytes_of(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

}  // namespace

TEST_CASE_FIXTURE(ObjectStoreTest, "buckets of objects are made, listed and removed") {
  midge::ObjectStoreConfig config;
  config.bucket = "ONE";
  config.description = "first";
  config.ttl = 1h;
  const auto made = stores.create(config);
  REQUIRE_OK(made);
  CHECK(made->bucket() == "ONE");
  const auto status = made->status();
  REQUIRE_OK(status);
  CHECK(status->config.subjects == std::vector<std::string>{"$O.ONE.C.>", "$O.ONE.M.>"});
  CHECK(status->config.max_age == 1h);
  CHECK(status->config.allow_rollup);
  config.description = "changed";
  REQUIRE_OK(stores.update(config));
  CHECK(stores.bucket("ONE")->status()->config.description == "changed");
  CHECK(*stores.names() == std::vector<std::string>{"ONE"});
  config.description = "changed again";
  REQUIRE_OK(stores.create_or_update(config));
  const auto statuses = stores.statuses();
  REQUIRE_OK(statuses);
  REQUIRE(statuses->size() == 1);
  CHECK(statuses->at(0).config.description == "changed again");
  REQUIRE_OK(stores.remove("ONE"));
  CHECK(stores.bucket("ONE").error().code() == ErrorCode::kNotFound);
  CHECK(stores.remove("ONE").error().code() == ErrorCode::kNotFound);
  config.bucket = "a.b";
  CHECK(stores.create(config).error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(ObjectStoreTest, "objects of all sizes come back as they were") {
  const auto store = bucket();
  const std::size_t chunk = 128 * 1024;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, chunk - 1, chunk, chunk + 1, 20 * chunk + 7}) {
    CAPTURE(size);
    const std::string bytes = bytes_of(size);
    const auto put = store.put("an object", bytes);
    REQUIRE_OK(put);
    CHECK(put->size == size);
    CHECK(put->chunks == (size + chunk - 1) / chunk);
    const auto got = store.get("an object");
    REQUIRE_OK(got);
    CHECK(*got == bytes);
  }
  // What was replaced is gone: 21 chunks and a description.
  CHECK(store.status()->state.messages == 22);
  CHECK(store.get("none").error().code() == ErrorCode::kNotFound);
  CHECK(store.put("", "x").error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(ObjectStoreTest, "objects are streamed, described, renamed and removed") {
  const auto store = bucket();
  midge::ObjectMeta meta;
  meta.name = "a/b c";
  meta.description = "what it is";
  meta.headers = {{"Color", "red"}, {"Color", "blue"}};
  meta.metadata = {{"k", "v"}};
  meta.chunk_size = 10;
  int left = 25;
  const auto put = store.put(meta, [&](char* into, std::size_t size) -> midge::Result<std::size_t> {
    const std::size_t count = std::min<std::size_t>({size, static_cast<std::size_t>(left), 7});
    std::fill_n(into, count, 'x');
    left -= static_cast<int>(count);
    return count;
  });
  REQUIRE_OK(put);
  CHECK(put->chunks == 3);
  const auto info = store.info("a/b c");
  REQUIRE_OK(info);
  CHECK(info->description == "what it is");
  CHECK(info->headers == meta.headers);
  CHECK(info->metadata == meta.metadata);
  CHECK(info->chunk_size == 10);
  CHECK(info->size == 25);
  CHECK(info->bucket == "B");
  CHECK(info->modified.time_since_epoch() > 0s);
  CHECK(info->digest.starts_with("SHA-256="));
  std::vector<std::string> pieces;
  REQUIRE_OK(store.get("a/b c", [&](std::string_view bytes) -> midge::Result<void> {
    pieces.emplace_back(bytes);
    return {};
  }));
  CHECK(pieces.size() == 3);

  meta.name = "new";
  meta.description = "changed";
  REQUIRE_OK(store.update("a/b c", meta));
  CHECK(store.info("a/b c").error().code() == ErrorCode::kNotFound);
  CHECK(store.info("new")->description == "changed");
  CHECK(store.get("new")->size() == 25);
  REQUIRE_OK(store.put("other", "y"));
  CHECK(store.update("other", meta).error().code() == ErrorCode::kExists);
  CHECK(store.list()->size() == 2);
  REQUIRE_OK(store.remove("new"));
  CHECK(store.info("new").error().code() == ErrorCode::kNotFound);
  CHECK(store.remove("new").error().code() == ErrorCode::kNotFound);
  CHECK(store.list()->size() == 1);
  CHECK(store.status()->state.messages == 3);  // two descriptions, a chunk
}

TEST_CASE_FIXTURE(ObjectStoreTest, "what fails leaves nothing, and damage is seen") {
  const auto store = bucket();
  REQUIRE_OK(store.put("a", "old"));
  midge::ObjectMeta meta;
  meta.name = "a";
  meta.chunk_size = 4;
  int calls = 0;
  const auto failed = store.put(meta, [&](char*, std::size_t size) -> midge::Result<std::size_t> {
    if (++calls == 3) return midge::Error("no more", ErrorCode::kIo);
    return size;
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().text() == "no more");
  CHECK(*store.get("a") == "old");
  CHECK(store.status()->state.messages == 2);

  const auto nuid = store.info("a")->nuid;
  auto stream = js.stream("OBJ_B").value();
  REQUIRE_OK(stream.purge({.filter = "$O.B.C." + nuid}));
  REQUIRE_OK(js.publish("$O.B.C." + nuid, "bad"));
  CHECK(store.get("a").error().code() == ErrorCode::kIo);
  const auto stopped = store.get("a", [](std::string_view) -> midge::Result<void> {
    return midge::Error("enough", ErrorCode::kCancelled);
  });
  CHECK(stopped.error().text() == "enough");
}

TEST_CASE_FIXTURE(ObjectStoreTest, "links lead to objects, also of other buckets") {
  const auto store = bucket();
  const auto other = bucket("OTHER");
  const auto target = other.put("far", "away").value();
  const auto link = store.add_link("near", target);
  REQUIRE_OK(link);
  CHECK(*store.get("near") == "away");
  CHECK(store.info("near")->link->bucket == "OTHER");
  CHECK(store.info("near")->link->name == "far");
  CHECK(store.add_link("again", *store.info("near")).error().code() == ErrorCode::kInvalid);
  REQUIRE_OK(store.put("real", "x"));
  CHECK(store.add_link("real", target).error().code() == ErrorCode::kExists);
  REQUIRE_OK(store.add_bucket_link("all", other));
  CHECK(store.info("all")->link->name.empty());
  CHECK(store.get("all").error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(ObjectStoreTest,
                  "a watch tells what is there and what comes; a seal ends changes") {
  const auto store = bucket();
  REQUIRE_OK(store.put("a", "1"));
  Collected<std::string> texts, news;
  const auto told = [](const std::optional<ObjectInfo>& info) {
    return info ? info->name + (info->deleted ? "-" : "") : std::string(".");
  };
  auto watch = store.watch([&](const auto& info) { texts.add(told(info)); }).value();
  auto updates =
      store.watch([&](const auto& info) { news.add(told(info)); }, {.updates_only = true}).value();
  Collected<std::string> kept;
  auto others =
      store.watch([&](const auto& info) { kept.add(told(info)); }, {.ignore_deletes = true})
          .value();
  REQUIRE(texts.wait(2) == std::vector<std::string>{"a", "."});
  REQUIRE_OK(store.put("b", "2"));
  REQUIRE_OK(store.remove("a"));
  CHECK(texts.wait(4) == std::vector<std::string>{"a", ".", "b", "a-"});
  CHECK(news.wait(3) == std::vector<std::string>{".", "b", "a-"});
  REQUIRE_OK(store.put("c", "3"));
  CHECK(kept.wait(4) == std::vector<std::string>{"a", ".", "b", "c"});
  REQUIRE_OK(store.seal());
  CHECK(store.status()->config.sealed);
  CHECK_FALSE(store.put("d", "4"));
  CHECK(*store.get("b") == "2");
}

// Messages of objects go to `$O.` itself: servers map no such subject behind a domain's prefix.
TEST_CASE("a bucket of objects of a domain") {
  const midge::test::StoreFolder folder;
  const midge::test::TestServer server("jetstream: {domain: hub, store_dir: \"" + folder.path() +
                                       "\"}");
  const auto client = midge::Client::connect(server.url()).value();
  const midge::JetStream js(client, {.domain = "hub"});
  const auto store = midge::ObjectStores(js).create({.bucket = "B"});
  REQUIRE_OK(store);
  REQUIRE_OK(store->put("a", std::string(300'000, 'x')));
  CHECK(store->get("a")->size() == 300'000);
  CHECK(store->list()->size() == 1);
}
