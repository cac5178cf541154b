// A kind of backup, as it is read: bytes in, a stream out.
#pragma once

#include <memory>
#include <string_view>

#include "jetstream/archive/restore_target.h"

namespace midge::jetstream {

class RestoreFormat {
 public:
  virtual ~RestoreFormat() = default;
  virtual void feed(std::string_view plain) = 0;

  enum class Progress : std::uint8_t {
    kMore,   // the budget is spent
    kNeeds,  // bytes
    kDone,   // the backup says that it is whole
  };
  // Units of the budget are bytes of messages.
  virtual ApiResult<Progress> step(std::int64_t& budget) = 0;
  // No more will come: completes the target, or says why it cannot.
  virtual ApiResult<void> finish() = 0;
};

// Of nats-server from 2.15 on, and Midge. `target` outlives both.
std::unique_ptr<RestoreFormat> make_entry_format(RestoreTarget& target);
// Of nats-server before 2.15.
std::unique_ptr<RestoreFormat> make_tar_format(RestoreTarget& target);

}  // namespace midge::jetstream
