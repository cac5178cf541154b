#include "io/posix/log_writer.h"

#include <unistd.h>

#include <mutex>

#include "io/posix/log_file.h"
#include "io/posix/log_queue.h"
#include "io/posix/log_stderr.h"
#include "io/posix/log_syslog.h"
#include "io/posix/posix_clock.h"
#include "io/posix/posix_thread.h"

namespace midge::io {
namespace {

// Room for a burst of some ten thousand lines; taken only while they wait.
constexpr std::size_t kQueueBytesMax = 4U << 20;
constexpr Duration kPatience = seconds(1);

class ThreadedLogWriter final : public LogWriter {
 public:
  explicit ThreadedLogWriter(int stderr_fd) : stderr_fd_(stderr_fd) {}
  ~ThreadedLogWriter() override {
    flush();
    give_up_.store(true);
    queue_.stop();
  }

  void write(LogLevel level, std::string_view text) override {
    queue_.add({level, PosixClock().wall(), std::string(text)});
  }

  Result<void> configure(const LogOptions& options) override {
    const std::lock_guard lock(configuring_);
    ASSIGN_OR_RETURN(std::shared_ptr<LogTarget> target, make_target(options));
    queue_.set_target(std::move(target));
    enable(options.debug, options.trace);
    options_ = options;
    return {};
  }

  // The new file is opened at once: lines written before go to the old one.
  void reopen() override {
    {
      const std::lock_guard lock(configuring_);
      if (options_.log_file.empty()) return info("File log re-open ignored, not a file logger");
      auto target = make_target(options_);
      if (!target) return error("File log re-open failed: " + target.error().text());
      queue_.set_target(std::move(*target));
    }
    info("File log re-opened");
  }

  void flush() override { queue_.wait_until_written(kPatience); }
  [[nodiscard]] std::uint64_t dropped_lines() const override { return queue_.dropped(); }

 private:
  Result<std::shared_ptr<LogTarget>> make_target(const LogOptions& options) {
    LogFormat format{.time = options.logtime,
                     .utc = options.logtime_utc,
                     .colours = false,
                     .json = options.json};
    if (!options.log_file.empty()) {
      const LogFileLimits limits{options.log_size_limit, options.log_max_num};
      auto file = LogFile::open(options.log_file, limits, format);
      if (!file) return std::unexpected(file.error().within("error opening file"));
      return std::shared_ptr<LogTarget>(std::move(*file));
    }
    if (!options.remote_syslog.empty() || options.syslog) {
      ASSIGN_OR_RETURN(auto syslog, LogSyslog::connect(options.remote_syslog, give_up_));
      return std::shared_ptr<LogTarget>(std::move(syslog));
    }
    if (options.target) return options.target;
    format.colours = ::isatty(stderr_fd_) != 0;
    return std::make_shared<LogStderr>(stderr_fd_, format, give_up_);
  }

  const int stderr_fd_;
  GiveUp give_up_{false};
  LogQueue queue_{kQueueBytesMax};
  std::mutex configuring_;
  LogOptions options_;
  PosixThread thread_{"midge-log", [this] { queue_.run(); }};  // the last: it uses the others
};

}  // namespace

Result<std::unique_ptr<LogWriter>> make_log_writer(const LogOptions& options) {
  return make_log_writer_to(STDERR_FILENO, options);
}

Result<std::unique_ptr<LogWriter>> make_log_writer_to(int stderr_fd, const LogOptions& options) {
  auto writer = std::make_unique<ThreadedLogWriter>(stderr_fd);
  TRY(writer->configure(options));
  return writer;
}

}  // namespace midge::io
