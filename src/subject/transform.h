// Rewrites subjects: `orders.*.*` to `shop.{{wildcard(2)}}.{{partition(4,1)}}`. Serves mappings of
// accounts and the `to` of imports. ADR-30 lists the functions; transform_test.cc holds what
// nats-server answers.
//
// Compiled once, immutable; any thread. Applying allocates nothing but room in the output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::subject {

class Transform {
 public:
  // An import may only move wildcards around, and must use all of them.
  enum class Use : std::uint8_t { kMapping, kImport };

  // Errors in nats-server's words. An empty source means `>`.
  static Result<Transform> compile(std::string_view source, std::string_view destination, Use use);
  // The transform back of one that only moves wildcards: from what `destination` makes, with its
  // `$n` read as `*`, to `source`.
  static Result<Transform> compile_reverse(std::string_view source, std::string_view destination);

  // Whether the literal `subject` is one that apply() may be called with.
  [[nodiscard]] bool accepts(std::string_view subject) const;
  // Appends what becomes of `subject`. `draw` is where random() takes its number from.
  void apply(std::string_view subject, std::uint64_t draw, std::string& into) const;

  // Whether the result depends on the draw.
  [[nodiscard]] bool is_random() const { return is_random_; }
  [[nodiscard]] const std::string& source() const { return source_; }
  [[nodiscard]] const std::string& destination() const { return destination_; }

 private:
  enum class Kind : std::uint8_t {
    kText,
    kWildcard,
    kPartition,
    kRandom,
    kSplit,
    kSplitFromLeft,
    kSplitFromRight,
    kSliceFromLeft,
    kSliceFromRight,
    kLeft,
    kRight,
    kTail,  // `>`
  };
  // One token of the destination. What kTail copies begins at token `places[0]` of the subject.
  struct Piece {
    Kind kind = Kind::kText;
    std::string text;                   // kText: the token; kSplit: the delimiter
    std::int32_t size = 0;              // partitions, positions, lengths
    std::vector<std::uint32_t> places;  // tokens of the subject that it reads
  };
  // A destination's token and the wildcards it names, by their number in the source.
  struct Parsed {
    Piece piece;
    std::vector<std::int64_t> wildcards;
  };

  static bool is_call(std::string_view token);
  static Result<Parsed> parse_token(std::string_view token);
  static Result<Parsed> parse_call(std::string_view token);
  static Result<Parsed> parse_arguments(Kind kind, std::string_view token,
                                        const std::vector<std::string_view>& arguments);
  friend Result<void> check_mapping_destination(std::string_view destination);
  friend std::string star_wildcards(std::string_view destination);

  static void apply_piece(const Piece& piece, std::string_view subject, std::uint64_t draw,
                          std::string& into);

  std::string source_, destination_;
  std::vector<Piece> pieces_;
  bool is_random_ = false;
};

// The subject with its wildcards numbered (`a.*` is `a.$1`), and back. Functions stay as they are,
// but for wildcard(), which becomes `*` too.
std::string number_wildcards(std::string_view subject);
std::string star_wildcards(std::string_view destination);

// What a configuration's mapping destination must be, beyond what compile() asks of it.
Result<void> check_mapping_destination(std::string_view destination);

}  // namespace midge::subject
