// Header, index and trailer of a block's file: docs/formats/block.md. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/block/block_columns.h"
#include "store/ids.h"

namespace midge::store {

inline constexpr std::size_t kBlockHeader = 48;
inline constexpr std::size_t kBlockTrailer = 72;

struct BlockName {
  StreamId stream;
  std::uint32_t number = 0;
  Sequence first;  // of the first record, or of the first that it could hold
  bool operator==(const BlockName&) const = default;
};

struct BlockTrailer {
  Sequence last;
  WallTime first_time, last_time;
  std::uint32_t records = 0;
  std::uint32_t subjects = 0;
  std::uint32_t index_offset = 0;
  std::uint64_t index_checksum = 0;
  std::uint64_t records_checksum = 0;  // of all before the index
  bool operator==(const BlockTrailer&) const = default;
};

void write_block_header(char* into, const BlockName& name);
// Errors: kIo; a version or a checksum that is wrong.
Result<BlockName> read_block_header(std::string_view bytes);

std::size_t block_index_size(std::uint32_t records, std::uint32_t subjects);
std::string write_block_index(const BlockColumns& columns);
// All numbers are checked against each other and the trailer; the checksum too.
Result<BlockColumns> read_block_index(std::string_view bytes, const BlockName& name,
                                      const BlockTrailer& trailer);

// The texts of a block's subjects, by their numbers; "" = it is not known.
class SubjectTexts {
 public:
  void add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(ends_.size()); }
  [[nodiscard]] std::string_view operator[](std::uint32_t subject) const {
    const std::uint32_t begin = subject == 0 ? 0 : ends_[subject - 1];
    return std::string_view(bytes_).substr(begin, ends_[subject] - begin);
  }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> ends_;
};
// Without any text.
std::size_t subject_texts_min(std::uint32_t subjects);
// At least `size` bytes: what replaces others must be as long.
std::string write_subject_texts(const SubjectTexts& texts, std::size_t size = 0);
// All of the bytes are of it. Errors: kIo; a checksum or a length that is wrong.
Result<SubjectTexts> read_subject_texts(std::string_view bytes, std::uint32_t subjects);

std::string write_block_trailer(const BlockTrailer& trailer);
Result<BlockTrailer> read_block_trailer(std::string_view bytes);

}  // namespace midge::store
