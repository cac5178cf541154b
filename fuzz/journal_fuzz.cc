// Any bytes as a journal's segments: reading ends, stays within them, gives records in ascending
// positions, and counts as lost only what lies between batches that are whole. The bytes are either
// files as they are, or a script of segments and batches, some damaged, with right checksums: what
// is behind them would never be reached otherwise.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "io/whole_file_disk.h"
#include "store/block/memory_file.h"
#include "store/journal/journal_format.h"
#include "store/journal/journal_reader.h"
#include "store/journal/last_made.h"
#include "store/journal/segment_files.h"

namespace {

using namespace midge;
using namespace midge::store;

void check(bool holds) {
  if (!holds) std::abort();
}

constexpr std::uint32_t kId = 1;

class SegmentsDisk final : public io::WholeFileDisk {
 public:
  std::map<std::string, std::string> files;  // by name

  Result<std::string> read_file(const std::string& path) override {
    const auto file = files.find(name_of(path));
    if (file == files.end()) return failure(path + ": no such file", ErrorCode::kNotFound);
    return file->second;
  }
  Result<void> write_file(const std::string&, std::string_view) override { return {}; }
  Result<void> remove_file(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list_directory(const std::string&) override {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files) names.push_back(name);
    return names;
  }
  Result<void> make_directory(const std::string&) override { return {}; }
  Result<void> rename_file(const std::string&, const std::string&) override { return {}; }
  bool exists(const std::string& path) override { return files.contains(name_of(path)); }
  bool is_directory(const std::string&) override { return true; }
  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode) override {
    return std::make_unique<MemoryFile>(files.at(name_of(path)));
  }

 private:
  static std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
};

class Script {
 public:
  explicit Script(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool over() const { return bytes_.empty(); }
  std::uint8_t next() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view take(std::size_t count) {
    const std::string_view taken = bytes_.substr(0, std::min(count, bytes_.size()));
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

std::string make_segment_bytes(Script& script, std::uint32_t number, BatchHead& next) {
  const SegmentHead head{.journal = kId + (script.next() == 255),
                         .number = number,
                         .position = next.position,
                         .first_batch = next.number,
                         .salt = script.next()};
  std::array<char, kSegmentHeadSize> head_bytes;
  encode(head, head_bytes);
  std::string bytes(head_bytes.data(), head_bytes.size());
  for (int count = script.next() % 8; count > 0; --count) {
    std::string records;
    for (int n = script.next() % 4; n > 0; --n) {
      const std::string_view body = script.take(script.next());
      char record[kRecordHeadSize];
      encode_record_head(static_cast<std::uint32_t>(sizeof record + body.size()),
                         static_cast<RecordKind>(script.next() % 40), StreamId{script.next()},
                         record);
      records.append(record, sizeof record).append(body);
    }
    if (script.next() > 250) records.append(script.take(script.next()));
    next.length = static_cast<std::uint32_t>(records.size());
    next.flags = script.next() > 250 ? script.next() : 0;
    next.synced = next.number - 1 - std::min<std::uint64_t>(script.next() % 4, next.number - 1);
    std::array<char, kBatchHeadSize> batch;
    encode(next, records, head.salt, batch);
    const std::size_t at = bytes.size();
    bytes.append(batch.data(), batch.size()).append(records);
    if (const std::uint8_t damage = script.next(); damage > 200)
      bytes[at + damage % (bytes.size() - at)] ^= static_cast<char>(script.next());
    bytes.resize(align_batch(bytes.size()), '\0');
    const std::uint8_t step = script.next();
    if (step > 250) continue;  // the same number again
    next.number += 1 + (step > 240);
    next.position = next.position + records.size();
  }
  if (script.next() > 250) bytes.resize(script.next() * 32, '\0');
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Script script(input);
  SegmentsDisk disk;
  const bool as_they_are = script.next() % 4 == 0;
  const JournalPosition from{script.next()};
  BatchHead next{.number = 1};
  for (std::uint32_t number = 0; number < 4 && !script.over(); ++number) {
    const std::string name = segment_path("", number).substr(1);
    disk.files[name] = as_they_are ? std::string(script.take(input.size() / 4))
                                   : make_segment_bytes(script, number, next);
  }
  const std::string last_made = LastMade::path_in("").substr(1);
  if (const std::uint8_t kind = script.next() % 4; kind == 1)
    disk.files[last_made] = script.take(input.size());
  else if (kind == 2)
    disk.files[last_made] = LastMade::encode(1, script.next() % 8);
  JournalPosition last = from;
  const auto report =
      read_journal(disk, "journal", kId, from, [&](const JournalRecord& record) -> Result<void> {
        check(record.end > last);
        last = record.end;
        return {};
      });
  if (report) {
    check(report->end >= from && report->end >= last);
    check(report->missing.empty() || disk.files.contains(last_made));
    check(report->rotten.empty() || report->rotten.size() <= disk.files.size());
  } else {
    check(!report.error().text().empty());
  }
  return 0;
}
