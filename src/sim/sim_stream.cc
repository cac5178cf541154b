#include "sim/sim_stream.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"

namespace midge::sim {

using io::IoCount;

SimStream::SimStream(SimScheduler& scheduler, std::uint64_t number, SharedWire in, SharedWire out,
                     SimFaults* faults)
    : scheduler_(scheduler),
      number_(number),
      in_(std::move(in)),
      out_(std::move(out)),
      faults_(faults) {
  if (faults_ != nullptr) faults_->add(number_, *this);
}

SimStream::~SimStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (faults_ != nullptr) faults_->remove(number_);
  scheduler_.hash().add(SimEvent::kClose, number_);
  in_->on_arrival = nullptr;
  out_->on_room = nullptr;
  out_->finish();
  in_->stop_reading();
  if (loop_ != nullptr) loop_->remove(*this);
}

void SimStream::attach(io::Loop& loop, io::StreamEvents& events) {
  ENSURE(loop_ == nullptr, "a stream is attached once");
  loop_ = static_cast<SimLoop*>(&loop);
  events_ = &events;
  watch_readable_ = true;
  in_->on_arrival = [this] {
    if (ready()) loop_->wake();
  };
  out_->on_room = in_->on_arrival;
  loop_->add(*this);
}

void SimStream::lose(Loss how) {
  scheduler_.hash().add(SimEvent::kClose, number_, static_cast<std::uint64_t>(how));
  switch (how) {
    case Loss::kReset:
      out_->break_up();
      return in_->cut();
    case Loss::kEnd:
      in_->finish();
      return out_->stop_reading();
    case Loss::kSilence:
      in_->swallow();
      return out_->swallow();
  }
}

void SimStream::take_step() {
  if (faults_ != nullptr && faults_->step(number_)) lose(Loss::kReset);
}

IoCount SimStream::read(std::span<char> into) {
  take_step();
  if (in_->broken()) return {IoCount::Status::kError, 0, ECONNRESET};
  const std::size_t count = in_->read(into);
  scheduler_.hash().add(SimEvent::kRead, number_, count);
  if (count > 0) return {IoCount::Status::kOk, count};
  return {in_->ended() ? IoCount::Status::kEnd : IoCount::Status::kWouldBlock};
}

IoCount SimStream::write(std::span<const io::Slice> from) {
  take_step();
  if (out_->refused() || in_->broken()) return {IoCount::Status::kError, 0, EPIPE};
  std::size_t total = 0;
  for (const io::Slice& slice : from.first(std::min(from.size(), kSlicesMax))) {
    const std::size_t count = out_->write({slice.data, slice.size});
    scheduler_.hash().add(SimEvent::kWrite, number_, std::string_view(slice.data, count));
    total += count;
    if (count < slice.size) break;
  }
  if (total > 0) return {IoCount::Status::kOk, total};
  return {IoCount::Status::kWouldBlock};
}

void SimStream::watch(bool readable, bool writable) {
  watch_readable_ = readable;
  watch_writable_ = writable;
  if (ready()) loop_->wake();
}

void SimStream::shutdown_write() { out_->finish(); }

io::Address SimStream::remote() const {
  return {"127.0.0.1", static_cast<std::uint16_t>(10000 + number_ % 50000)};
}

bool SimStream::can_read() const { return watch_readable_ && in_->something_to_read(); }

bool SimStream::can_write() const {
  return watch_writable_ && (out_->room() > 0 || out_->refused() || in_->broken());
}

void SimStream::on_ready() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  if (can_read()) events_->on_readable();
  if (destroyed) return;
  if (can_write()) events_->on_writable();
  if (destroyed) return;
  destroyed_ = nullptr;
}

std::size_t SimSocket::read(std::span<char>) {
  ENSURE(false, "the simulation does not block");
  return 0;
}

bool SimSocket::write(std::string_view) {
  ENSURE(false, "the simulation does not block");
  return false;
}

IoCount SimSocket::try_read(std::span<char> into) {
  if (in_->broken() || closed_) return {IoCount::Status::kEnd};
  const std::size_t count = in_->read(into);
  if (count > 0) return {IoCount::Status::kOk, count};
  return {in_->ended() ? IoCount::Status::kEnd : IoCount::Status::kWouldBlock};
}

IoCount SimSocket::try_write(std::string_view bytes) {
  if (out_->refused() || closed_) return {IoCount::Status::kEnd};
  const std::size_t count = out_->write(bytes);
  if (count > 0) return {IoCount::Status::kOk, count};
  return {IoCount::Status::kWouldBlock};
}

void SimSocket::close() {
  if (closed_) return;
  closed_ = true;
  out_->finish();
  in_->stop_reading();
}

void SimSocket::abort() {
  if (closed_) return;
  closed_ = true;
  out_->break_up();
  in_->stop_reading();
}

}  // namespace midge::sim
