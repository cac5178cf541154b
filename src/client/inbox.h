// Subjects for answers: `<prefix>.<22 random digits>.<what tells the request>`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace midge::detail {

// Where in the table of requests an answer belongs; generations tell a late one from a new one's.
struct RequestToken {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool is_next = false;  // as it was added: none ends by itself before it
};

// Up to 16 hexadecimal digits, behind `prefix`.
std::string inbox_of(std::string_view prefix, RequestToken token);
// Of what stands behind the last dot of `subject`.
std::optional<RequestToken> token_of(std::string_view subject);

}  // namespace midge::detail
