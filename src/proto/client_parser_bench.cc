// What the client parser costs per frame: 64 KiB chunks of one kind of frame, as a busy socket
// gives.
#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

#include "proto/client_parser.h"

namespace midge::proto {
namespace {

constexpr std::size_t kChunkSize = 64 * 1024;

// Chunks that end amid a frame are the rule: the rest of it is the start of the next chunk.
void parse_chunks(benchmark::State& state, std::string_view frame_text, std::size_t chunk_size) {
  std::string text;
  while (text.size() < chunk_size) text += frame_text;
  const SharedBytes chunk = SharedBytes::allocate(text.size());
  std::memcpy(chunk.data(), text.data(), text.size());
  const ParserLimits limits;
  ClientParser parser;
  Frame frame;
  std::int64_t frames = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::size_t cut = text.size() - frame_text.size() / 2;
    for (std::string_view input : {std::string_view(chunk.data(), cut),
                                   std::string_view(chunk.data() + cut, text.size() - cut)}) {
      while (parser.next(input, chunk, limits, true, frame) == ParseStatus::kFrame) {
        ++frames;
        bytes += frame.subject.size() + frame.payload.size();
      }
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(frames);
  state.counters["ns_per_frame"] = benchmark::Counter(
      static_cast<double>(frames) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

const std::string kHeaders = "NATS/1.0\r\nNats-Msg-Id: 12345\r\n\r\n";

void publish_16(benchmark::State& state) {
  parse_chunks(state, "PUB orders.new.eu-west 16\r\n0123456789abcdef\r\n", kChunkSize);
}
void publish_reply_16(benchmark::State& state) {
  parse_chunks(state, "PUB orders.new.eu-west _INBOX.AbCdEfGhIj.77 16\r\n0123456789abcdef\r\n",
               kChunkSize);
}
void publish_128(benchmark::State& state) {
  parse_chunks(state, "PUB orders.new.eu-west 128\r\n" + std::string(128, 'x') + "\r\n",
               kChunkSize);
}
void publish_long_subject(benchmark::State& state) {
  parse_chunks(state, "PUB orders." + std::string(80, 's') + " 16\r\n0123456789abcdef\r\n",
               kChunkSize);
}
void publish_headers(benchmark::State& state) {
  const std::string head = "HPUB orders.new.eu-west " + std::to_string(kHeaders.size()) + ' ' +
                           std::to_string(kHeaders.size() + 16) + "\r\n";
  parse_chunks(state, head + kHeaders + "0123456789abcdef\r\n", kChunkSize);
}
void publish_alone(benchmark::State& state) {
  const std::string_view text = "PUB orders.new.eu-west _INBOX.AbC.77 16\r\n0123456789abcdef\r\n";
  const SharedBytes chunk = SharedBytes::allocate(text.size());
  std::memcpy(chunk.data(), text.data(), text.size());
  const ParserLimits limits;
  ClientParser parser;
  Frame frame;
  for (auto _ : state) {
    std::string_view input(chunk.data(), text.size());
    while (parser.next(input, chunk, limits, true, frame) == ParseStatus::kFrame)
      benchmark::DoNotOptimize(frame.payload);
  }
}
void subscribe(benchmark::State& state) {
  parse_chunks(state, "SUB _INBOX.AbCdEfGhIjKlMnOpQrStUv.* 123456\r\n", kChunkSize);
}
void unsubscribe(benchmark::State& state) { parse_chunks(state, "UNSUB 123456\r\n", kChunkSize); }
void ping(benchmark::State& state) { parse_chunks(state, "PING\r\n", kChunkSize); }

BENCHMARK(publish_16);
BENCHMARK(publish_reply_16);
BENCHMARK(publish_128);
BENCHMARK(publish_long_subject);
BENCHMARK(publish_headers);
BENCHMARK(publish_alone);
BENCHMARK(subscribe);
BENCHMARK(unsubscribe);
BENCHMARK(ping);

}  // namespace
}  // namespace midge::proto
