#include "subject/transform.h"

#include <charconv>

#include "subject/subject.h"
#include "subject/tokens.h"

namespace midge::subject {
namespace {

std::string_view token_at(std::string_view subject, std::uint32_t place) {
  Tokens tokens(subject);
  while (place-- > 0) {
    tokens.take();
    if (tokens.done()) return {};
  }
  return tokens.take();
}

// From token `place` to the end.
std::string_view tokens_from(std::string_view subject, std::uint32_t place) {
  const std::string_view first = token_at(subject, place);
  if (first.data() == nullptr) return {};
  return subject.substr(static_cast<std::size_t>(first.data() - subject.data()));
}

class Fnv1a {
 public:
  void add(std::string_view text) {
    for (const char c : text) state_ = (state_ ^ static_cast<unsigned char>(c)) * 16777619U;
  }
  [[nodiscard]] std::uint32_t value() const { return state_; }

 private:
  std::uint32_t state_ = 2166136261U;
};

void append_number(std::uint64_t number, std::string& into) {
  char digits[20];
  into.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_piece_of(std::string_view part, bool& is_first, std::string& into) {
  if (part.empty()) return;
  if (!std::exchange(is_first, false)) into += '.';
  into += part;
}

// What splits at an empty delimiter: one character of UTF-8.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
  return size;
}

void append_split(std::string_view token, std::string_view delimiter, std::string& into) {
  bool is_first = true;
  while (!token.empty()) {
    std::size_t at = delimiter.empty() ? character_size(token) : token.find(delimiter);
    if (at == std::string_view::npos) at = token.size();
    append_piece_of(token.substr(0, at), is_first, into);
    token.remove_prefix(std::min(token.size(), at + delimiter.size()));
  }
}

void append_slices(std::string_view token, std::size_t size, std::size_t first_size,
                   std::string& into) {
  bool is_first = true;
  append_piece_of(token.substr(0, first_size), is_first, into);
  token.remove_prefix(first_size);
  while (!token.empty()) {
    append_piece_of(token.substr(0, size), is_first, into);
    token.remove_prefix(std::min(token.size(), size));
  }
}

// Draws for several random() of one destination must differ.
std::uint64_t next_draw(std::uint64_t draw) { return draw * 0x9e3779b97f4a7c15U + 1; }

}  // namespace

bool Transform::accepts(std::string_view subject) const { return matches(subject, source_); }

void Transform::apply(std::string_view subject, std::uint64_t draw, std::string& into) const {
  for (const Piece& piece : pieces_) {
    if (&piece != &pieces_.front()) into += '.';
    apply_piece(piece, subject, draw, into);
    if (piece.kind == Kind::kRandom) draw = next_draw(draw);
  }
}

void Transform::apply_piece(const Piece& piece, std::string_view subject, std::uint64_t draw,
                            std::string& into) {
  if (piece.kind == Kind::kText) {
    into += piece.text;
    return;
  }
  if (piece.kind == Kind::kRandom) {
    append_number(piece.size > 0 ? (draw >> 16) % static_cast<std::uint32_t>(piece.size) : 0, into);
    return;
  }
  if (piece.kind == Kind::kPartition) {
    Fnv1a hash;
    if (piece.places.empty()) hash.add(subject);
    for (const std::uint32_t place : piece.places) hash.add(token_at(subject, place));
    // A negative count is read as the unsigned number with the same bits, as nats-server does.
    const auto count = static_cast<std::uint32_t>(piece.size);
    append_number(count == 0 ? 0 : hash.value() % count, into);
    return;
  }
  if (piece.kind == Kind::kTail) {
    into += tokens_from(subject, piece.places[0]);
    return;
  }
  const std::string_view token = token_at(subject, piece.places[0]);
  if (piece.kind == Kind::kSplit) return append_split(token, piece.text, into);
  const auto size = static_cast<std::size_t>(piece.size);
  if (piece.kind == Kind::kWildcard || piece.size <= 0 || size >= token.size()) {
    into += token;
    return;
  }
  const std::size_t rest = token.size() - size;
  switch (piece.kind) {
    case Kind::kSplitFromLeft:
      return append_slices(token, rest, size, into);
    case Kind::kSplitFromRight:
      return append_slices(token, size, rest, into);
    case Kind::kSliceFromLeft:
      return append_slices(token, size, size, into);
    case Kind::kSliceFromRight:
      return append_slices(token, size, token.size() % size, into);
    case Kind::kLeft:
      into += token.substr(0, size);
      return;
    case Kind::kRight:
      into += token.substr(rest);
      return;
    default:
      return;  // handled above
  }
}

}  // namespace midge::subject
