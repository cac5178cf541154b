#include "jetstream/api/error.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace midge::jetstream {
namespace {

struct Row {
  int code, err_code;
  std::string_view description;
};

// By err_code.
constexpr Row kRows[] = {
#define X(name, http_code, err_code, description) {http_code, err_code, description},
#include "jetstream/api/error_table.inc"
#undef X
};

}  // namespace

ApiError api_error(ApiErrorCode code, std::initializer_list<std::string_view> values) {
  const int err_code = static_cast<int>(code);
  const Row* row = std::ranges::lower_bound(kRows, err_code, {}, &Row::err_code);
  ENSURE(row != std::end(kRows) && row->err_code == err_code, "an API error has a row");
  ApiError error{row->code, row->err_code, {}};
  std::string_view rest = row->description;
  for (const std::string_view value : values) {
    const std::size_t open = rest.find('{');
    if (open == std::string_view::npos) break;
    error.description.append(rest.substr(0, open)).append(value);
    rest.remove_prefix(rest.find('}', open) + 1);
  }
  error.description.append(rest);
  return error;
}

}  // namespace midge::jetstream
