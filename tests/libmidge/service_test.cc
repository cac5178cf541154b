// Services: their endpoints, and what everybody may ask of them.
#include "midge/service.h"

#include "jetstream_test.h"

using namespace std::chrono_literals;
using midge::ErrorCode;
using midge::Message;
using midge::ServiceRequest;
using midge::test::Collected;

namespace {

struct ServiceTest {
  midge::test::TestServer server;
  midge::Client client = midge::Client::connect(server.url()).value();
  midge::Client user = midge::Client::connect(server.url()).value();

  [[nodiscard]] midge::Service service() const {
    return midge::Service::start(client, {.name = "sums",
                                          .version = "1.2.3",
                                          .description = "adds up",
                                          .metadata = {{"k", "v"}}})
        .value();
  }
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE_FIXTURE(ServiceTest, "endpoints answer, alone and in groups") {
  const auto sums = service();
  REQUIRE_OK(sums.add_endpoint({.name = "echo"}, [](const ServiceRequest& request) {
    (void)request.respond("echo " + std::string(request.data()));
  }));
  const auto group = sums.group("v1").group("deep", "others");
  REQUIRE_OK(group.add_endpoint({.name = "any", .subject = "any.*"}, [](const ServiceRequest& r) {
    midge::Headers headers;
    headers.add("Asked", r.subject());
    (void)r.respond(headers, r.header("Who").value_or("nobody"));
  }));
  REQUIRE_OK(client.flush());
  CHECK(user.request("echo", "hi")->data() == "echo hi");
  midge::Headers headers;
  headers.add("Who", "me");
  const auto answer = user.request("v1.deep.any.x", headers, "");
  REQUIRE_OK(answer);
  CHECK(answer->data() == "me");
  CHECK(answer->header("Asked") == "v1.deep.any.x");

  const auto info = sums.info();
  CHECK(info.name == "sums");
  CHECK(info.id.size() == 22);
  REQUIRE(info.endpoints.size() == 2);
  CHECK(info.endpoints[0].subject == "echo");
  CHECK(info.endpoints[0].queue_group == "q");
  CHECK(info.endpoints[1].subject == "v1.deep.any.*");
  CHECK(info.endpoints[1].queue_group == "others");
}

TEST_CASE_FIXTURE(ServiceTest, "errors are told and counted") {
  const auto sums = service();
  REQUIRE_OK(sums.add_endpoint({.name = "fail"}, [](const ServiceRequest& request) {
    CHECK(request.respond_error(0, "x").error().code() == ErrorCode::kInvalid);
    (void)request.respond_error(422, "no number", "detail");
  }));
  REQUIRE_OK(client.flush());
  const auto answer = user.request("fail", "");
  REQUIRE_OK(answer);
  CHECK(answer->header("Nats-Service-Error") == "no number");
  CHECK(answer->header("Nats-Service-Error-Code") == "422");
  CHECK(answer->data() == "detail");
  REQUIRE_OK(client.flush());  // the handler has returned
  const auto stats = sums.stats().endpoints.at(0);
  CHECK(stats.requests == 1);
  CHECK(stats.errors == 1);
  CHECK(stats.last_error == "422:no number");
  CHECK(stats.processing > 0ns);
  CHECK(stats.average_processing == stats.processing);
  sums.reset_stats();
  CHECK(sums.stats().endpoints.at(0).requests == 0);
  CHECK(sums.stats().endpoints.at(0).last_error.empty());
}

TEST_CASE_FIXTURE(ServiceTest, "everybody may ask who is there") {
  const auto one = service();
  const auto other = service();
  REQUIRE_OK(one.add_endpoint({.name = "echo", .metadata = {{"schema", "text"}}},
                              [](const ServiceRequest&) {}));
  REQUIRE_OK(client.flush());
  CHECK(user.request_many("$SRV.PING", "", {.count = 2})->size() == 2);
  CHECK(user.request_many("$SRV.PING.sums", "", {.count = 2})->size() == 2);
  const std::string id = one.info().id;
  const auto ping = user.request("$SRV.PING.sums." + id, "").value();
  CHECK(ping.data() == R"({"type":"io.nats.micro.v1.ping_response","name":"sums","id":")" + id +
                           R"(","version":"1.2.3","metadata":{"k":"v"}})");
  const auto info = user.request("$SRV.INFO.sums." + id, "").value();
  CHECK(has(info.data(), R"("type":"io.nats.micro.v1.info_response")"));
  CHECK(has(info.data(), R"("description":"adds up")"));
  CHECK(has(info.data(), R"("endpoints":[{"name":"echo","subject":"echo","queue_group":"q",)"
                         R"("metadata":{"schema":"text"}}])"));
  const auto stats = user.request("$SRV.STATS.sums." + id, "").value();
  CHECK(has(stats.data(), R"("type":"io.nats.micro.v1.stats_response")"));
  CHECK(has(stats.data(), R"("started":"20)"));
  CHECK(has(stats.data(), R"("num_requests":0,"num_errors":0,"last_error":"")"));
}

TEST_CASE_FIXTURE(ServiceTest, "a service that is stopped is gone, and answers what had come") {
  const auto sums = service();
  Collected<ServiceRequest> requests;
  REQUIRE_OK(sums.add_endpoint({.name = "late"},
                               [&](const ServiceRequest& request) { requests.add(request); }));
  REQUIRE_OK(client.flush());
  Collected<std::string> answers;
  REQUIRE_OK(user.request_async("late", "kept", [&](midge::Result<Message> answer) {
    answers.add(answer ? std::string(answer->data()) : answer.error().text());
  }));
  REQUIRE(requests.wait(1).size() == 1);
  REQUIRE_OK(sums.stop());
  REQUIRE_OK(sums.stop());
  // A copy of a request outlives what it came with.
  const auto kept = requests.now().at(0);
  REQUIRE_OK(kept.respond(kept.data()));
  CHECK(answers.wait(1).at(0) == "kept");
  CHECK(user.request("late", "").error().code() == ErrorCode::kNoResponders);
  CHECK(user.request("$SRV.PING.sums", "").error().code() == ErrorCode::kNoResponders);
  CHECK(sums.add_endpoint({.name = "more"}, [](const ServiceRequest&) {}).error().code() ==
        ErrorCode::kClosed);
}

TEST_CASE_FIXTURE(ServiceTest, "the last handle takes the service with it") {
  {
    const auto sums = service();
    REQUIRE_OK(sums.add_endpoint({.name = "echo"}, [](const ServiceRequest&) {}));
    REQUIRE_OK(client.flush());
    CHECK(user.request("$SRV.PING.sums", ""));
  }
  REQUIRE_OK(client.flush());
  CHECK(user.request("echo", "").error().code() == ErrorCode::kNoResponders);
  CHECK(user.request("$SRV.PING.sums", "").error().code() == ErrorCode::kNoResponders);
}

TEST_CASE_FIXTURE(ServiceTest, "names and versions are checked") {
  CHECK(midge::Service::start(client, {.name = "a.b", .version = "1.0.0"}).error().code() ==
        ErrorCode::kInvalid);
  CHECK(midge::Service::start(client, {.name = "a", .version = "1"}).error().code() ==
        ErrorCode::kInvalid);
  CHECK(midge::Service::start({}, {.name = "a", .version = "1.0.0"}).error().code() ==
        ErrorCode::kClosed);
  const auto sums = service();
  CHECK(sums.add_endpoint({.name = "a b"}, [](const ServiceRequest&) {}).error().code() ==
        ErrorCode::kInvalid);
  CHECK(sums.add_endpoint({.name = "a", .subject = "a b"}, [](const ServiceRequest&) {})
            .error()
            .code() == ErrorCode::kInvalid);
  CHECK(sums.add_endpoint({.name = "a"}, nullptr).error().code() == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(ServiceTest, "endpoints tell of themselves in statistics") {
  const auto sums = service();
  CHECK_FALSE(sums.stopped());
  const auto nothing = [](const ServiceRequest&) {};
  int asked = 0;
  REQUIRE_OK(sums.add_endpoint(
      {.name = "json",
       .stats_data = [&] { return R"({"asked":)" + std::to_string(++asked) + "}"; }},
      nothing));
  REQUIRE_OK(
      sums.add_endpoint({.name = "text", .stats_data = [] { return "a \"text\""; }}, nothing));
  REQUIRE_OK(sums.add_endpoint({.name = "none"}, nothing));
  REQUIRE_OK(client.flush());
  const auto stats = user.request("$SRV.STATS.sums", "").value();
  CHECK(has(stats.data(), R"("average_processing_time":0,"data":{"asked":1}},{"name":"text")"));
  CHECK(has(stats.data(), R"("data":"a \"text\""},{"name":"none")"));
  CHECK(stats.data().ends_with(R"("average_processing_time":0}]})"));
  CHECK(sums.stats().endpoints.at(0).data == R"({"asked":2})");
  REQUIRE_OK(sums.stop());
  CHECK(sums.stopped());
}

TEST_CASE_FIXTURE(ServiceTest, "whoever wants to know finds services and what they do") {
  const midge::ServiceDiscovery discovery(user);
  CHECK(discovery.ping().value().empty());
  const auto one = service();
  const auto other = service();
  REQUIRE_OK(one.add_endpoint({.name = "echo",
                               .metadata = {{"schema", "text"}},
                               .stats_data = [] { return R"({"a":[1,2.5,null,true,"x"]})"; }},
                              [](const ServiceRequest& r) { (void)r.respond(r.data()); }));
  REQUIRE_OK(client.flush());
  REQUIRE_OK(user.request("echo", "1"));
  CHECK(discovery.ping({.count = 2})->size() == 2);
  const auto pinged = discovery.ping({.name = "sums", .id = other.info().id}).value();
  REQUIRE(pinged.size() == 1);
  CHECK(pinged[0].id == other.info().id);
  CHECK(pinged[0].version == "1.2.3");
  CHECK(pinged[0].metadata.at("k") == "v");
  const auto infos = discovery.info({.name = "sums", .id = one.info().id}).value();
  REQUIRE(infos.size() == 1);
  CHECK(infos[0].description == "adds up");
  REQUIRE(infos[0].endpoints.size() == 1);
  CHECK(infos[0].endpoints[0].metadata.at("schema") == "text");
  const auto stats = discovery.stats({.name = "sums", .id = one.info().id}).value();
  REQUIRE(stats.size() == 1);
  CHECK(stats[0].started.time_since_epoch() > 0s);
  CHECK(stats[0].endpoints.at(0).requests == 1);
  CHECK(stats[0].endpoints.at(0).data == R"({"a":[1,2.5,null,true,"x"]})");
  CHECK(discovery.ping({.name = "a.b"}).error().code() == ErrorCode::kInvalid);
  CHECK(discovery.ping({.id = "x"}).error().code() == ErrorCode::kInvalid);
  CHECK(discovery.ping({.name = "none"}).value().empty());
}
