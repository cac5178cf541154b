// Reads JSON as a sequence of events, with Go's idea of what is JSON: duplicate names and invalid
// UTF-8 are taken (malformed bytes and lone surrogates arrive as U+FFFD), nothing may follow the
// value, and nesting beyond 10,000 levels is an error. One difference: a number beyond 1e308 is
// refused even where nobody wants it. Memory is bounded by the text's size, the stack is not used.
#pragma once

#include <string_view>

#include "base/result.h"

namespace midge::codec {

// Views are valid during the call only. Returning false stops the reading.
class JsonVisitor {
 public:
  virtual ~JsonVisitor() = default;
  virtual bool null() = 0;
  virtual bool boolean(bool truth) = 0;
  virtual bool number(std::string_view text) = 0;  // as written
  virtual bool string(std::string_view text) = 0;
  virtual bool begin_object() = 0;
  virtual bool key(std::string_view name) = 0;
  virtual bool end_object() = 0;
  virtual bool begin_array() = 0;
  virtual bool end_array() = 0;
};

// Errors: malformed JSON, or the visitor stopped (it knows why).
Result<void> read_json(std::string_view json, JsonVisitor& visitor);

}  // namespace midge::codec
