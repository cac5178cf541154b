#include "store/journal/last_made.h"

#include <limits>
#include <string_view>

#include "store/checksum.h"
#include "store/little_endian.h"

namespace midge::store {
namespace {

constexpr std::string_view kMagic = "MIDGEJLS";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
// Two notes, in turn: while one is written the other one stays whole.
constexpr std::size_t kNoteSize = 512;
constexpr std::size_t kChecked = 20;

}  // namespace

std::string LastMade::encode(std::uint32_t count, std::optional<std::uint32_t> number) {
  std::string note(kMagic);
  note.resize(kNoteSize);
  put_little(note.data() + 8, kVersion);
  put_little(note.data() + 12, count);
  put_little(note.data() + 16, number.value_or(kNone));
  put_little(note.data() + kChecked, checksum({note.data(), kChecked}));
  return note;
}

Result<void> LastMade::note(std::optional<std::uint32_t> number) {
  const std::string bytes = encode(notes_ + 1, number);
  is_unsure_ = true;
  ASSIGN_OR_RETURN(const auto file, disk_.open(path_, io::OpenMode::kWrite));
  const io::Slice slice{bytes.data(), bytes.size()};
  TRY(file->write_at(notes_ % 2 * kNoteSize, {&slice, 1}));
  TRY(file->sync());
  if (notes_ == 0) TRY(disk_.sync_directory(path_.substr(0, path_.rfind('/'))));
  ++notes_;
  is_unsure_ = false;
  return {};
}

Result<std::optional<std::uint32_t>> LastMade::read(io::Disk& disk, const std::string& folder) {
  const std::string path = path_in(folder);
  if (!disk.exists(path)) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string bytes, disk.read_file(path));
  std::uint32_t last = 0;
  std::optional<std::uint32_t> number;
  for (std::string_view rest = bytes; rest.size() >= kNoteSize; rest.remove_prefix(kNoteSize)) {
    const char* const at = rest.data();
    if (!rest.starts_with(kMagic) || get_little<std::uint32_t>(at + 8) != kVersion ||
        get_little<std::uint64_t>(at + kChecked) != checksum({at, kChecked}) ||
        get_little<std::uint32_t>(at + 12) <= last)
      continue;
    last = get_little<std::uint32_t>(at + 12);
    number = get_little<std::uint32_t>(at + 16);
  }
  if (number == kNone) number.reset();
  return number;
}

}  // namespace midge::store
