// Blanks: what separates the fields of a control line.
#pragma once

namespace midge::proto {

// One comparison for nearly every byte: hardly any is below a space.
constexpr bool is_blank(char byte) {
  return static_cast<unsigned char>(byte) <= ' ' && (byte == ' ' || byte == '\t');
}

}  // namespace midge::proto
