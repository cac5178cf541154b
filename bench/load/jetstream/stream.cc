#include "jetstream/stream.h"

namespace midge::load {
namespace {
constexpr std::uint64_t kFillWindow = 2000;
constexpr double kFillSeconds = 3600;
}  // namespace

void create_stream(ApiClient& api, const StreamPlan& plan) {
  std::string config = R"({"name":")" + plan.name + R"(","subjects":[")" + plan.subjects +
                       R"("],"storage":")" + plan.storage + R"(","retention":"limits")";
  if (plan.per_subject > 0)
    config += ",\"max_msgs_per_subject\":" + std::to_string(plan.per_subject);
  if (plan.direct) config += ",\"allow_direct\":true";
  api.request("$JS.API.STREAM.CREATE." + plan.name, config + "}");
}

Stretch fill_stream(Engine& engine, Dialer& dialer, const Piece& subject, std::uint64_t total,
                    std::size_t payload) {
  Requests requests;
  requests.subject = subject;
  requests.body = constant(std::string(payload, 'x'));
  requests.window = kFillWindow;
  requests.total = total;
  requests.expects = "\"seq\":";
  Engine own(engine.server().pid());
  WindowRequester publisher(dialer.dial(Role::kPublisher), own, requests);
  return own.measure_until([&] { return publisher.is_done(); }, kFillSeconds);
}

}  // namespace midge::load
