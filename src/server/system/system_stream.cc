#include "server/system/system_stream.h"

#include <algorithm>

#include "io/loop.h"

namespace midge::server {

void SystemStream::attach(io::Loop& loop, io::StreamEvents& events) {
  loop_ = &loop;
  events_ = &events;
  wire_->wake = [this] { loop_->schedule(*this); };
  loop.schedule(*this);
}

io::IoCount SystemStream::read(std::span<char> into) {
  std::string& bytes = wire_->to_server;
  const std::size_t count = std::min(into.size(), bytes.size());
  if (count == 0) return {io::IoCount::Status::kWouldBlock};
  std::copy_n(bytes.begin(), count, into.begin());
  bytes.erase(0, count);
  return {io::IoCount::Status::kOk, count};
}

io::IoCount SystemStream::write(std::span<const io::Slice> from) {
  std::size_t count = 0;
  for (const io::Slice& slice : from) {
    wire_->from_server.append(slice.data, slice.size);
    count += slice.size;
  }
  // What it says is looked at in a turn of its own: not from within whatever writes.
  loop_->schedule(*this);
  return {io::IoCount::Status::kOk, count};
}

void SystemStream::watch(bool readable, bool writable) {
  reads_ = readable;
  writes_ = writable;
  if (writes_ || (reads_ && !wire_->to_server.empty())) loop_->schedule(*this);
}

void SystemStream::on_turn() {
  if (!wire_->from_server.empty()) wire_->on_bytes();
  if (reads_ && !wire_->to_server.empty()) {
    loop_->schedule(*this);  // until all is read
    return events_->on_readable();
  }
  if (writes_) events_->on_writable();
}

}  // namespace midge::server
