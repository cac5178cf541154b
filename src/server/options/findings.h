// What is wrong with, or worth saying about, a configuration: collected, never thrown.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/conf/value.h"

namespace midge::server {

struct Finding {
  enum class Kind : std::uint8_t {
    kError,    // the configuration is refused
    kWarning,  // as nats-server warns: said at start, and `-t` fails
    kNote,     // accepted, but without effect here: said in the log, `-t` passes
  };
  Kind kind;
  std::uint32_t order;  // of the place in the file
  std::string text;
};

class Findings {
 public:
  void error(const conf::Position& position, const std::string& text) {
    add(Finding::Kind::kError, position, text);
  }
  void warning(const conf::Position& position, const std::string& text) {
    add(Finding::Kind::kWarning, position, text);
  }
  void note(const conf::Position& position, const std::string& text) {
    add(Finding::Kind::kNote, position, text);
  }
  void add(Finding finding) { all_.push_back(std::move(finding)); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }

  [[nodiscard]] bool has(Finding::Kind kind) const;
  // In file order, errors and warnings mixed as they stand there.
  [[nodiscard]] std::vector<std::string> errors_and_warnings() const;
  [[nodiscard]] std::vector<std::string> notes() const;

 private:
  void add(Finding::Kind kind, const conf::Position& position, const std::string& text) {
    all_.push_back({kind, position.order, conf::to_string(position) + ": " + text});
  }
  std::vector<Finding> all_;
};

}  // namespace midge::server
