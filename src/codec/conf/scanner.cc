#include "codec/conf/scanner.h"

namespace midge::conf {

int Scanner::next() {
  const int byte = peek();
  if (byte == kEnd) return byte;
  if (byte == '\n') {
    ++line_;
    line_mark_ = offset_;
  }
  ++offset_;
  return byte;
}

std::string Scanner::character() const {
  switch (peek()) {
    case kEnd:
      return std::string(1, '\0');
    case '\n':
      return "\\n";
    default:
      break;
  }
  std::size_t length = 1;
  if (peek() >= 0xC0)
    while (length < 4 && peek(length) >= 0x80 && peek(length) < 0xC0) ++length;
  return std::string(text_.substr(offset_, length));
}

std::size_t Scanner::space_length() const {
  const int first = peek();
  if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
  if (first == 0xC2) return peek(1) == 0x85 || peek(1) == 0xA0 ? 2 : 0;
  if (first == 0xE1) return peek(1) == 0x9A && peek(2) == 0x80 ? 3 : 0;
  if (first == 0xE3) return peek(1) == 0x80 && peek(2) == 0x80 ? 3 : 0;
  if (first != 0xE2) return 0;
  const int third = peek(2);
  if (peek(1) == 0x80)
    return (third >= 0x80 && third <= 0x8A) || third == 0xA8 || third == 0xA9 || third == 0xAF ? 3
                                                                                               : 0;
  return peek(1) == 0x81 && third == 0x9F ? 3 : 0;
}

void Scanner::skip_space() {
  while (std::size_t length = space_length())
    while (length-- > 0) next();
}

}  // namespace midge::conf
