#include "server/options/signal_command.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace midge::server {
namespace {

// The signal, where an empty inner value stands for SIGKILL; nothing if the command is unknown.
std::optional<std::optional<io::Signal>> signal_of(std::string_view command) {
  using Found = std::optional<std::optional<io::Signal>>;
  if (command == "stop") return Found(std::in_place, std::nullopt);
  if (command == "quit") return Found(io::Signal::kInterrupt);
  if (command == "term") return Found(io::Signal::kTerminate);
  if (command == "reopen") return Found(io::Signal::kUser1);
  if (command == "reload") return Found(io::Signal::kHangup);
  if (command == "ldm") return Found(io::Signal::kUser2);
  return std::nullopt;
}

std::optional<std::int64_t> pid_of(std::string_view text) {
  std::int64_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return pid;
}

Result<std::int64_t> pid_from(const std::string& target, io::Disk& disk) {
  if (const auto pid = pid_of(target)) return *pid;
  const Result<std::string> content = disk.read_file(target);
  if (!content) return failure("invalid pid: " + target);
  std::string_view text = *content;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (const auto pid = pid_of(text)) return *pid;
  return failure("invalid pid: " + *content);
}

Result<std::vector<std::int64_t>> processes_for(const std::string& target, io::Disk& disk,
                                                io::Process& process) {
  std::vector<std::int64_t> pids;
  const bool is_pattern = target.ends_with('*');
  if (!target.empty() && !is_pattern) {
    const Result<std::int64_t> pid = pid_from(target, disk);
    if (!pid) return std::unexpected(pid.error());
    pids.push_back(*pid);
    return pids;
  }
  pids = process.find_processes(process.executable_name());
  if (pids.empty()) return failure("no nats-server processes running");
  if (is_pattern) {
    const std::string_view prefix = std::string_view(target).substr(0, target.size() - 1);
    std::erase_if(pids, [prefix](auto pid) { return !std::to_string(pid).starts_with(prefix); });
  } else if (pids.size() > 1) {
    std::string text = "multiple nats-server processes running:";
    for (const std::int64_t pid : pids) text += "\n" + std::to_string(pid);
    return failure(std::move(text));
  }
  return pids;
}

}  // namespace

Result<void> run_signal(const SignalRequest& request, io::Disk& disk, io::Process& process) {
  const Result<std::vector<std::int64_t>> pids = processes_for(request.target, disk, process);
  if (!pids) return std::unexpected(pids.error());
  const auto signal = signal_of(request.command);
  if (!signal) return failure("unknown signal \"" + request.command + "\"");

  std::string errors;
  for (const std::int64_t pid : *pids) {
    // 0 and negative numbers are groups of processes to kill(2), never one process.
    const Result<void> sent = pid > 0 ? process.send_signal(pid, *signal)
                                      : failure("no such process", ErrorCode::kNotFound);
    if (sent) continue;
    errors +=
        "\nsignal \"" + request.command + "\" " + std::to_string(pid) + ": " +
        (sent.error().code() == ErrorCode::kNotFound ? "no such process" : sent.error().text());
  }
  if (!errors.empty()) return failure(std::move(errors));
  return {};
}

}  // namespace midge::server
