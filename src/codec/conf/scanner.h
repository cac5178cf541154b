// A cursor over configuration text that knows its line and column.
// Borrows the text. A NUL byte ends it, as at nats-server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/conf/value.h"

namespace midge::conf {

class Scanner {
 public:
  static constexpr int kEnd = -1;

  Scanner(std::string_view text, const std::string* file)
      : text_(text.substr(0, text.find('\0'))), file_(file) {}

  [[nodiscard]] bool at_end() const { return offset_ >= text_.size(); }
  // The byte `ahead` of the cursor, or kEnd.
  [[nodiscard]] int peek(std::size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? static_cast<unsigned char>(text_[offset_ + ahead])
                                          : kEnd;
  }
  // Takes one byte.
  int next();
  // The whole UTF-8 character at the cursor, as error texts show it: a newline as `\n`, the end
  // of the text as a NUL.
  [[nodiscard]] std::string character() const;

  [[nodiscard]] bool at_newline() const { return peek() == '\n' || peek() == '\r'; }
  [[nodiscard]] bool at_blank() const { return peek() == ' ' || peek() == '\t'; }
  [[nodiscard]] bool at_comment() const {
    return peek() == '#' || (peek() == '/' && peek(1) == '/');
  }
  void skip_blanks() {
    while (at_blank()) next();
  }
  void skip_blanks_and_newlines() {
    while (at_blank() || at_newline()) next();
  }
  // To the end of the line, which is left to be read.
  void skip_line() {
    while (!at_end() && !at_newline()) next();
  }
  // Length in bytes of the white space character at the cursor, Unicode's included; 0 if none.
  [[nodiscard]] std::size_t space_length() const;
  // All white space and newlines: what may stand before a key.
  void skip_space();

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::uint32_t line() const { return line_; }
  [[nodiscard]] std::string_view since(std::size_t begin) const {
    return text_.substr(begin, offset_ - begin);
  }
  [[nodiscard]] Position position() const {
    return {file_, line_, static_cast<std::uint32_t>(offset_ - line_mark_), 0};
  }

 private:
  std::string_view text_;
  const std::string* file_;
  std::size_t offset_ = 0;
  std::size_t line_mark_ = 0;  // of the newline before this line; 0 on the first line
  std::uint32_t line_ = 1;
};

}  // namespace midge::conf
