// Texts in gzip's format (RFC 1952).
#pragma once

#include <string>
#include <string_view>

namespace midge::codec {

std::string write_gzip(std::string_view bytes);

}  // namespace midge::codec
