// A message on its way through one tick: views, valid while their block is held.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"

namespace midge::broker {

struct Message {
  AccountId account;
  std::string_view subject;
  std::string_view reply;         // "" = none
  std::uint32_t header_size = 0;  // the first bytes of payload that are the header block
  std::string_view payload;
  const SharedBytes* block = nullptr;  // what payload lies in; null = it must be copied

  [[nodiscard]] std::string_view body() const { return payload.substr(header_size); }
};

}  // namespace midge::broker
