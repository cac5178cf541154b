// Streams: what is configured, listed, read and deleted.
#include <thread>

#include "jetstream_test.h"
#include "scripted_server.h"

using namespace std::chrono_literals;
using midge::ErrorCode;
using midge::test::Collected;
using midge::test::JetStreamTest;

TEST_CASE_FIXTURE(JetStreamTest, "every field of a stream's configuration comes back") {
  midge::StreamConfig origin;
  origin.name = "ORIGIN";
  origin.subjects = {"origin.>"};
  REQUIRE_OK(js.create_stream(origin));

  midge::StreamConfig config;
  config.name = "FULL";
  config.description = "all of it";
  config.subjects = {"full.>", "more.*"};
  config.max_consumers = 7;
  config.max_messages = 1000;
  config.max_bytes = 1 << 20;
  config.max_age = 1h;
  config.max_messages_per_subject = 9;
  config.max_message_size = 4096;
  config.discard = midge::Discard::kNew;
  config.discard_new_per_subject = true;
  config.storage = midge::Storage::kFile;
  config.replicas = 1;
  config.duplicate_window = 90s;
  midge::StreamSource source;
  source.name = "ORIGIN";
  source.start_sequence = 3;
  source.transforms = {{"origin.a.>", "full.a.>"}};
  config.sources = {source};
  config.compression = midge::Compression::kS2;
  config.first_sequence = 11;
  config.transform = midge::SubjectTransform{"full.>", "full.x.>"};
  config.republish = midge::Republish{"full.x.>", "again.>", true};
  config.allow_direct = true;
  config.deny_delete = true;
  config.allow_rollup = true;
  config.consumer_limits = {10s, 77};
  config.allow_message_ttl = true;
  config.subject_delete_marker_ttl = 60s;
  config.allow_atomic = true;
  config.metadata = {{"who", "me"}};
  config.discard_new_per_subject = false;
  config.max_messages_per_subject = 9;
  const auto made = js.create_stream(config);
  REQUIRE_OK(made);
  const midge::StreamConfig& told = made->cached_info().config;
  CHECK(told.description == config.description);
  CHECK(told.subjects == config.subjects);
  CHECK(told.max_consumers == 7);
  CHECK(told.max_messages == 1000);
  CHECK(told.max_bytes == 1 << 20);
  CHECK(told.max_age == 1h);
  CHECK(told.max_messages_per_subject == 9);
  CHECK(told.max_message_size == 4096);
  CHECK(told.discard == midge::Discard::kNew);
  CHECK(told.storage == midge::Storage::kFile);
  CHECK(told.duplicate_window == 90s);
  REQUIRE(told.sources.size() == 1);
  CHECK(told.sources[0].name == "ORIGIN");
  CHECK(told.sources[0].start_sequence == 3);
  REQUIRE(told.sources[0].transforms.size() == 1);
  CHECK(told.sources[0].transforms[0].destination == "full.a.>");
  CHECK(told.compression == midge::Compression::kS2);
  CHECK(told.first_sequence == 11);
  CHECK(told.transform->destination == "full.x.>");
  CHECK(told.republish->headers_only);
  CHECK(told.allow_direct);
  CHECK(told.deny_delete);
  CHECK_FALSE(told.deny_purge);
  CHECK(told.allow_rollup);
  CHECK(told.consumer_limits.inactive_threshold == 10s);
  CHECK(told.consumer_limits.max_ack_pending == 77);
  CHECK(told.allow_message_ttl);
  CHECK(told.subject_delete_marker_ttl == 60s);
  CHECK(told.allow_atomic);
  CHECK(told.metadata.at("who") == "me");
  CHECK(made->cached_info().created.time_since_epoch() > 0s);
}

TEST_CASE_FIXTURE(JetStreamTest, "streams are made, changed, listed and deleted") {
  auto made = stream(3);
  CHECK(made.name() == "S");
  CHECK(js.create_stream({.name = "S", .subjects = {"other"}}).error().err_code() == 10058);
  CHECK(js.update_stream({.name = "NONE"}).error().err_code() == 10059);
  CHECK(js.create_stream({.name = "a.b"}).error().code() == ErrorCode::kInvalid);

  midge::StreamConfig config = made.cached_info().config;
  config.description = "changed";
  REQUIRE_OK(js.update_stream(config));
  CHECK(js.stream("S")->cached_info().config.description == "changed");
  REQUIRE_OK(js.create_or_update_stream({.name = "T", .subjects = {"t"}}));
  REQUIRE_OK(js.create_or_update_stream({.name = "T", .subjects = {"t", "u"}}));

  CHECK(js.stream_names()->size() == 2);
  CHECK(*js.stream_names("s.*") == std::vector<std::string>{"S"});
  CHECK(js.streams()->size() == 2);
  CHECK(js.streams("t")->at(0).config.subjects.size() == 2);
  CHECK(*js.stream_of("u") == "T");
  CHECK(js.stream_of("nobody").error().code() == ErrorCode::kNotFound);

  REQUIRE_OK(js.delete_stream("T"));
  const auto gone = js.stream("T");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code() == ErrorCode::kServer);
  CHECK(gone.error().status() == 404);
  CHECK(gone.error().err_code() == 10059);
  CHECK(gone.error().text() == "stream not found");

  const auto account = js.account_info();
  REQUIRE_OK(account);
  CHECK(account->total.streams == 1);
  CHECK(account->api_total > 5);
}

