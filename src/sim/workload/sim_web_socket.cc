#include "sim/workload/sim_web_socket.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/check.h"

namespace midge::sim {
namespace {

using io::IoCount;

constexpr unsigned kFinal = 0x80, kCompressed = 0x40, kReserved = 0x30, kMasked = 0x80;
constexpr unsigned kContinuation = 0, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr std::size_t kMessageMax = 20'000;
constexpr std::string_view kTail{"\x00\x00\xFF\xFF", 4};

std::string deflated(std::string_view bytes, int level, bool last_block) {
  z_stream stream{};
  ENSURE(deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK,
         "zlib has memory");
  std::string out(bytes.size() * 2 + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  (void)deflate(&stream, last_block ? Z_FINISH : Z_SYNC_FLUSH);
  out.resize(out.size() - stream.avail_out - (last_block ? 0 : kTail.size()));
  deflateEnd(&stream);
  return out;
}

std::optional<std::string> inflated(std::string message) {
  message += kTail;
  z_stream stream{};
  ENSURE(inflateInit2(&stream, -MAX_WBITS) == Z_OK, "zlib has memory");
  stream.next_in = reinterpret_cast<Bytef*>(message.data());
  stream.avail_in = static_cast<uInt>(message.size());
  std::string out;
  std::array<char, 4096> room;
  int done = Z_OK;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    done = inflate(&stream, Z_SYNC_FLUSH);
    out.append(room.data(), room.size() - stream.avail_out);
  } while (done == Z_OK && stream.avail_out == 0);
  inflateEnd(&stream);
  if ((done != Z_OK && done != Z_BUF_ERROR) || stream.avail_in != 0) return std::nullopt;
  return out;
}

}  // namespace

SimWebSocket::SimWebSocket(SimEnv& env, std::unique_ptr<SimSocket> wire, bool compressed)
    : random_(env.fork_random()), wire_(std::move(wire)), compressed_(compressed) {
  leaving_ =
      "GET / HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (compressed)
    leaving_ +=
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover\r\n";
  leaving_ += "\r\n";
}

std::size_t SimWebSocket::read(std::span<char>) { ENSURE(false, "the simulation does not block"); }
bool SimWebSocket::write(std::string_view) { ENSURE(false, "the simulation does not block"); }

IoCount SimWebSocket::try_write(std::string_view bytes) {
  if (!flush() || !open_ || ended_) return {IoCount::Status::kWouldBlock};
  const std::size_t count = std::min(bytes.size(), 1 + random_.below(kMessageMax));
  add_message(bytes.substr(0, count));
  flush();
  return {IoCount::Status::kOk, count};
}

bool SimWebSocket::flush() {
  while (!leaving_.empty()) {
    const IoCount written = wire_->try_write(leaving_);
    // What the server said before it closed is still to be read.
    if (written.status == IoCount::Status::kEnd) leaving_.clear();
    if (!written.ok()) break;
    leaving_.erase(0, written.bytes);
  }
  return leaving_.empty();
}

IoCount SimWebSocket::try_read(std::span<char> into) {
  flush();
  while (arrived_.empty() && !ended_) {
    std::array<char, 4096> chunk;
    const std::size_t size = random_.one_in(3) ? 1 + random_.below(100) : chunk.size();
    const IoCount got = wire_->try_read(std::span(chunk).first(size));
    if (!got.ok()) return got;
    raw_.append(chunk.data(), got.bytes);
    if (!open_) read_answer();
    if (open_) read_frames();
  }
  if (arrived_.empty()) return {IoCount::Status::kEnd};
  const std::size_t count = arrived_.copy(into.data(), into.size());
  arrived_.erase(0, count);
  return {IoCount::Status::kOk, count};
}

void SimWebSocket::complain(const std::string& fault) {
  arrived_ += "web socket: " + fault + "\r\n";
  ended_ = true;
}

// ---- what comes

void SimWebSocket::read_answer() {
  const std::size_t end = raw_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string_view answer = std::string_view(raw_).substr(0, end);
  const bool agreed = answer.find("permessage-deflate") != std::string_view::npos;
  if (!answer.starts_with("HTTP/1.1 101 ") || agreed != compressed_)
    return complain("answered with " + raw_.substr(0, 200));
  raw_.erase(0, end + 4);
  open_ = true;
}

void SimWebSocket::read_frames() {
  while (!ended_ && read_frame()) {
  }
}

bool SimWebSocket::read_frame() {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(raw_[i]); };
  if (raw_.size() < 2) return false;
  std::size_t head = 2, size = byte(1) & 0x7FU;
  if (size >= 126) {
    head += size == 126 ? 2 : 8;
    if (raw_.size() < head) return false;
    size = 0;
    for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
  }
  if ((byte(1) & kMasked) != 0) return complain("a server's frame is masked"), true;
  if (raw_.size() < head + size) return false;
  const unsigned first = byte(0), opcode = first & 0xF;
  const std::string payload = raw_.substr(head, size);
  raw_.erase(0, head + size);
  const bool begins = opcode == kBinary;
  if ((first & kReserved) != 0 || ((first & kCompressed) != 0 && !(begins && compressed_))) {
    complain("reserved bits");
  } else if (opcode == kPong) {
    if (--pings_ < 0) complain("a pong that nobody asked for");
  } else if (opcode == kClose) {
    ended_ = true;
  } else if (begins == in_message_ || (!begins && opcode != kContinuation)) {
    complain("opcode " + std::to_string(opcode));
  } else {
    if (begins) message_compressed_ = (first & kCompressed) != 0;
    take_data(payload, (first & kFinal) != 0);
  }
  return true;
}

void SimWebSocket::take_data(std::string_view payload, bool final) {
  message_ += payload;
  in_message_ = !final;
  if (!final) return;
  if (message_compressed_) {
    const std::optional<std::string> bytes = inflated(std::move(message_));
    if (!bytes) return complain("what does not inflate");
    arrived_ += *bytes;
  } else {
    arrived_ += message_;
  }
  message_.clear();
}

// ---- what leaves

void SimWebSocket::add_message(std::string_view bytes) {
  const bool compress = compressed_ && !random_.one_in(4);
  std::string packed;
  if (compress) {
    packed = deflated(bytes, static_cast<int>(random_.between(0, 9)), random_.one_in(8));
    bytes = packed;
  }
  unsigned opcode = kBinary | (compress ? kCompressed : 0);
  while (true) {
    const bool cut = random_.one_in(3);
    const std::size_t count = cut ? random_.below(bytes.size() + 1) : bytes.size();
    add_frame(opcode | (cut ? 0 : kFinal), bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (!cut) break;
    opcode = kContinuation;
    if (random_.one_in(4)) {
      add_frame(kPing | kFinal, "are you there");
      ++pings_;
    }
  }
}

void SimWebSocket::add_frame(unsigned first_byte, std::string_view payload) {
  leaving_ += static_cast<char>(first_byte);
  const std::size_t size = payload.size();
  if (size < 126) {
    leaving_ += static_cast<char>(kMasked | size);
  } else {
    leaving_ += static_cast<char>(kMasked | 126);
    leaving_ += static_cast<char>(size >> 8);
    leaving_ += static_cast<char>(size & 0xFF);
  }
  std::array<std::uint8_t, 4> mask;
  for (std::uint8_t& byte : mask) {
    byte = static_cast<std::uint8_t>(random_.below(256));
    leaving_ += static_cast<char>(byte);
  }
  for (std::size_t i = 0; i < size; ++i)
    leaving_ += static_cast<char>(static_cast<std::uint8_t>(payload[i]) ^ mask[i & 3]);
}

}  // namespace midge::sim
