#include "crypto/bcrypt.h"

#include <crypt.h>
#include <sodium.h>

#include <array>
#include <memory>
#include <string>

namespace midge::crypto {

namespace {

constexpr std::string_view kCurrentPrefix = "$2b$";
constexpr std::size_t kPasswordMax = 72;  // bcrypt looks at no more

thread_local std::uint64_t rounds = 0;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_bcrypt(std::string_view stored) {
  return stored.size() > 7 && stored.starts_with("$2") &&
         std::string_view("abxy").find(stored[2]) != std::string_view::npos && stored[3] == '$' &&
         is_digit(stored[4]) && is_digit(stored[5]) && stored[6] == '$';
}

int bcrypt_cost(std::string_view stored) {
  return is_bcrypt(stored) ? (stored[4] - '0') * 10 + (stored[5] - '0') : 0;
}

std::uint64_t bcrypt_rounds() { return rounds; }

// Costs of 2^from, 2^(from + 1) and so on up to 2^(to - 1) are together 2^to less 2^from.
void spend_bcrypt(std::string_view password, int from, int to) {
  constexpr std::string_view kSalt = "......................";
  constexpr std::string_view kHash = "...............................";
  const auto spend = [&](int cost) {
    std::string stored(kCurrentPrefix);
    stored += static_cast<char>('0' + cost / 10);
    stored += static_cast<char>('0' + cost % 10);
    stored.append("$").append(kSalt).append(kHash);
    (void)check_bcrypt(password, stored);
  };
  if (from == 0) return spend(to);
  for (int cost = from; cost < to; ++cost) spend(cost);
}

bool check_bcrypt(std::string_view password, std::string_view stored) {
  // The library reads its arguments up to the first NUL.
  if (!is_bcrypt(stored) || password.find('\0') != std::string_view::npos) return false;
  std::string given(password.substr(0, kPasswordMax));
  std::string setting(kCurrentPrefix);
  setting.append(stored.substr(kCurrentPrefix.size()));
  const auto work = std::make_unique<crypt_data>();
  // Not crypt_r: sanitizers put a wrapper of their own before it, which a static library breaks.
  rounds += std::uint64_t{1} << bcrypt_cost(stored);
  const char* hash = crypt_rn(given.c_str(), setting.c_str(), work.get(), sizeof *work);
  const bool same = hash != nullptr && setting.size() == std::string_view(hash).size() &&
                    sodium_memcmp(hash, setting.data(), setting.size()) == 0;
  sodium_memzero(given.data(), given.size());
  sodium_memzero(work.get(), sizeof *work);
  return same;
}

bool secrets_equal(std::string_view given, std::string_view wanted) {
  // Digests are of one length, whatever the secrets' lengths are.
  std::array<std::array<unsigned char, crypto_hash_sha256_BYTES>, 2> digests;
  const std::string_view texts[] = {given, wanted};
  for (std::size_t i = 0; i < digests.size(); ++i) {
    crypto_hash_sha256(digests[i].data(), reinterpret_cast<const unsigned char*>(texts[i].data()),
                       texts[i].size());
  }
  return sodium_memcmp(digests[0].data(), digests[1].data(), digests[0].size()) == 0;
}

}  // namespace midge::crypto
