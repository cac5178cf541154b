// The keys that a store is encrypted with: random ones, in a file (kept twice) that a key of the
// operator's seals (docs/formats/keys.md). What is written is encrypted with the newest; the others
// read what was written before.
//
// Life: opened at start, blocking; immutable. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/aead.h"
#include "io/disk.h"
#include "io/entropy.h"

namespace midge::store {

struct DataKey {
  std::uint32_t id = 0;  // random, never 0
  crypto::Cipher cipher = crypto::Cipher::kAes;
  std::string key;

  // A key for one file, or one segment: `salt` is its own.
  [[nodiscard]] std::string derive(std::string_view what, std::string_view salt) const;
};

struct KeySettings {
  crypto::Cipher cipher = crypto::Cipher::kChaCha;
  std::string key, previous;           // "" = none
  std::uint32_t iterations = 100'000;  // from a key to what seals
};

class Keyring {
 public:
  // Called for a file that is damaged before it is written anew: its copy says all.
  using PutAway = std::function<Result<void>(const std::string& path, const std::string& why)>;
  // Null: the store is not encrypted. `put_away` may be empty.
  // Errors: kInvalid: there is no key though one is needed, none of them is right, both files are
  // damaged; of the disk. Nothing is changed by a refusal.
  static Result<std::shared_ptr<const Keyring>> open(io::Disk& disk, const std::string& folder,
                                                     const KeySettings& settings,
                                                     io::Entropy& entropy,
                                                     const PutAway& put_away = {});
  // Whether there are keys, damaged or not.
  [[nodiscard]] static bool is_there(io::Disk& disk, const std::string& folder);

  [[nodiscard]] const DataKey& current() const { return keys_.back(); }
  // Null: not one of these.
  [[nodiscard]] const DataKey* find(std::uint32_t id) const;
  // What opening it did that the operator may want to know; "" = nothing.
  [[nodiscard]] const std::string& news() const { return news_; }

 private:
  std::vector<DataKey> keys_;  // the newest last
  std::string news_;

  void add_key(crypto::Cipher cipher, io::Entropy& entropy);
  Result<void> write(io::Disk& disk, const std::string& folder, const KeySettings& settings,
                     io::Entropy& entropy) const;
  // Errors: of the disk.
  Result<void> make_new(io::Disk& disk, const std::string& folder, const KeySettings& settings,
                        io::Entropy& entropy);
  // False: sealed with another key.
  bool unseal(std::string_view file, std::string_view secret);
};

}  // namespace midge::store
