#include "server/oidc/key_ring.h"

#include <utility>

#include "codec/go_quoted.h"

namespace midge::server {

using auth::oidc::JwkSetPtr;
using auth::oidc::KeyAnswer;
using subject::WriterGuard;

KeyAnswer KeyRing::find(std::string_view id, const crypto::SignatureAlgorithm& algorithm) {
  KeyAnswer answer;
  answer.keys = keys();
  if (answer.keys && !answer.keys->find(id, algorithm).empty()) return answer;
  const bool has_keys = std::exchange(answer.keys, nullptr) != nullptr;
  bool is_wanted = false;
  std::string error;
  {
    const WriterGuard guard(lock_);
    is_wanted = may_want();
    is_pending_ = answer.is_pending = is_pending_ || is_wanted;
    error = error_;
  }
  if (is_wanted) want_();
  if (answer.is_pending) return answer;
  constexpr std::size_t kShownMax = 64;
  if (!has_keys)
    answer.why = "there are no keys of the issuer";
  else if (id.empty())
    answer.why = "the issuer has no key for " + std::string(algorithm.name);
  else
    answer.why = "kid " + codec::go_quoted(id.substr(0, kShownMax)) +
                 " is none of the issuer's keys for " + std::string(algorithm.name);
  if (!error.empty()) answer.why += "; the last fetch failed: " + error;
  return answer;
}

bool KeyRing::may_want() const {
  if (!want_ || is_pending_) return false;
  return !was_asked_ || clock_.now() - asked_at_ >= retry_;
}

bool KeyRing::begin() {
  const WriterGuard guard(lock_);
  return !std::exchange(is_pending_, true);
}

void KeyRing::end() {
  is_pending_ = false;
  was_asked_ = true;
  asked_at_ = clock_.now();
}

void KeyRing::fetched(JwkSetPtr keys) {
  const WriterGuard guard(lock_);
  keys_.swap(keys);
  error_.clear();
  end();
}

void KeyRing::failed(std::string why) {
  const WriterGuard guard(lock_);
  error_ = std::move(why);
  end();
}

JwkSetPtr KeyRing::keys() const {
  const WriterGuard guard(lock_);
  return keys_;
}

}  // namespace midge::server
