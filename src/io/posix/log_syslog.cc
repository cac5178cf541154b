#include "io/posix/log_syslog.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "io/posix/posix_address.h"
#include "io/posix/posix_error.h"

namespace midge::io {
namespace {

// Severities of syslog by LogLevel; traces are notices, as on the peer. The facility is 0.
constexpr int kSeverities[] = {5, 7, 5, 4, 3, 2};

Result<PosixFd> dial(const SocketAddress& address, int type, const std::string& name) {
  PosixFd fd(::socket(address.family(), type | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return system_failure("dial " + name + ": socket", errno);
  const timeval patience{2, 0};  // for connect(): a daemon that does not answer
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), address.get(), address.size) != 0)
    return system_failure("dial " + name + ": connect", errno);
  return fd;
}

Result<PosixFd> dial_unix(const std::string& path, int type) {
  SocketAddress address;
  auto& where = reinterpret_cast<sockaddr_un&>(address.storage);
  if (path.size() >= sizeof where.sun_path) return failure("dial unix " + path + ": path too long");
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  address.size = sizeof where;
  return dial(address, type, "unix " + path);
}

Result<PosixFd> dial_local() {
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    for (const char* path : {"/dev/log", "/var/run/syslog", "/var/run/log"}) {
      auto fd = dial_unix(path, type);
      if (fd) return fd;
    }
  }
  return failure("Unix syslog delivery error");
}

std::string time_text(const char* format, WallTime time) {
  const time_t second = time.ns / 1'000'000'000;
  std::tm parts{};
  localtime_r(&second, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

// `2026-08-21T14:50:11+02:00`, `Z` for UTC.
std::string rfc3339(WallTime time) {
  std::string text = time_text("%Y-%m-%dT%H:%M:%S%z", time);
  if (text.ends_with("+0000")) return text.substr(0, text.size() - 5) + "Z";
  return text.insert(text.size() - 2, ":");
}

}  // namespace

LogSyslog::LogSyslog(Network network, std::string where, const GiveUp& give_up)
    : network_(network), where_(std::move(where)), give_up_(give_up) {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  host_name_ = name;
  tag_ = std::string(program_invocation_short_name) + "[" + std::to_string(::getpid()) + "]";
}

Result<std::unique_ptr<LogSyslog>> LogSyslog::connect(const std::string& url,
                                                      const GiveUp& give_up) {
  Network network = Network::kLocal;
  std::string where;
  if (!url.empty()) {
    const auto colon = url.find("://");
    const std::string scheme = colon == std::string::npos ? "" : url.substr(0, colon);
    if (scheme == "udp") {
      network = Network::kUdp;
    } else if (scheme == "tcp") {
      network = Network::kTcp;
    } else if (scheme == "unix") {
      network = Network::kUnix;
    } else {
      return failure("error invalid network type: \"" + scheme + "\"", ErrorCode::kInvalid);
    }
    where = url.substr(colon + 3);
  }
  std::unique_ptr<LogSyslog> target(new LogSyslog(network, std::move(where), give_up));
  const auto connected = target->reconnect();
  if (!connected)
    return failure("error connecting to syslog: \"" + connected.error().text() + "\"",
                   connected.error().code());
  return target;
}

Result<void> LogSyslog::reconnect() {
  Result<PosixFd> fd = network_ == Network::kLocal  ? dial_local()
                       : network_ == Network::kUnix ? dial_unix(where_, SOCK_STREAM)
                                                    : dial_internet();
  if (!fd) return std::unexpected(std::move(fd).error());
  fd_ = std::move(*fd);
  return {};
}

Result<PosixFd> LogSyslog::dial_internet() const {
  const bool udp = network_ == Network::kUdp;
  const std::string scheme = udp ? "udp" : "tcp";
  const auto colon = where_.rfind(':');
  if (colon == std::string::npos)
    return failure("dial " + scheme + ": address " + where_ + ": missing port in address");
  Address address{where_.substr(0, colon), 0};
  if (address.host.starts_with('[') && address.host.ends_with(']'))
    address.host = address.host.substr(1, address.host.size() - 2);
  const char* const end = where_.data() + where_.size();
  if (std::from_chars(where_.data() + colon + 1, end, address.port).ptr != end)
    return failure("dial " + scheme + ": address " + where_ + ": invalid port");
  auto candidates = resolve(address);
  if (!candidates) return std::unexpected(candidates.error().within("dial " + scheme));
  Result<PosixFd> fd = failure("dial " + scheme + ": no address");
  for (const SocketAddress& candidate : *candidates) {
    fd = dial(candidate, udp ? SOCK_DGRAM : SOCK_STREAM, scheme + " " + where_);
    if (fd) break;
  }
  return fd;
}

std::string LogSyslog::message(const LogLine& line) const {
  const int severity = kSeverities[static_cast<std::size_t>(line.level)];
  std::string text = "<" + std::to_string(severity) + ">";
  if (network_ == Network::kUdp || network_ == Network::kTcp) {
    text += rfc3339(line.time) + " " + host_name_;
  } else {
    text += time_text("%b %e %H:%M:%S", line.time);
  }
  text += " " + tag_ + ": " + line.text;
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

bool LogSyslog::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    if (!wait_for_room(fd_.get(), give_up_)) return false;
    const ssize_t count =
        ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

bool LogSyslog::write(const LogLine& line) {
  const std::string text = message(line);
  if (fd_.valid() && send(text)) return true;
  // The daemon may have been restarted.
  return !give_up_.load() && reconnect() && send(text);
}

}  // namespace midge::io
