// midge-load subjects: many subscriptions of 20 to 30 bytes, one in ten with a wildcard, on a
// hundred connections; a publisher publishes to random ones of them. Every message has exactly one
// receiver. Also the server's memory for the subscriptions.
//   --count 100000 --payload 16 --window BYTES --rate 0 --warmup 0.5 --seconds 2
#include <unistd.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "flow.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::int64_t kConnections = 100;
constexpr std::int64_t kFirstSid = 100'000;  // six digits for all, so that frames are of one size
constexpr std::size_t kPublishes = 1 << 18;
constexpr std::int64_t kWildcardEvery = 10;

std::string subject_of(std::int64_t id, const char* last_token) {
  char subject[64];
  std::snprintf(subject, sizeof subject, "plant.%02d.dev.%06d.%s", static_cast<int>(id % 100),
                static_cast<int>(id), last_token);
  return subject;
}

std::string filter_of(std::int64_t id) {
  if (id % kWildcardEvery != 0) return subject_of(id, "temp");
  return subject_of(id, id % (2 * kWildcardEvery) == 0 ? "*" : ">");
}

Batch random_publishes(std::int64_t count, std::size_t payload) {
  std::mt19937 random(20'261'125);  // the same for both servers
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < kPublishes; ++i) {
    subjects.push_back(subject_of(static_cast<std::int64_t>(random()) % count, "temp"));
  }
  return Batch::of(subjects, payload);
}

// Connects, subscribes, and returns the bytes of resident memory that each subscription took.
double subscribe(Engine& engine, Flow& flow, Dialer dialer, std::int64_t count) {
  flow.add_publisher(dialer.dial(Role::kPublisher));
  std::vector<Socket> sockets;
  for (std::int64_t i = 0; i < kConnections; ++i) sockets.push_back(dialer.dial(Role::kSubscriber));
  ::sleep(1);
  const std::int64_t before = engine.server().rss_bytes();
  for (std::int64_t i = 0; i < kConnections; ++i) {
    std::string subs;
    for (std::int64_t id = i * count / kConnections; id < (i + 1) * count / kConnections; ++id) {
      subs += "SUB " + filter_of(id) + " " + std::to_string(kFirstSid + id) + "\r\n";
    }
    Socket& socket = sockets[static_cast<std::size_t>(i)];
    socket.send_all(subs);
    socket.barrier();
  }
  ::sleep(1);
  const std::int64_t after = engine.server().rss_bytes();
  for (Socket& socket : sockets) flow.add_subscriber(std::move(socket));
  return static_cast<double>(after - before) / static_cast<double>(count);
}

}  // namespace

void run_subjects(Options& options) {
  const Target target(options);
  const std::int64_t count = options.number("count", 100'000);
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const auto window_bytes = static_cast<std::size_t>(options.number("window", 2 << 20));
  const double rate = options.real("rate", 0);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 2);
  options.finish();

  Engine engine(target.pid);
  const Batch batch = random_publishes(count, payload);
  FlowPlan plan;
  plan.delivery = Delivery::kOne;
  plan.payload = payload;
  plan.window_frames = window_bytes / batch.frame_bytes();
  plan.message_bytes = message_frame_bytes(subject_of(0, "temp").size(),
                                           std::to_string(kFirstSid).size(), 0, payload);
  Flow flow(engine, plan, batch);
  const double subscription_bytes = subscribe(engine, flow, target.dialer(), count);
  if (rate > 0) {
    flow.start_paced(rate);
  } else {
    flow.start_peak();
  }
  engine.run_for(warmup);
  flow.latency().clear();
  const double messages = flow.messages();
  const Stretch stretch = engine.run_for(seconds);
  Report report = stretch.report(flow.messages() - messages);
  report.add("subscription_bytes", subscription_bytes);
  if (rate > 0) report.add("latency", flow.latency().report());
  report.print();
}

}  // namespace midge::load
