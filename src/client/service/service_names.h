// What services and endpoints may be called.
#pragma once

#include <string_view>

namespace midge::detail {

// Letters, digits, `-`, `_`.
bool is_service_name(std::string_view name);
// `1.2.3`, perhaps with `-alpha.1` and `+build`, as semver.org has it.
bool is_semantic_version(std::string_view version);

}  // namespace midge::detail
