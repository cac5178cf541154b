// The log to a syslog daemon: the local one, or a remote one by udp, tcp or unix url.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/posix/log_output.h"
#include "io/posix/log_target.h"
#include "io/posix/posix_fd.h"

namespace midge::io {

class LogSyslog final : public LogTarget {
 public:
  // `url` "" = the local daemon. Errors have nats-server's texts.
  static Result<std::unique_ptr<LogSyslog>> connect(const std::string& url, const GiveUp& give_up);
  bool write(const LogLine& line) override;

 private:
  enum class Network { kLocal, kUdp, kTcp, kUnix };
  LogSyslog(Network network, std::string where, const GiveUp& give_up);
  Result<void> reconnect();
  Result<PosixFd> dial_internet() const;
  [[nodiscard]] std::string message(const LogLine& line) const;
  [[nodiscard]] bool send(std::string_view bytes) const;

  const Network network_;
  const std::string where_;  // host:port or path
  const GiveUp& give_up_;
  std::string host_name_;
  std::string tag_;  // `program[pid]`
  PosixFd fd_;
};

}  // namespace midge::io
