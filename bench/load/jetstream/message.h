// A MSG or HMSG frame taken apart. Views into the frame.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::load {

struct Message {
  std::string_view subject, sid, reply, header, payload;

  // `frame` is a whole one, as FrameReader gives it.
  static Message parse(std::string_view frame);
  // Of a status line (`NATS/1.0 404 …`); 0: it is none.
  [[nodiscard]] int status() const;
};

// The number behind `"name":` in a JSON text without nesting to speak of; fails where it is
// missing.
std::int64_t json_number(std::string_view json, std::string_view name);

}  // namespace midge::load
