// What a counter that is fed by others had from each of them last (ADR-49): the header
// Nats-Counter-Sources,
// `{"STREAM":{"subject":"5"}}`. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace midge::jetstream {

class CounterSources {
 public:
  // Nullopt: it is broken. Without a text nothing came from anybody.
  static std::optional<CounterSources> parse(std::string_view text);
  // "0" of one that is not known.
  [[nodiscard]] std::string value_of(const std::string& stream, const std::string& subject) const;
  void set(const std::string& stream, const std::string& subject, std::string value);
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, std::map<std::string, std::string>> values_;  // by stream and subject
};

}  // namespace midge::jetstream
