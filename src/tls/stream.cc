#include "tls/stream.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "base/check.h"

namespace midge::tls {
namespace {

// More than any handshake needs; who sends more is not after one.
constexpr std::size_t kHandshakeInputMax = 128 * 1024;

// How Go names a connection in errors of the system.
std::string read_error(const io::Stream& wire, const char* what) {
  return "read tcp " + wire.local().text() + "->" + wire.remote().text() + ": " + what;
}

// Nobody asked to be told.
class NoEvents final : public io::HandshakeEvents {
  void on_first_bytes(bool) override {}
  void on_silence() override {}
  void on_secured() override {}
  void on_handshake_failed(const io::HandshakeFailure&) override {}
};

io::HandshakeEvents& no_events() {
  static NoEvents events;
  return events;
}

}  // namespace

struct Stream::Opener {
  Opener(Stream& its_stream, ContextPtr its_context, io::Pool& its_pool, WallTime its_now,
         StreamOptions its_options)
      : stream(its_stream),
        context(std::move(its_context)),
        pool(its_pool),
        now(its_now),
        options(std::move(its_options)) {}
  ~Opener() {
    if (link) abandon();
  }
  // What still waits for the pool is not worth its time any more.
  void abandon() const {
    link->stream = nullptr;
    link->abandoned.store(true, std::memory_order_relaxed);
  }

  // How a step on the pool finds back.
  struct Link {
    explicit Link(Stream& its_stream) : stream(&its_stream) {}
    Stream* stream;                      // null when nobody waits; touched on the loop only
    std::atomic<bool> abandoned{false};  // the same, for the pool
  };

  void on_timer() { stream.on_patience_over(); }

  Stream& stream;
  ContextPtr context;
  io::Pool& pool;
  WallTime now;
  StreamOptions options;
  io::HandshakeEvents* events = nullptr;
  std::shared_ptr<Link> link;
  bool step_runs = false;
  std::string waiting;  // came in while a step ran
  io::MemberTimer<&Opener::on_timer> patience{*this};
};

class Stream::StepJob final : public io::Job {
 public:
  StepJob(std::unique_ptr<Session> session, std::shared_ptr<Opener::Link> link, bool computes)
      : session_(std::move(session)), link_(std::move(link)), computes_(computes) {}
  [[nodiscard]] bool computes() const override { return computes_; }
  void run() override {
    if (!link_->abandoned.load(std::memory_order_relaxed)) step_ = session_->step();
  }
  void done() override {
    if (link_->stream != nullptr) link_->stream->step_done(std::move(session_), step_);
  }

