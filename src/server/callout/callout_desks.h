// The questions to callout services of all loops.
//
// Life: made before the broker, attached to it before the loops run, outlives it.
#pragma once

#include <memory>
#include <vector>

#include "broker/broker.h"
#include "broker/inquirer.h"
#include "server/callout/callout_desk.h"

namespace midge::server {

class CalloutDesks final : public broker::Inquirer {
 public:
  void attach(broker::Broker& broker) {
    for (const auto& worker : broker.workers()) {
      desks_.push_back(std::make_unique<CalloutDesk>(*worker));
      worker->add_service(*desks_.back());
    }
  }

  void inquire(broker::Worker& worker, std::uint64_t cid, std::uint32_t question,
               auth::InquiryPtr inquiry) override {
    desks_[worker.loop().id().value]->inquire(cid, question, std::move(inquiry));
  }

 private:
  std::vector<std::unique_ptr<CalloutDesk>> desks_;  // by loop
};

}  // namespace midge::server
