// A mail that calls a function with the receiving worker.
#pragma once

#include <memory>
#include <utility>

#include "io/mail.h"

namespace midge::broker {

template <class Function>
class CallMail final : public io::Mail {
 public:
  explicit CallMail(Function function) : function_(std::move(function)) {}
  void arrive(io::LoopHandler& handler) override;

 private:
  Function function_;
};

template <class Function>
std::unique_ptr<io::Mail> call_worker(Function function) {
  return std::make_unique<CallMail<Function>>(std::move(function));
}

}  // namespace midge::broker

#include "broker/worker.h"

namespace midge::broker {

template <class Function>
void CallMail<Function>::arrive(io::LoopHandler& handler) {
  function_(static_cast<Worker&>(handler));
}

}  // namespace midge::broker
