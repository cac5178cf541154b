#include "web_socket.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "fail.h"

namespace midge::load {
namespace {

constexpr std::size_t kMessageMax = 16 * 1024;  // of ours, before compression
constexpr std::size_t kCompressMin = 64;
constexpr std::string_view kTail{"\x00\x00\xFF\xFF", 4};

}  // namespace

WebSocket::WebSocket(bool compressed) : compressed_(compressed) {
  if (!compressed) return;
  deflate_ = std::make_unique<z_stream>();
  inflate_ = std::make_unique<z_stream>();
  if (deflateInit2(deflate_.get(), Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
          Z_OK ||
      inflateInit2(inflate_.get(), -MAX_WBITS) != Z_OK) {
    fail("zlib has no memory");
  }
}

WebSocket::~WebSocket() {
  if (!compressed_) return;
  deflateEnd(deflate_.get());
  inflateEnd(inflate_.get());
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

std::string_view WebSocket::deflated(std::string_view bytes) {
  deflateReset(deflate_.get());
  packed_.resize(kMessageMax + 1024);
  deflate_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  deflate_->avail_in = static_cast<uInt>(bytes.size());
  deflate_->next_out = reinterpret_cast<Bytef*>(packed_.data());
  deflate_->avail_out = static_cast<uInt>(packed_.size());
  if (deflate(deflate_.get(), Z_SYNC_FLUSH) != Z_OK) fail("deflate failed");
  const std::size_t size = packed_.size() - deflate_->avail_out - kTail.size();
  return std::string_view(packed_).substr(0, size);
}

void WebSocket::inflate(std::string_view message, std::string& bytes) {
  inflateReset(inflate_.get());
  for (std::string_view part : {message, kTail}) {
    inflate_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    inflate_->avail_in = static_cast<uInt>(part.size());
    do {
      constexpr std::size_t kRoom = 64 * 1024;
      const std::size_t before = bytes.size();
      bytes.resize(before + kRoom);
      inflate_->next_out = reinterpret_cast<Bytef*>(bytes.data() + before);
      inflate_->avail_out = kRoom;
      const int done = ::inflate(inflate_.get(), Z_SYNC_FLUSH);
      if (done != Z_OK && done != Z_BUF_ERROR) fail("a message that is no deflate");
      bytes.resize(before + kRoom - inflate_->avail_out);
    } while (inflate_->avail_out == 0);
  }
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
