// The keys that a store is encrypted with: random ones, in a file that a key of the operator's
// seals (docs/formats/keys.md). What is written is encrypted with the newest; the others read what
// was written before.
//
// Life: opened at start, blocking; immutable. Any thread.
#pragma once

#include <cstdint>
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
  crypto::Cipher cipher = crypto::Cipher::kAes;
  std::string key, previous;  // "" = none
};

class Keyring {
 public:
  // Null: the store is not encrypted.
  // Errors: kInvalid: there is no key though one is needed, none of them is right, the file is
  // damaged; of the disk. Nothing is changed then.
  static Result<std::shared_ptr<const Keyring>> open(io::Disk& disk, const std::string& folder,
                                                     const KeySettings& settings,
                                                     io::Entropy& entropy);

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
  // False: sealed with another key.
  Result<bool> read(std::string_view file, std::string_view secret);
};

}  // namespace midge::store
