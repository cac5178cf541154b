#include "websocket/deflate/block_code.h"

#include <algorithm>
#include <cstdint>

namespace midge::websocket {
namespace {

constexpr unsigned kBlockHeadBits = 3;
constexpr unsigned kKnownCodes = 1 << 1, kMadeCodes = 2 << 1;  // behind the bit of the last block
constexpr unsigned kLongest = 14, kLongestOfLengths = 7;

void add(BitWriter& out, const Code& code) { out.add(code.bits, code.count); }

// ---- how a block tells its codes

// Lengths of codes, of which runs are told as one.
struct Run {
  std::uint8_t symbol;
  std::uint8_t extra;
  std::uint8_t rest;
};
constexpr std::size_t kRunSymbols = 19;
constexpr std::uint8_t kRepeat = 16, kFewZeros = 17, kManyZeros = 18;
constexpr std::array<std::uint8_t, kRunSymbols> kRunOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                          11, 4,  12, 3, 13, 2, 14, 1, 15};

struct Runs {
  std::array<Run, 316> room;
  std::size_t count = 0;

  void add(std::size_t symbol, unsigned extra = 0, std::size_t rest = 0) {
    room[count++] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(extra),
                     static_cast<std::uint8_t>(rest)};
  }
  [[nodiscard]] std::span<const Run> all() const { return {room.data(), count}; }
};

// As many as may be said at once of `left` that are alike; what is said of one is said before.
std::size_t add_run(Runs& runs, std::uint8_t length, std::size_t left) {
  if (length == 0 && left >= 11) {
    const std::size_t some = std::min<std::size_t>(left, 138);
    return runs.add(kManyZeros, 7, some - 11), some;
  }
  if (length == 0 && left >= 3) return runs.add(kFewZeros, 3, left - 3), left;
  if (length != 0 && left >= 4) {
    const std::size_t some = std::min<std::size_t>(left - 1, 6);
    return runs.add(length), runs.add(kRepeat, 2, some - 3), some + 1;
  }
  return runs.add(length), 1;
}

Runs runs_of(std::span<const std::uint8_t> lengths) {
  Runs runs;
  while (!lengths.empty()) {
    std::size_t alike = 1;
    while (alike < lengths.size() && lengths[alike] == lengths[0]) ++alike;
    lengths = lengths.subspan(add_run(runs, lengths[0], alike));
  }
  return runs;
}

}  // namespace

BlockCode::BlockCode() {
  for (unsigned i = 0; i < Token::kSymbols; ++i)
    symbols_[i].open = static_cast<std::uint8_t>(Token::length_bits(i));
  for (unsigned i = 0; i < Token::kDistances; ++i)
    distances_[i].open = static_cast<std::uint8_t>(Token::distance_bits(i));
}

const BlockCode& BlockCode::known() {
  static const BlockCode kCode = [] {
    BlockCode made;
    made.is_known_ = true;
    for (std::size_t i = 0; i < made.symbols_.size(); ++i)
      made.symbols_[i].count = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    const auto distances = std::span(made.distances_).first(Token::kDistances);
    for (Code& distance : distances) distance.count = 5;
    number_codes(made.symbols_);
    number_codes(distances);
    return made;
  }();
  return kCode;
}

BlockCode BlockCode::made_for(std::span<const Token> tokens) {
  std::array<std::uint32_t, Token::kSymbols> symbols{};
  std::array<std::uint32_t, Token::kDistances + 1> distances{};
  for (const Token token : tokens) {
    ++symbols[token.symbol()];
    ++distances[token.distance_symbol()];
  }
  BlockCode code;
  make_code(symbols, kLongest, code.symbols_);
  make_code(std::span(distances).first(Token::kDistances), kLongest, code.distances_);
  return code;
}

void BlockCode::write_codes(BitWriter& out) const {
  const auto used = [](std::span<const Code> codes, std::size_t min) {
    std::size_t count = codes.size();
    while (count > min && codes[count - 1].count == 0) --count;
    return codes.first(count);
  };
  const std::span<const Code> literals = used(std::span(symbols_).first(Token::kSymbols), 257);
  const std::span<const Code> distances = used(std::span(distances_).first(Token::kDistances), 1);
  std::array<std::uint8_t, Token::kSymbols + Token::kDistances> lengths;
  std::size_t count = 0;
  for (const std::span<const Code> codes : {literals, distances})
    for (const Code& code : codes) lengths[count++] = code.count;
  const Runs runs = runs_of(std::span(lengths).first(count));

  std::array<std::uint32_t, kRunSymbols> frequencies{};
  for (const Run& run : runs.all()) ++frequencies[run.symbol];
  std::array<Code, kRunSymbols> codes;
  make_code(frequencies, kLongestOfLengths, codes);
  std::size_t told = kRunSymbols;
  while (told > 4 && codes[kRunOrder[told - 1]].count == 0) --told;
  out.add(literals.size() - 257, 5);
  out.add(distances.size() - 1, 5);
  out.add(told - 4, 4);
  for (std::size_t i = 0; i < told; ++i) {
    out.add(codes[kRunOrder[i]].count, 3);
    out.flush();
  }
  for (const Run& run : runs.all()) {
    add(out, codes[run.symbol]);
    out.add(run.rest, run.extra);
    out.flush();
  }
}

void BlockCode::write(std::span<const Token> tokens, BitWriter& out) const {
  out.add(is_known_ ? kKnownCodes : kMadeCodes, kBlockHeadBits);
  if (!is_known_) write_codes(out);
  for (const Token token : tokens) {
    const Code& symbol = symbols_[token.symbol()];
    const Code& distance = distances_[token.distance_symbol()];
    const std::uint64_t first = symbol.bits | token.length_rest() << symbol.count;
    const std::uint64_t second = distance.bits | token.distance_rest() << distance.count;
    const unsigned middle = symbol.count + symbol.open;
    out.add(first | second << middle, middle + distance.count + distance.open);
    out.flush();
  }
}

}  // namespace midge::websocket