 private:
  std::unique_ptr<Session> session_;
  std::shared_ptr<Opener::Link> link_;
  const bool computes_;
  Session::Step step_ = Session::Step::kFailed;
};

Stream::Stream(std::unique_ptr<io::Stream> wire, ContextPtr context, io::Pool& pool, WallTime now,
               StreamOptions options)
    : wire_(std::move(wire)), opening_(options.opening) {
  opener_ = std::make_unique<Opener>(*this, std::move(context), pool, now, std::move(options));
}

Stream::~Stream() {
  if (phase_ == Phase::kSecure && !goodbye_ && !session_->has_output()) session_->say_goodbye();
}

void Stream::attach(io::Loop& loop, io::StreamEvents& events) {
  loop_ = &loop;
  events_ = &events;
  wire_->attach(loop, *this);
  if (opener_->options.autostart) start_handshake(no_events());
}

// ---- opening

void Stream::await_first_bytes(io::HandshakeEvents& events) {
  ENSURE(phase_ == Phase::kPlain, "the first bytes are awaited first");
  phase_ = Phase::kAwaiting;
  opener_->events = &events;
  session_ = opener_->context->make_session(opener_->now, opener_->options.server_name);
  const Duration silence_max =
      std::exchange(opener_->options.silence_max, opener_->options.timeout);
  if (silence_max.ns > 0) loop_->timers().arm(opener_->patience, loop_->now() + silence_max);
  watch_wire();
}

void Stream::read_first_bytes() {
  std::array<char, 4096> chunk;
  const io::IoCount got = wire_->read(chunk);
  if (got.status == io::IoCount::Status::kWouldBlock) return;
  loop_->timers().cancel(opener_->patience);
  if (got.ok()) session_->feed({chunk.data(), got.bytes});
  // An end counts as plain: the reader finds it.
  const bool tls = got.ok() && session_->looks_like_tls();
  phase_ = Phase::kPlain;
  if (!tls) opener_->waiting = session_->take_input();
  opener_->events->on_first_bytes(tls);
}

void Stream::start_handshake(io::HandshakeEvents& events) {
  ENSURE(phase_ == Phase::kPlain, "one handshake per stream");
  Opener& opener = *opener_;
  phase_ = Phase::kHandshake;
  opener.events = &events;
  opener.link = std::make_shared<Opener::Link>(*this);
  if (session_ == nullptr)
    session_ = opener.context->make_session(opener.now, opener.options.server_name);
  if (!opener.waiting.empty()) session_->feed(std::exchange(opener.waiting, {}));
  if (opener.options.timeout.ns > 0)
    loop_->timers().arm(opener.patience, loop_->now() + opener.options.timeout);
  watch_wire();
  // Bytes that came before, or a client's first flight: not from within the caller's call.
  if (session_->has_input() || session_->can_step()) loop_->schedule(*this);
}

void Stream::read_handshake() {
  if (opener_->step_runs) return;
  std::array<char, 16 * 1024> chunk;
  const io::IoCount got = wire_->read(chunk);
  if (got.ok()) {
    session_->feed({chunk.data(), got.bytes});
  } else if (got.status != io::IoCount::Status::kWouldBlock) {
    return fail_by_end(got);
  }
  submit_step();
}

void Stream::submit_step() {
  if (!session_->looks_like_tls()) {
    const std::string& answer = opener_->options.plain_answer;
    const io::Slice slice{answer.data(), answer.size()};
    // As far as the wire takes it: nothing depends on it.
    if (!answer.empty()) (void)wire_->write({&slice, 1});
    return fail({.text = "tls: first record does not look like a TLS handshake", .expected = true});
  }
  if (!session_->can_step()) return;
  opener_->step_runs = true;
  watch_wire();
  // Checking a peer's certificate may fetch what a responder says of it.
  const bool computes = opener_->context->peer_check() == nullptr;
  opener_->pool.submit(*loop_,
                       std::make_unique<StepJob>(std::move(session_), opener_->link, computes));
}

void Stream::step_done(std::unique_ptr<Session> session, Session::Step step) {
  session_ = std::move(session);
  opener_->step_runs = false;
  if (!flush_output()) return fail_by_end({io::IoCount::Status::kError, 0, EPIPE});
  switch (step) {
    case Session::Step::kNeedsInput:
      if (session_->input_size() > kHandshakeInputMax)
        return fail({.text = "tls: handshake message too long"});
      watch_wire();
      return submit_step();
    case Session::Step::kDone:
      return secured();
    case Session::Step::kFailed:
      return fail(session_->failure());
  }
}

void Stream::secured() {
  phase_ = Phase::kSecure;
  session_->use_wire(*wire_);
  io::HandshakeEvents& events = *opener_->events;
  opener_.reset();
  watch_wire();
  take_turn_if_more();
  events.on_secured();
}

void Stream::fail(io::HandshakeFailure failure) {
  phase_ = Phase::kFailed;
  opener_->abandon();
  loop_->timers().cancel(opener_->patience);
  watch_wire();
  io::HandshakeEvents& events = *opener_->events;
  if (&events == &no_events()) return events_->on_readable();
  events.on_handshake_failed(failure);
}

void Stream::fail_by_end(const io::IoCount& why) {
  if (why.status == io::IoCount::Status::kEnd)
    return fail({.text = session_->at_record_edge() ? "EOF" : "unexpected EOF"});
  fail({.text = read_error(*wire_,
                           why.error == ECONNRESET ? "connection reset by peer" : "broken pipe")});
}

void Stream::on_patience_over() {
  if (phase_ == Phase::kAwaiting) {
    phase_ = Phase::kPlain;
    return opener_->events->on_silence();
  }
  fail({.text = read_error(*wire_, "i/o timeout"), .expected = true, .timed_out = true});
}

const io::SecurePeer* Stream::peer() const {
  return phase_ == Phase::kSecure ? &session_->peer() : nullptr;
}

std::vector<std::string> Stream::peer_chain_pem() const {
  if (phase_ != Phase::kSecure) return {};
  return session_->peer_chain_pem();
}

// ---- bytes

io::IoCount Stream::read_plain(std::span<char> into) {
  if (opener_->waiting.empty()) return wire_->read(into);
  const std::size_t count = opener_->waiting.copy(into.data(), into.size());
  opener_->waiting.erase(0, count);
  if (opener_->waiting.empty()) opener_->waiting.shrink_to_fit();
  return {io::IoCount::Status::kOk, count};
}

io::IoCount Stream::read(std::span<char> into) {
  switch (phase_) {
    case Phase::kPlain: {
      const io::IoCount count = read_plain(into);
      take_turn_if_more();
      return count;
    }
    case Phase::kAwaiting:
    case Phase::kHandshake:
      return {io::IoCount::Status::kWouldBlock};
    case Phase::kFailed: {
      if (opener_->options.autostart) return {io::IoCount::Status::kError, 0, EPROTO};
      // Nobody needs what still comes, but its end.
      const io::IoCount count = wire_->read(into);
      if (count.ok()) return {io::IoCount::Status::kWouldBlock};
      return count;
    }
    case Phase::kSecure:
      break;
  }
  const io::IoCount count = session_->read(into);
  // Reading may have written: an alert, an answer to a key update.
  if (session_->has_output()) flush_output();
  take_turn_if_more();
  return count;
}

io::IoCount Stream::write(std::span<const io::Slice> from) {
  switch (phase_) {
    case Phase::kPlain:
    case Phase::kAwaiting:
      return wire_->write(from);
    case Phase::kHandshake:
      return {io::IoCount::Status::kWouldBlock};
    case Phase::kFailed:
      return {io::IoCount::Status::kError, 0, EPROTO};
    case Phase::kSecure:
      break;
  }
  if (goodbye_ || broken_) return {io::IoCount::Status::kError, 0, EPIPE};
  if (session_->has_output() && !flush_output()) return {io::IoCount::Status::kError, 0, EPIPE};
  const io::IoCount count =
      session_->write(from.first(std::min(from.size(), io::Stream::kSlicesMax)));
  if (session_->has_output()) watch_wire();
  return count;
}

bool Stream::flush_output() {
  const io::IoCount count = session_->flush(*wire_);
  if (count.status == io::IoCount::Status::kWouldBlock) {
    watch_wire();
    return true;
  }
  if (!count.ok()) {
    // Watching on for room would be told of it again and again.
    broken_ = true;
    session_->drop_output();
    return false;
  }
  if (goodbye_ && !std::exchange(wire_shut_, true)) wire_->shutdown_write();
  return true;
}

void Stream::shutdown_write() {
  if (std::exchange(goodbye_, true)) return;
  if (phase_ == Phase::kSecure) session_->say_goodbye();
  if (session_ == nullptr || !session_->has_output()) {
    if (!std::exchange(wire_shut_, true)) wire_->shutdown_write();
  } else {
    flush_output();
  }
}

void Stream::watch(bool readable, bool writable) {
  want_readable_ = readable;
  want_writable_ = writable;
  watch_wire();
  take_turn_if_more();
}

void Stream::watch_wire() {
  const bool output_waits = session_ != nullptr && session_->has_output();
  switch (phase_) {
    case Phase::kPlain:
    case Phase::kSecure:
    case Phase::kFailed:
      return wire_->watch(want_readable_, want_writable_ || output_waits);
    case Phase::kAwaiting:
      return wire_->watch(true, want_writable_);
    case Phase::kHandshake:
      return wire_->watch(!opener_->step_runs, output_waits);
  }
}

// What was read ahead is not announced by the wire any more.
void Stream::take_turn_if_more() {
  if (!want_readable_) return;
  const bool more = phase_ == Phase::kSecure ? session_->has_more()
                                             : phase_ == Phase::kPlain && !opener_->waiting.empty();
  if (more) loop_->schedule(*this);
}

// ---- events

void Stream::on_readable() {
  switch (phase_) {
    case Phase::kAwaiting:
      return read_first_bytes();
    case Phase::kHandshake:
      return read_handshake();
    case Phase::kPlain:
    case Phase::kSecure:
    case Phase::kFailed:
      if (want_readable_) events_->on_readable();
      return;
  }
}

void Stream::on_writable() {
  if (session_ != nullptr && session_->has_output()) {
    // A wire that broke is found by whoever reads or writes next.
    flush_output();
    watch_wire();
    if (session_->has_output()) return;
  }
  if (want_writable_ && phase_ != Phase::kHandshake) events_->on_writable();
}

void Stream::on_turn() {
  if (phase_ == Phase::kHandshake) {
    if (!opener_->step_runs) submit_step();
    return;
  }
  if (want_readable_) events_->on_readable();
}

}  // namespace midge::tls
