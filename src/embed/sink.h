// A program's function as the target of the log. Called on the log's thread.
#pragma once

#include <functional>
#include <utility>

#include "io/posix/log_target.h"

namespace midge::embed {

class Sink final : public io::LogTarget {
 public:
  using Function = std::function<void(LogLevel, std::string_view)>;
  explicit Sink(Function function) : function_(std::move(function)) {}
  bool write(const io::LogLine& line) override {
    if (function_) function_(line.level, line.text);
    return true;
  }

 private:
  const Function function_;
};

}  // namespace midge::embed
