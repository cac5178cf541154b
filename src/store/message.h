// A message on its way into a stream and out of it. Views of others' bytes.
#pragma once

#include <string_view>

#include "base/time.h"
#include "store/ids.h"

namespace midge::store {

struct NewMessage {
  std::string_view subject;
  std::string_view header;  // "" = none; else the whole block, `NATS/1.0\r\n…\r\n\r\n`
  std::string_view payload;
  WallTime time;
};

struct StoredMessage {
  Sequence sequence;
  WallTime time;
  std::string_view subject, header, payload;
};

}  // namespace midge::store
