// Ciphers and curves by the names that a `tls {}` block may use, as nats-server knows them.
#pragma once

#include <span>
#include <string_view>

namespace midge::server {

[[nodiscard]] std::span<const std::string_view> tls_ciphers();
// Known, and refused unless `allow_insecure_cipher_suites` is set.
[[nodiscard]] std::span<const std::string_view> insecure_tls_ciphers();
[[nodiscard]] std::span<const std::string_view> tls_curves();

}  // namespace midge::server
