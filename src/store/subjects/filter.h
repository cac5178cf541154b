// Which subjects a consumer, a purge or a listing is about: any number of patterns, compiled once.
// No pattern, or `>` among them, means all. Immutable; any thread.
//
// What is asked about are valid literal subjects (`subject::is_valid_literal`).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace midge::store {

class Filter {
 public:
  Filter() = default;  // all subjects
  explicit Filter(std::vector<std::string> patterns);

  [[nodiscard]] bool matches(std::string_view subject) const {
    switch (kind_) {
      case Kind::kAll:
        return true;
      case Kind::kLiteral:
        return subject == text_;
      case Kind::kTail:
        return subject.size() > text_.size() && subject.starts_with(text_);
      case Kind::kGeneral:
        break;
    }
    return matches_any(subject);
  }
  [[nodiscard]] bool is_all() const { return kind_ == Kind::kAll; }
  // The one subject it matches; "" if it is not such a filter.
  [[nodiscard]] std::string_view literal() const {
    return kind_ == Kind::kLiteral ? std::string_view(text_) : std::string_view();
  }
  // Ascending, each once, none of them `>`; empty = all.
  [[nodiscard]] const std::vector<std::string>& patterns() const { return patterns_; }
  bool operator==(const Filter& other) const { return patterns_ == other.patterns_; }

 private:
  enum class Kind : std::uint8_t {
    kAll,
    kLiteral,  // one pattern without wildcards
    kTail,     // one pattern, whose only wildcard is a `>` at its end
    kGeneral,
  };
  [[nodiscard]] bool matches_any(std::string_view subject) const;

  std::vector<std::string> patterns_;
  std::vector<std::uint32_t> wild_;  // those of patterns_ that have wildcards
  std::string text_;                 // kLiteral: the subject; kTail: `orders.` of `orders.>`
  Kind kind_ = Kind::kAll;
};

}  // namespace midge::store
