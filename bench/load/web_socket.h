// The client's side of web sockets' frames, for Socket: bytes in frames, frames' bytes out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace midge::load {

enum class WebSocketKind { kNone, kPlain, kCompressed };

class WebSocket {
 public:
  explicit WebSocket(bool compressed);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // What opens it.
  [[nodiscard]] std::string request() const;
  // Whether the answer agrees to what was asked for.
  [[nodiscard]] bool is_opened_by(std::string_view answer) const;

  // Appends `bytes` as frames. The mask is zero: the server has the work of unmasking all the same.
  void wrap(std::string_view bytes, std::string& frames);
  // Appends what the frames in `raw` carry to `bytes`; what is begun is kept.
  void unwrap(std::string_view raw, std::string& bytes);

 private:
  void wrap_message(std::string_view payload, bool compressed, std::string& frames) const;
  [[nodiscard]] std::string_view deflated(std::string_view bytes);
  void inflate(std::string& message, std::string& bytes);

  const bool compressed_;
  libdeflate_compressor* compressor_ = nullptr;
  libdeflate_decompressor* decompressor_ = nullptr;
  std::string packed_;    // room for a message of ours
  std::string unpacked_;  // and for one of theirs
  std::string rest_;      // a begun frame
  std::string message_;   // a begun message, compressed
  bool in_compressed_ = false;
};

}  // namespace midge::load
