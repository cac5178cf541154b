// A subscription that calls a member function: `MemberReceiver<&Stream::on_ack> acks_{*this};`
#pragma once

#include "broker/internal_receiver.h"

namespace midge::jetstream {

template <auto Method>
class MemberReceiver;
template <class Owner, void (Owner::*Method)(const broker::Message&)>
class MemberReceiver<Method> final : public broker::InternalReceiver {
 public:
  explicit MemberReceiver(Owner& owner) : owner_(&owner) {}
  void on_message(const broker::Message& message) override { (owner_->*Method)(message); }

 private:
  Owner* owner_;
};

}  // namespace midge::jetstream
