#include "web_socket.h"

#include <libdeflate.h>

#include <algorithm>
#include <vector>

#include "fail.h"

namespace midge::load {
namespace {

constexpr std::size_t kMessageMax = 16 * 1024;  // of ours, before compression
constexpr std::size_t kCompressMin = 64;
// What is left out at a message's end, and a last block.
constexpr std::string_view kTail{"\x00\x00\xFF\xFF\x01\x00\x00\xFF\xFF", 9};

}  // namespace

WebSocket::WebSocket(bool compressed) : compressed_(compressed) {
  if (!compressed) return;
  compressor_ = libdeflate_alloc_compressor(1);
  decompressor_ = libdeflate_alloc_decompressor();
  if (compressor_ == nullptr || decompressor_ == nullptr) fail("libdeflate has no memory");
  packed_.resize(kMessageMax + 1024);
  unpacked_.resize(64 * 1024);
}

WebSocket::~WebSocket() {
  if (!compressed_) return;
  libdeflate_free_compressor(compressor_);
  libdeflate_free_decompressor(decompressor_);
}

std::string WebSocket::request() const {
  std::string text =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  if (compressed_) {
    text +=
        "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover\r\n";
  }
  return text + "\r\n";
}

bool WebSocket::is_opened_by(std::string_view answer) const {
  const bool agrees = answer.find("permessage-deflate") != std::string_view::npos;
  return answer.starts_with("HTTP/1.1 101 ") && agrees == compressed_;
}

void WebSocket::wrap(std::string_view bytes, std::string& frames) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, kMessageMax);
    const bool compress = compressed_ && part.size() > kCompressMin;
    wrap_message(compress ? deflated(part) : part, compress, frames);
    bytes.remove_prefix(part.size());
  }
}

void WebSocket::wrap_message(std::string_view payload, bool compressed, std::string& frames) const {
  frames += static_cast<char>(0x82 | (compressed ? 0x40 : 0));
  if (payload.size() < 126) {
    frames += static_cast<char>(0x80 | payload.size());
  } else {
    frames += static_cast<char>(0x80 | 126);
    frames += static_cast<char>(payload.size() >> 8);
    frames += static_cast<char>(payload.size() & 0xFF);
  }
  frames.append(4, '\0').append(payload);
}

// Its block says that it is the last one, which takes an empty one behind it (RFC 7692 §7.2.3.4).
std::string_view WebSocket::deflated(std::string_view bytes) {
  const std::size_t size = libdeflate_deflate_compress(compressor_, bytes.data(), bytes.size(),
                                                       packed_.data(), packed_.size() - 1);
  if (size == 0) fail("deflate failed");
  packed_[size] = '\0';
  return std::string_view(packed_).substr(0, size + 1);
}

void WebSocket::inflate(std::string& message, std::string& bytes) {
  message += kTail;
  std::size_t size = 0;
  while (true) {
    const libdeflate_result done = libdeflate_deflate_decompress(
        decompressor_, message.data(), message.size(), unpacked_.data(), unpacked_.size(), &size);
    if (done == LIBDEFLATE_SUCCESS) break;
    if (done != LIBDEFLATE_INSUFFICIENT_SPACE) fail("a message that is no deflate");
    unpacked_.resize(2 * unpacked_.size());
  }
  bytes.append(unpacked_, 0, size);
}

void WebSocket::unwrap(std::string_view raw, std::string& bytes) {
  if (!rest_.empty()) {
    rest_ += raw;
    raw = rest_;
  }
  while (raw.size() >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(raw[i]); };
    std::size_t head = 2, size = byte(1) & 0x7FU;
    if (size >= 126) {
      head = size == 126 ? 4 : 10;
      if (raw.size() < head) break;
      size = 0;
      for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
    }
    if (raw.size() < head + size) break;
    const unsigned opcode = byte(0) & 0xF;
    const bool final = (byte(0) & 0x80) != 0;
    const std::string_view payload = raw.substr(head, size);
    if (opcode == 8) fail("the server ended a web socket: " + std::string(payload));
    if (opcode <= 2) {
      if (opcode != 0) in_compressed_ = (byte(0) & 0x40) != 0;
      if (!in_compressed_) {
        bytes += payload;
      } else {
        message_ += payload;
        if (final) {
          inflate(message_, bytes);
          message_.clear();
        }
      }
    }
    raw.remove_prefix(head + size);
  }
  rest_ = std::string(raw);
}

}  // namespace midge::load
