// One connection's TLS state: bytes in, bytes out. Knows no loop; what drives it is stream.h.
//
// The handshake works on buffers (input, output) and may run on any thread, one at a time. After it
// the session reads and writes its wire directly, on the wire's loop.
//
// Invariant: output() is empty unless the wire took less than a record; then write() takes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "io/secure_stream.h"
#include "io/stream.h"
#include "tls/context.h"

struct ssl_st;
struct x509_st;

namespace midge::tls {

class Session {
 public:
  // Takes `ssl`, which has its role and context.
  Session(ssl_st* ssl, ContextPtr context, WallTime now);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // ---- the handshake

  enum class Step : std::uint8_t { kNeedsInput, kDone, kFailed };
  // Bytes that came. Only whole records are worked on.
  void feed(std::string_view bytes) { input_.append(bytes); }
  // Whether a step would find a whole record, or a client has to speak first.
  [[nodiscard]] bool can_step() const;
  Step step();
  // After kFailed.
  [[nodiscard]] const io::HandshakeFailure& failure() const;
  // After kDone.
  [[nodiscard]] const io::SecurePeer& peer() const { return peer_; }
  // True if nothing came so far, or what came ends with a record.
  [[nodiscard]] bool at_record_edge() const;
  // Whether the very first bytes can be a handshake at all.
  [[nodiscard]] bool looks_like_tls() const;
  [[nodiscard]] bool has_input() const { return input_at_ < input_.size(); }
  [[nodiscard]] std::size_t input_size() const { return input_.size() - input_at_; }
  std::string take_input();  // for a stream that stays plain

  // ---- after it

  // From here on bytes come from `wire` and go to it.
  void use_wire(io::Stream& wire);
  io::IoCount read(std::span<char> into);
  io::IoCount write(std::span<const io::Slice> from);
  // Whether the last read() left something that the wire does not announce.
  [[nodiscard]] bool has_more() const { return has_more_; }
  // Tells the peer that nothing follows.
  void say_goodbye();

  // ---- always

  // Encrypted bytes that wait.
  [[nodiscard]] bool has_output() const { return output_at_ < output_.size(); }
  // Writes what waits; an error or kWouldBlock, else kOk.
  io::IoCount flush(io::Stream& wire);
  // The wire is broken: what waits will never go.
  void drop_output();
  [[nodiscard]] std::vector<std::string> peer_chain_pem() const;

 private:
  friend struct WireBio;  // how OpenSSL gets at its bytes
  friend struct HandshakeHooks;
  static constexpr std::size_t kRecordMax = 16 * 1024;

  [[nodiscard]] std::size_t whole_records() const;
  Step finish_handshake();
  Step fail();
  bool check_pins(x509_st* leaf);
  io::IoCount why_not(int result);
  bool write_record(const char* data, std::size_t size);

  // What is needed until the handshake is done; idle connections are many.
  struct Handshake {
    ContextPtr context;
    WallTime now;
    bool begun = false;  // the first bytes were worked on
    io::HandshakeFailure failure;
    std::string refusal;           // why the peer's certificate was refused
    std::string_view rejection;    // the whole text instead, if its chain was fine
    std::string offered_versions;  // by the client, in hex as Go lists them
  };

  ssl_st* ssl_;
  std::unique_ptr<Handshake> handshake_;
  io::Stream* wire_ = nullptr;
  std::string input_;  // not yet read by OpenSSL from input_at_ on
  std::size_t input_at_ = 0;
  std::size_t input_end_ = 0;  // of what OpenSSL may read
  std::string output_;
  std::size_t output_at_ = 0;
  io::SecurePeer peer_;
  int wire_error_ = 0;
  bool drained_ = false;  // the wire has nothing more just now
  bool ended_ = false;    // the wire's end was read
  bool has_more_ = false;
};

}  // namespace midge::tls
