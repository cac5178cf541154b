// Asks OCSP responders over HTTP. Thread: any; blocks, so the pool's or the start's.
#pragma once

#include <map>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "io/env.h"
#include "subject/writer_lock.h"

namespace midge::server {

// By POST, and if that fails by GET.
Result<std::string> ask_responder(io::Env& env, Log& log, const std::string& url,
                                  const std::string& question);

// Asks by GET, while a handshake waits. A responder that was silent just now is not asked again at
// once: everybody who asked would hold a thread as long as they waited. Any thread.
class PatientResponders {
 public:
  explicit PatientResponders(io::Env& env) : env_(env) {}
  // The answer to a question that is part of the URL.
  Result<std::string> get(const std::string& url, Duration timeout);

 private:
  [[nodiscard]] bool is_silent(const std::string& responder);

  io::Env& env_;
  subject::WriterLock lock_;
  std::map<std::string, MonoTime> silent_until_;
};

}  // namespace midge::server