TEST_CASE_FIXTURE(JetStreamTest, "lists are longer than a page") {
  Collected<bool> made;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "P" + std::to_string(i);
    REQUIRE_OK(client.request_async(
        "$JS.API.STREAM.CREATE." + name,
        R"({"name":")" + name + R"(","subjects":["p)" + std::to_string(i) +
            R"("],"storage":"memory"})",
        [&](midge::Result<midge::Message> answer) { made.add(answer.has_value()); }, 20s));
  }
  made.wait(300);
  CHECK(js.streams()->size() == 300);
  CHECK(js.stream_names()->size() == 300);
}

TEST_CASE_FIXTURE(JetStreamTest, "a stream tells of its subjects and its gaps") {
  auto made = stream();
  for (const char* subject : {"s.a", "s.b", "s.b", "s.c"}) REQUIRE_OK(js.publish(subject, "x"));
  REQUIRE_OK(made.delete_message(2));
  const auto info = made.info({.deleted_details = true, .subjects_filter = "s.*"});
  REQUIRE_OK(info);
  CHECK(info->state.messages == 3);
  CHECK(info->state.deleted == std::vector<std::uint64_t>{2});
  CHECK(info->state.subjects ==
        std::map<std::string, std::uint64_t>{{"s.a", 1}, {"s.b", 1}, {"s.c", 1}});
  CHECK(info->state.first_sequence == 1);
  CHECK(info->state.last_sequence == 4);

  CHECK(*made.purge({.filter = "s.b", .sequence = 0, .keep = 0}) == 1);
  CHECK(*made.purge({.filter = "", .sequence = 4, .keep = 0}) == 1);
  CHECK(*made.purge() == 1);
}

TEST_CASE_FIXTURE(JetStreamTest, "messages are read by the API and directly") {
  for (const bool direct : {false, true}) {
    CAPTURE(direct);
    auto made = stream(0, {.allow_direct = direct});
    midge::PublishOptions options;
    options.headers.add("Color", "red");
    REQUIRE_OK(js.publish("s.a", "one", options));
    REQUIRE_OK(js.publish("s.b", "two"));
    REQUIRE_OK(js.publish("s.a", std::string("th\0ree", 6)));

    const auto first = made.message(1);
    REQUIRE_OK(first);
    CHECK(first->data() == "one");
    CHECK(first->subject == "s.a");
    CHECK(first->sequence == 1);
    CHECK(first->header("Color") == "red");
    CHECK(first->time.time_since_epoch() > 0s);
    CHECK(made.next_message("s.a", 2)->data() == std::string_view("th\0ree", 6));
    CHECK(made.last_message("s.b")->sequence == 2);
    CHECK(made.message(9).error().code() == ErrorCode::kNotFound);
    CHECK(made.last_message("s.x").error().code() == ErrorCode::kNotFound);
    CHECK(made.message(0).error().code() == ErrorCode::kInvalid);

    REQUIRE_OK(made.erase_message(1));
    CHECK(made.message(1).error().code() == ErrorCode::kNotFound);
    CHECK(made.delete_message(1).error().err_code() == 10043);
    REQUIRE_OK(js.delete_stream("S"));
  }
}

TEST_CASE_FIXTURE(JetStreamTest, "many messages are read by one request") {
  auto made = stream(10, {.allow_direct = true});
  REQUIRE_OK(js.publish("s.b", "last"));
  const auto some = made.batch({.max_messages = 4, .start_sequence = 3});
  REQUIRE_OK(some);
  REQUIRE(some->size() == 4);
  CHECK(some->front().data() == "3");
  CHECK(some->back().sequence == 6);
  CHECK(some->back().pending == 5);
  const auto of_one = made.batch({.max_messages = 100, .start_sequence = 1, .subject = "s.b"});
  REQUIRE_OK(of_one);
  CHECK(of_one->size() == 1);
  const auto lasts = made.batch({.multi_last = {"s.a", "s.b"}});
  REQUIRE_OK(lasts);
  REQUIRE(lasts->size() == 2);
  CHECK(lasts->at(0).data() == "10");
  CHECK(made.batch({.multi_last = {"s.a"}, .up_to_sequence = 5})->at(0).data() == "5");
  CHECK(made.batch({.multi_last = {"s.none"}}).error().code() == ErrorCode::kNotFound);
}

// A server on its own has none to tell of: what a cluster says is read.
TEST_CASE("where else a stream's messages lie") {
  const midge::test::ScriptedServer server([](midge::test::Peer& peer) {
    peer.let_in();
    peer.answer("$JS.API.STREAM.INFO.S",
                R"({"config":{"name":"S"},"state":{},"alternates":[{"name":"M","domain":"hub",)"
                R"("cluster":"east"},{"name":"S","cluster":"west"}]})");
    peer.wait_for_end();
  });
  const midge::JetStream js(midge::Client::connect(server.url()).value());
  const auto alternates = js.stream("S").value().cached_info().alternates;
  REQUIRE(alternates.size() == 2);
  CHECK(alternates[0].name == "M");
  CHECK(alternates[0].domain == "hub");
  CHECK(alternates[0].cluster == "east");
  CHECK(alternates[1].domain.empty());
}
