// Numbers and texts one after the other, as the checkpoint has them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "store/little_endian.h"

namespace midge::store {

template <class Number>
void add_field(std::string& into, Number number) {
  char bytes[sizeof number];
  put_little(bytes, number);
  into.append(bytes, sizeof bytes);
}

// Takes fields off the front. Once something is missing, all that follows is zero or empty, and
// failed() says so.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number number() {
    const std::string_view taken = text(sizeof(Number));
    return failed_ ? Number{} : get_little<Number>(taken.data());
  }
  std::string_view text(std::size_t size) {
    if (bytes_.size() < size) failed_ = true;
    if (failed_) return {};
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  // All that is left.
  std::string_view rest() { return text(bytes_.size()); }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return failed_ || bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

}  // namespace midge::store
