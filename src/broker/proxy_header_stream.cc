#include "broker/proxy_header_stream.h"

#include <array>
#include <cerrno>

namespace midge::broker {
namespace {

// At a time; few headers are longer.
constexpr std::size_t kReadBytes = 512;

}  // namespace

void ProxyHeaderStream::attach(io::Loop& loop, io::StreamEvents& events) {
  loop_ = &loop;
  events_ = &events;
  wire_->attach(loop, *this);
  loop.timers().arm(patience_, loop.now() + kPatience);
}

io::Address ProxyHeaderStream::remote() const {
  return source_.host.empty() ? wire_->remote() : source_;
}

void ProxyHeaderStream::watch(bool readable, bool writable) {
  want_readable_ = readable;
  want_writable_ = writable;
  watch_wire();
  if (want_readable_ && !awaits_header_ && !begun_.empty()) loop_->schedule(*this);
}

io::IoCount ProxyHeaderStream::read(std::span<char> into) {
  if (awaits_header_) return {io::IoCount::Status::kWouldBlock};
  if (begun_.empty()) return wire_->read(into);
  const std::size_t count = begun_.copy(into.data(), into.size());
  begun_.erase(0, count);
  if (begun_.empty())
    begun_.shrink_to_fit();
  else if (want_readable_)
    loop_->schedule(*this);
  return {io::IoCount::Status::kOk, count};
}

void ProxyHeaderStream::on_readable() {
  if (!awaits_header_) return events_->on_readable();
  std::array<char, kReadBytes> chunk;
  const io::IoCount got = wire_->read(chunk);
  switch (got.status) {
    case io::IoCount::Status::kWouldBlock:
      return;
    case io::IoCount::Status::kOk:
      begun_.append(chunk.data(), got.bytes);
      return look_at_header();
    case io::IoCount::Status::kEnd:
      return fail_missing("EOF");
    case io::IoCount::Status::kError:
      return fail_missing(got.error == ECONNRESET ? "connection reset by peer" : "broken pipe");
  }
}

void ProxyHeaderStream::look_at_header() {
  const proto::ProxyHeader header = proto::parse_proxy_header(begun_);
  switch (header.status) {
    case proto::ProxyHeader::Status::kNeedMore:
      return;
    case proto::ProxyHeader::Status::kMalformed:
      return fail(header.error);
    case proto::ProxyHeader::Status::kAbsent:
    case proto::ProxyHeader::Status::kWhole:
      break;
  }
  loop_->timers().cancel(patience_);
  source_ = {header.source_host, header.source_port};
  begun_.erase(0, header.size);
  awaits_header_ = false;
  watch(want_readable_, want_writable_);
  proxy_events_->on_proxy_header();
}

void ProxyHeaderStream::fail(std::string_view text) {
  loop_->timers().cancel(patience_);
  awaits_header_ = false;
  begun_.clear();
  watch_wire();
  proxy_events_->on_proxy_error(text);
}

void ProxyHeaderStream::fail_missing(std::string_view why) {
  const proto::ProxyHeader header = proto::parse_proxy_header(begun_);
  std::string text(header.missing);
  text += header.missing_is_begun && why == "EOF" ? ": unexpected " : ": ";
  fail(text.append(why));
}

void ProxyHeaderStream::on_patience_over() {
  fail_missing("read tcp " + wire_->local().text() + "->" + wire_->remote().text() +
               ": i/o timeout");
}

void ProxyHeaderStream::on_turn() {
  if (want_readable_) events_->on_readable();
}

}  // namespace midge::broker
