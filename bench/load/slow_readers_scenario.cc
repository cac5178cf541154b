// midge-load slow-readers: one message of 1 MiB to many subscribers who do not read for a while,
// and then do. Peak of the server's resident memory over what it had before the message.
//   --subscribers 1000 --payload 1048576 --pause 2 (seconds without reading)
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "batch.h"
#include "clock.h"
#include "fail.h"
#include "process_meter.h"
#include "report.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kSubject = "bench.large";
constexpr unsigned kFirstPingSeconds = 3;  // servers send their first PING within that time
constexpr std::int64_t kPatience = 60 * kSecond;

struct SlowReader {
  Socket socket;
  std::size_t received = 0;

  // What came before the message: a PING, perhaps.
  void discard() {
    std::array<char, 256> scratch;
    while (socket.try_receive(scratch.data(), scratch.size()) > 0) continue;
  }
};

// Reads from all in turn, a little from each, until all have the whole message.
void read_all(std::vector<SlowReader>& readers, std::size_t message_bytes) {
  std::array<char, 16 * 1024> scratch;
  const std::int64_t deadline = now_ns() + kPatience;
  for (std::size_t missing = readers.size(); missing > 0;) {
    bool progress = false;
    for (SlowReader& reader : readers) {
      if (reader.received == message_bytes) continue;
      const std::size_t got = reader.socket.try_receive(scratch.data(), scratch.size());
      reader.received += got;
      progress = progress || got > 0;
      if (reader.received == message_bytes) --missing;
      if (reader.received > message_bytes) fail("more bytes than the message has");
    }
    if (now_ns() > deadline) fail("the message did not arrive everywhere");
    if (!progress) ::usleep(1000);
  }
}

}  // namespace

void run_slow_readers(Options& options) {
  const Target target(options);
  const std::int64_t subscribers = options.number("subscribers", 1000);
  const auto payload = static_cast<std::size_t>(options.number("payload", 1 << 20));
  const double pause = options.real("pause", 2);
  options.finish();

  const ProcessMeter server(target.pid);
  Dialer dialer = target.dialer();
  Socket publisher = dialer.dial(Role::kPublisher);
  std::vector<SlowReader> readers;
  for (std::int64_t i = 0; i < subscribers; ++i) {
    readers.push_back({.socket = dialer.dial(Role::kSubscriber, kSlowReader)});
    readers.back().socket.send_all("SUB " + std::string(kSubject) + " 7\r\n");
    readers.back().socket.barrier();
    readers.back().socket.set_nonblocking();
  }
  ::sleep(kFirstPingSeconds);
  for (SlowReader& reader : readers) reader.discard();
  server.reset_peak_rss();
  const std::int64_t before = server.rss_bytes();
  const std::int64_t cpu_before = server.cpu_ns();
  const std::int64_t begin = now_ns();
  publisher.send_all(publish_frame(kSubject, "", payload));
  publisher.barrier();
  const std::int64_t confirmed = now_ns();
  ::usleep(static_cast<useconds_t>(pause * 1e6));
  read_all(readers, message_frame_bytes(kSubject.size(), 1, 0, payload));

  Report report;
  report.add("rss_before", static_cast<double>(before));
  report.add("peak_growth", static_cast<double>(server.peak_rss_bytes() - before));
  report.add("publish_ms", static_cast<double>(confirmed - begin) / 1e6);
  report.add("read_seconds", static_cast<double>(now_ns() - confirmed) / 1e9 - pause);
  report.add("cpu_ms", static_cast<double>(server.cpu_ns() - cpu_before) / 1e6);
  report.print();
}

}  // namespace midge::load
