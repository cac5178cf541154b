#include "websocket/deflate/prefix_code.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace midge::websocket {
namespace {

constexpr std::size_t kSymbolsMax = 288;
constexpr unsigned kSymbolBits = 9, kWeightMax = 1U << 20;
constexpr unsigned kLongest = 15;

// A symbol that occurs; by their numbers, the lightest are first.
using Leaf = std::uint32_t;
Leaf leaf_of(std::uint32_t weight, std::size_t symbol) {
  return weight << kSymbolBits | static_cast<std::uint32_t>(symbol);
}
std::uint32_t weight_of(Leaf leaf) { return leaf >> kSymbolBits; }
std::size_t symbol_of(Leaf leaf) { return leaf & ((1U << kSymbolBits) - 1); }

// Huffman's: joins the two lightest trees until there is one. `leaves` are in their order. Whether
// no code is longer than `longest`.
bool measure(std::span<const Leaf> leaves, unsigned longest, std::span<Code> codes) {
  const std::size_t count = leaves.size(), nodes = 2 * count - 1;
  std::array<std::uint32_t, 2 * kSymbolsMax> weights;  // leaves, then trees, lightest first
  std::array<std::uint16_t, 2 * kSymbolsMax> parents;
  for (std::size_t i = 0; i < count; ++i) weights[i] = weight_of(leaves[i]);
  std::size_t leaf = 0, tree = count;
  for (std::size_t made = count; made < nodes; ++made) {
    const auto take_lightest = [&] {
      const bool is_leaf = leaf < count && (tree == made || weights[leaf] <= weights[tree]);
      const std::size_t node = is_leaf ? leaf++ : tree++;
      parents[node] = static_cast<std::uint16_t>(made);
      return weights[node];
    };
    weights[made] = take_lightest();
    weights[made] += take_lightest();
  }
  std::array<std::uint8_t, 2 * kSymbolsMax> depths;
  depths[nodes - 1] = 0;
  for (std::size_t node = nodes - 1; node-- > 0;)
    depths[node] = static_cast<std::uint8_t>(depths[parents[node]] + 1);
  // The lightest leaf is the deepest.
  if (depths[0] > longest) return false;
  for (std::size_t i = 0; i < count; ++i) codes[symbol_of(leaves[i])].count = depths[i];
  return true;
}

std::uint16_t reversed(unsigned bits, unsigned count) {
  bits = (bits >> 1 & 0x5555) | (bits & 0x5555) << 1;
  bits = (bits >> 2 & 0x3333) | (bits & 0x3333) << 2;
  bits = (bits >> 4 & 0x0F0F) | (bits & 0x0F0F) << 4;
  bits = bits >> 8 | (bits & 0xFF) << 8;
  return static_cast<std::uint16_t>(bits >> (16 - count));
}

}  // namespace

void make_code(std::span<const std::uint32_t> frequencies, unsigned longest,
               std::span<Code> codes) {
  DCHECK(frequencies.size() <= kSymbolsMax && longest <= kLongest, "deflate has no larger ones");
  std::array<Leaf, kSymbolsMax> room;
  std::size_t count = 0;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    codes[i].count = 0;
    DCHECK(frequencies[i] <= kWeightMax, "weights have room in a leaf");
    if (frequencies[i] > 0) room[count++] = leaf_of(frequencies[i], i);
  }
  for (std::size_t i = 0; count < 2; ++i)
    if (frequencies[i] == 0) room[count++] = leaf_of(1, i);
  const std::span<Leaf> leaves(room.data(), count);
  std::ranges::sort(leaves);
  // Weights that are nearer to each other make shorter codes.
  while (!measure(leaves, longest, codes)) {
    for (Leaf& leaf : leaves) leaf = leaf_of(weight_of(leaf) / 2 + 1, symbol_of(leaf));
    std::ranges::sort(leaves);
  }
  number_codes(codes.first(frequencies.size()));
}

void number_codes(std::span<Code> codes) {
  std::array<std::uint32_t, kLongest + 1> counts{}, next{};
  for (const Code& code : codes) ++counts[code.count];
  counts[0] = 0;
  for (unsigned count = 1; count <= kLongest; ++count)
    next[count] = (next[count - 1] + counts[count - 1]) << 1;
  for (Code& code : codes)
    if (code.count > 0) code.bits = reversed(next[code.count]++, code.count);
}

}  // namespace midge::websocket
