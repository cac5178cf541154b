// Takes the header of the PROXY protocol off a stream; lies below TLS.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "io/loop.h"
#include "io/proxied_stream.h"
#include "io/timer.h"
#include "io/turn.h"
#include "proto/proxy_header.h"

namespace midge::broker {

class ProxyHeaderStream final : public io::ProxiedStream,
                                private io::StreamEvents,
                                private io::Turn {
 public:
  static constexpr Duration kPatience = seconds(5);

  explicit ProxyHeaderStream(std::unique_ptr<io::Stream> wire) : wire_(std::move(wire)) {}

  void report_to(io::ProxyEvents& events) override { proxy_events_ = &events; }
  [[nodiscard]] bool awaits_header() const override { return awaits_header_; }

  void attach(io::Loop& loop, io::StreamEvents& events) override;
  io::IoCount read(std::span<char> into) override;
  io::IoCount write(std::span<const io::Slice> from) override { return wire_->write(from); }
  void watch(bool readable, bool writable) override;
  void shutdown_write() override { wire_->shutdown_write(); }
  [[nodiscard]] io::Address remote() const override;
  [[nodiscard]] io::Address local() const override { return wire_->local(); }
  [[nodiscard]] bool in_process() const override { return wire_->in_process(); }
  io::ProxiedStream* proxied() override { return this; }

 private:
  void on_readable() override;
  void on_writable() override { events_->on_writable(); }
  void on_turn() override;
  void on_patience_over();

  void look_at_header();
  void fail(std::string_view text);
  // Nothing more comes: `why`.
  void fail_missing(std::string_view why);
  void watch_wire() { wire_->watch(awaits_header_ || want_readable_, want_writable_); }

  std::unique_ptr<io::Stream> wire_;
  io::Loop* loop_ = nullptr;
  io::StreamEvents* events_ = nullptr;
  io::ProxyEvents* proxy_events_ = nullptr;
  std::string begun_;  // while the header is awaited: what came of it; then what follows it
  io::Address source_;
  io::MemberTimer<&ProxyHeaderStream::on_patience_over> patience_{*this};
  bool awaits_header_ = true;
  bool want_readable_ = true;
  bool want_writable_ = false;
};

}  // namespace midge::broker
