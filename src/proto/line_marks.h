// Where blanks and line feeds lie among the next 64 bytes, as bit masks: bit n speaks of byte n.
//
// Nearly every control line is shorter than that, and finding its fields in two registers costs no
// mispredicted branch, which a loop over bytes or a memchr per field does.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace midge::proto {

inline constexpr std::size_t kMarkedBytes = 64;

struct LineMarks {
  std::uint64_t blanks = 0;  // spaces and tabs
  std::uint64_t line_feeds = 0;
};

// `bytes` must have kMarkedBytes. Marks no more than the first half if a line feed is there.
[[gnu::always_inline]] inline LineMarks mark_line(const char* bytes) {
  LineMarks marks;
#if defined(__SSE2__)
  const auto mark = [&](unsigned at) {
    const auto bits = [at](__m128i mask) {
      return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(mask))) << at;
    };
    const __m128i part = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + at));
    marks.blanks |= bits(_mm_or_si128(_mm_cmpeq_epi8(part, _mm_set1_epi8(' ')),
                                      _mm_cmpeq_epi8(part, _mm_set1_epi8('\t'))));
    marks.line_feeds |= bits(_mm_cmpeq_epi8(part, _mm_set1_epi8('\n')));
  };
  mark(0);
  mark(16);
  if (marks.line_feeds == 0) {
    mark(32);
    mark(48);
  }
#else
  for (unsigned at = 0; at < kMarkedBytes; ++at) {
    const char byte = bytes[at];
    marks.blanks |= static_cast<std::uint64_t>(byte == ' ' || byte == '\t') << at;
    marks.line_feeds |= static_cast<std::uint64_t>(byte == '\n') << at;
  }
#endif
  return marks;
}

}  // namespace midge::proto
