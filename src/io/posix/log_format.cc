// The only file that includes spdlog: it takes seconds to compile.
#ifndef SPDLOG_FMT_EXTERNAL
#define SPDLOG_FMT_EXTERNAL
#endif
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include "io/posix/log_format.h"
#include "io/posix/log_json.h"

namespace midge::io {
namespace {

struct Label {
  spdlog::level::level_enum level;
  std::string_view text;
  std::string_view colour;
};

// In the order of LogLevel.
constexpr Label kLabels[] = {
    {spdlog::level::trace, "TRC", "33"}, {spdlog::level::debug, "DBG", "36"},
    {spdlog::level::info, "INF", "32"},  {spdlog::level::warn, "WRN", "0;93"},
    {spdlog::level::err, "ERR", "31"},   {spdlog::level::critical, "FTL", "31"},
};

const Label& label_of(LogLevel level) { return kLabels[static_cast<std::size_t>(level)]; }

// `[INF]`, as the pattern's flag `*`.
class LabelFlag final : public spdlog::custom_flag_formatter {
 public:
  explicit LabelFlag(bool colours) : colours_(colours) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& into) override {
    const Label& label = kLabels[message.level];
    static_assert(spdlog::level::trace == 0 && spdlog::level::critical == 5);
    const auto add = [&into](std::string_view text) {
      into.append(text.data(), text.data() + text.size());
    };
    add("[");
    if (colours_) {
      add("\x1b[");
      add(label.colour);
      add("m");
    }
    add(label.text);
    add(colours_ ? "\x1b[0m]" : "]");
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<LabelFlag>(colours_);
  }

 private:
  bool colours_;
};

std::unique_ptr<spdlog::pattern_formatter> make_formatter(LogFormat format) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(
      format.utc ? spdlog::pattern_time_type::utc : spdlog::pattern_time_type::local, "\n");
  formatter->add_flag<LabelFlag>('*', format.colours);
  formatter->set_pattern(format.time ? "[%P] %Y/%m/%d %H:%M:%S.%f %* %v" : "[%P] %* %v");
  return formatter;
}

}  // namespace

struct LogFormatter::State {
  explicit State(LogFormat wanted) : format(wanted), formatter(make_formatter(wanted)) {}
  LogFormat format;
  std::string json;
  std::unique_ptr<spdlog::pattern_formatter> formatter;
  spdlog::memory_buf_t buffer;
};

LogFormatter::LogFormatter(LogFormat format) : state_(std::make_unique<State>(format)) {}
LogFormatter::~LogFormatter() = default;

std::string_view LogFormatter::format(const LogLine& line) {
  if (state_->format.json) return state_->json = json_line(line, ::getpid(), state_->format.utc);
  const spdlog::log_clock::time_point time{std::chrono::duration_cast<spdlog::log_clock::duration>(
      std::chrono::nanoseconds(line.time.ns))};
  const spdlog::details::log_msg message(time, spdlog::source_loc{}, "", label_of(line.level).level,
                                         line.text);
  constexpr std::size_t kKept = 64 * 1024;
  if (state_->buffer.capacity() > kKept) state_->buffer = spdlog::memory_buf_t();
  state_->buffer.clear();
  state_->formatter->format(message, state_->buffer);
  return {state_->buffer.data(), state_->buffer.size()};
}

}  // namespace midge::io
