// Values that are neither map nor array: strings in all forms, booleans, numbers with units, dates.
#pragma once

#include <expected>
#include <string>

#include "codec/conf/scanner.h"
#include "codec/conf/value.h"

namespace midge::conf {

struct Scalar {
  Value value;
  bool is_variable = false;  // `$NAME`: the name is in value.text
};

struct ScalarError {
  std::string text;
  bool is_whole =
      false;  // the text stands alone; otherwise it belongs into "Parse error on line …"
};

using ScalarResult = std::expected<Scalar, ScalarError>;

// Reads the scalar at the cursor. In an array a `]` ends a number; elsewhere it does not.
[[nodiscard]] ScalarResult read_scalar(Scanner& scanner, bool in_array);

}  // namespace midge::conf
