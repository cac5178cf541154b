#include "broker/arrival.h"

#include <string>
#include <utility>

#include "broker/worker.h"

namespace midge::broker {

void Arrival::open() { stream_->web_socket()->open(worker_.loop(), *this); }

void Arrival::on_opened() {
  on_gone();
  worker_.welcome(std::move(stream_));
}

void Arrival::on_refused(std::string_view why) {
  if (!why.empty()) worker_.log().error(std::string(why));
}

void Arrival::on_gone() {
  done_ = true;
  worker_.arrival_done();
}

}  // namespace midge::broker
