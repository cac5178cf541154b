// SHA-1, for protocols that ask for it (the handshake of web sockets). It proves nothing.
#pragma once

#include <string>
#include <string_view>

namespace midge::crypto {

// 20 bytes.
std::string sha1(std::string_view bytes);

}  // namespace midge::crypto
