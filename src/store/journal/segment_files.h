// Segment files: their names, how one is had and let go. Blocking; thread: any. Several journals
// may take from one free folder at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/disk.h"

namespace midge::store {

// `<folder>/0000001a.seg`
std::string segment_path(const std::string& folder, std::uint32_t number);
// Ascending; other names are left out. No folder, no segments.
Result<std::vector<std::uint32_t>> list_segments(io::Disk& disk, const std::string& folder);

struct SegmentFile {
  std::unique_ptr<io::File> file;
  bool is_new;  // nothing has been written to it; if not, then most of it has
};
// A file of `size` under the name of segment `number`: one that is free, or a new one. Its space is
// allocated and its name synced.
Result<SegmentFile> make_segment(io::Disk& disk, const std::string& folder,
                                 const std::string& free_folder, std::uint32_t number,
                                 std::uint64_t size);

// What becomes of a segment that nobody needs.
enum class Spent : std::uint8_t { kReuse, kRemove };
Result<void> let_go(io::Disk& disk, const std::string& path, const std::string& free_folder,
                    Spent spent);
// All segments of a journal of an earlier run, and its folder.
Result<void> let_go_of_journal(io::Disk& disk, const std::string& folder,
                               const std::string& free_folder, Spent spent = Spent::kReuse);
// Those that are free.
Result<void> remove_free_segments(io::Disk& disk, const std::string& free_folder);

// More free segments than this are removed.
inline constexpr std::size_t kFreeSegmentsMax = 4;

}  // namespace midge::store
