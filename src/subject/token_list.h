// The tokens of a published subject with the hash of each, found in one pass over the text.
// Holds views of the caller's text. Needs the heap only for subjects of very many tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "subject/text_hash.h"
#include "subject/tokens.h"

namespace midge::subject {

class TokenList {
 public:
  struct Token {
    std::string_view text;
    std::uint64_t hash;
  };

  TokenList(std::string_view subject, const TextHash& hash) {
    Tokens tokens(subject);
    do {
      std::string_view text = tokens.take();
      has_empty_ |= text.empty();
      add({text, hash(text, 0, subject)});
    } while (!tokens.done());
  }
  TokenList(const TokenList&) = delete;
  TokenList& operator=(const TokenList&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool has_empty() const { return has_empty_; }
  const Token& operator[](std::size_t i) const { return i < kNear ? near_[i] : far_[i - kNear]; }

 private:
  static constexpr std::size_t kNear = 24;

  void add(Token token) {
    if (size_ < kNear)
      near_[size_] = token;
    else
      far_.push_back(token);
    ++size_;
  }

  std::size_t size_ = 0;
  bool has_empty_ = false;
  Token near_[kNear];
  std::vector<Token> far_;
};

}  // namespace midge::subject
