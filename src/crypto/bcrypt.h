// Passwords as they are stored: bcrypt hashes by libxcrypt, and secrets compared in constant time.
// Pure functions; any thread. check_bcrypt() takes as long as the hash's cost says: milliseconds to
// seconds.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::crypto {

// Whether `stored` is meant to be a bcrypt hash: `$2a$`, `$2b$`, `$2x$` or `$2y$` and a cost.
bool is_bcrypt(std::string_view stored);
// Each more doubles the time; 0 = `stored` is no hash.
int bcrypt_cost(std::string_view stored);
// All four prefixes are computed alike, as nats-server does. False if `stored` is malformed.
bool check_bcrypt(std::string_view password, std::string_view stored);
// Takes the time by which a check of cost `to` is longer than one of cost `from` (0 = none).
void spend_bcrypt(std::string_view password, int from, int to);
// How many rounds the calling thread has computed: 2^cost for each hash.
std::uint64_t bcrypt_rounds();
// Takes as long for a secret that is nearly right as for one that is quite wrong.
bool secrets_equal(std::string_view given, std::string_view wanted);

}  // namespace midge::crypto
