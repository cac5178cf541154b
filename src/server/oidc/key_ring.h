// The keys of an issuer as they are known now, and whether more are being asked for. A name that is
// not among them makes somebody fetch them anew, seldom enough that nobody can make it a flood.
//
// Thread: any.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "auth/oidc/key_source.h"
#include "io/clock.h"
#include "subject/writer_lock.h"

namespace midge::server {

class KeyRing final : public auth::oidc::KeySource {
 public:
  // Called on whatever thread it happens: the keys are to be fetched; fetched() or failed() has to
  // follow.
  using Want = std::function<void()>;
  // `retry`: how long after a fetch it may be wanted again. `clock` outlives it.
  KeyRing(io::Clock& clock, Duration retry, Want want)
      : clock_(clock), retry_(retry), want_(std::move(want)) {}
  // Of a file: what is not there will not come.
  KeyRing(io::Clock& clock, auth::oidc::JwkSetPtr keys) : clock_(clock), keys_(std::move(keys)) {}

  auth::oidc::KeyAnswer find(std::string_view id,
                             const crypto::SignatureAlgorithm& algorithm) override;

  // A fetch begins. False: one is under way.
  bool begin();
  // What it came to. Where it failed the keys of before stay.
  void fetched(auth::oidc::JwkSetPtr keys);
  void failed(std::string why);
  [[nodiscard]] auth::oidc::JwkSetPtr keys() const;

 private:
  [[nodiscard]] bool may_want() const;  // under the lock
  void end();

  io::Clock& clock_;
  const Duration retry_{};
  const Want want_;
  mutable subject::WriterLock lock_;  // of what follows
  auth::oidc::JwkSetPtr keys_;
  bool is_pending_ = false;
  bool was_asked_ = false;
  MonoTime asked_at_;  // when the last fetch ended
  std::string error_;  // of the last one
};

}  // namespace midge::server
