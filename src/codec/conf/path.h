// Paths as texts: joined and cleaned without asking a disk.
#pragma once

#include <string>
#include <string_view>

namespace midge::conf {

// `a/b.conf` → `a`, `b.conf` → `.`, `/b` → `/`.
[[nodiscard]] std::string folder_of(std::string_view path);

// `folder/path` in its shortest form: no `.`, no `x/..`, no doubled slashes; `.` if nothing is
// left.
[[nodiscard]] std::string join_path(std::string_view folder, std::string_view path);

}  // namespace midge::conf
