// Errors of the JetStream API: clients decide by err_code, people read the description.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace midge::jetstream {

enum class ApiErrorCode : std::uint16_t {
#define X(name, http_code, err_code, description) name = err_code,
#include "jetstream/api/error_table.inc"
#undef X
};

struct ApiError {
  int code = 0;      // as HTTP's
  int err_code = 0;  // 10000 and up
  std::string description;
  bool operator==(const ApiError&) const = default;
};

// With the `{x}` of the table's text replaced in turn by the values.
ApiError api_error(ApiErrorCode code, std::initializer_list<std::string_view> values = {});

template <class T>
using ApiResult = std::expected<T, ApiError>;

inline std::unexpected<ApiError> api_failure(ApiErrorCode code,
                                             std::initializer_list<std::string_view> values = {}) {
  return std::unexpected(api_error(code, values));
}

}  // namespace midge::jetstream
