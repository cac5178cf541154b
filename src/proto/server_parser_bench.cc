// What the server parser costs per frame: 64 KiB reads of one kind of frame, as a busy subscriber
// gets.
#include <benchmark/benchmark.h>

#include <string>

#include "proto/server_parser.h"

namespace midge::proto {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;

// Reads that end amid a frame are the rule: the rest of it is the start of the next.
void parse_reads(benchmark::State& state, std::string_view frame_text) {
  std::string text;
  while (text.size() < kReadSize) text += frame_text;
  const std::string_view all = text;
  const std::size_t cut = text.size() - frame_text.size() / 2;
  ServerParser parser;
  ServerFrame frame;
  std::int64_t frames = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (std::string_view input : {all.substr(0, cut), all.substr(cut)}) {
      while (parser.next(input, frame) == ServerParser::Status::kFrame) {
        ++frames;
        bytes += frame.subject.size() + frame.payload.size() + frame.sid;
      }
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(frames);
  state.counters["ns_per_frame"] = benchmark::Counter(
      static_cast<double>(frames) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void message_16(benchmark::State& state) {
  parse_reads(state, "MSG orders.new.eu-west 12 16\r\n0123456789abcdef\r\n");
}
void message_128(benchmark::State& state) {
  parse_reads(state, "MSG orders.new.eu-west 12 128\r\n" + std::string(128, 'x') + "\r\n");
}
void message_reply_16(benchmark::State& state) {
  parse_reads(state, "MSG orders.new 12 _INBOX.AbCdEfGhIj.77 16\r\n0123456789abcdef\r\n");
}
void message_consumed_128(benchmark::State& state) {
  parse_reads(state,
              "MSG orders.new.eu-west 12 $JS.ACK.ORDERS.worker.1.321100.122000."
              "1700000000000000000.12 128\r\n" +
                  std::string(128, 'x') + "\r\n");
}
void message_headers_16(benchmark::State& state) {
  parse_reads(state,
              "HMSG orders.new.eu-west 12 32 48\r\nNATS/1.0\r\nNats-Msg-Id: 12345\r\n\r\n"
              "0123456789abcdef\r\n");
}
void message_alone(benchmark::State& state) {
  const std::string_view text = "MSG _INBOX.AbC.77 1 16\r\n0123456789abcdef\r\n";
  ServerParser parser;
  ServerFrame frame;
  for (auto _ : state) {
    std::string_view input = text;
    while (parser.next(input, frame) == ServerParser::Status::kFrame)
      benchmark::DoNotOptimize(frame.payload);
  }
}
void server_ping(benchmark::State& state) { parse_reads(state, "PING\r\n"); }

BENCHMARK(message_16);
BENCHMARK(message_128);
BENCHMARK(message_reply_16);
BENCHMARK(message_consumed_128);
BENCHMARK(message_headers_16);
BENCHMARK(message_alone);
BENCHMARK(server_ping);

}  // namespace
}  // namespace midge::proto
