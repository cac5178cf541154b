#include "store/checkpoint.h"

#include <algorithm>

#include "store/checksum.h"
#include "store/fields.h"

namespace midge::store {
namespace {

constexpr std::string_view kMagic = "MIDGECHK";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kChecksumSize = 8;

std::unexpected<Error> damaged() {
  return failure("its checksum is wrong, or it is cut off", ErrorCode::kIo);
}

}  // namespace

void add_part(std::string& section, PartKind kind, std::string_view body) {
  add_field(section, static_cast<std::uint32_t>(kind));
  add_field(section, std::uint64_t{body.size()});
  section.append(body);
}

Result<std::vector<SectionPart>> read_section(std::string_view section) {
  std::vector<SectionPart> parts;
  FieldReader fields(section);
  while (!fields.at_end()) {
    const auto kind = fields.number<std::uint32_t>();
    const auto length = fields.number<std::uint64_t>();
    parts.push_back({static_cast<PartKind>(kind), fields.text(length)});
  }
  if (fields.failed())
    return failure("a stream's part of the checkpoint is malformed", ErrorCode::kInvalid);
  return parts;
}

std::uint64_t count_records(std::string_view section) {
  constexpr std::size_t kHead = 8, kBlock = 40, kRecords = 32;  // as take_snapshot() writes them
  if (section.size() < sizeof(std::uint64_t)) return 0;
  const auto parts = read_section(section.substr(sizeof(std::uint64_t)));
  if (!parts) return 0;
  std::uint64_t sum = 0;
  for (const SectionPart& part : *parts)
    for (std::size_t at = kHead; part.kind == PartKind::kBlocks && at + kBlock <= part.body.size();
         at += kBlock)
      sum += get_little<std::uint32_t>(part.body.data() + at + kRecords);
  return sum;
}

std::string encode(std::uint64_t generation, std::uint32_t next_journal,
                   const std::vector<CheckpointPart>& parts) {
  std::uint64_t next_stream = 1;
  std::uint32_t journals = 0, streams = 0;
  for (const CheckpointPart& part : parts) {
    next_stream = std::max(next_stream, part.next_stream);
    journals += static_cast<std::uint32_t>(part.journals.size());
    streams += static_cast<std::uint32_t>(part.sections.size());
  }
  std::string bytes(kMagic);
  add_field(bytes, kVersion);
  add_field(bytes, journals);
  add_field(bytes, generation);
  add_field(bytes, next_stream);
  add_field(bytes, next_journal);
  add_field(bytes, streams);
  for (const CheckpointPart& part : parts)
    for (const CheckpointJournal& journal : part.journals) {
      add_field(bytes, journal.id);
      add_field(bytes, std::uint32_t{0});
      add_field(bytes, journal.from.value);
    }
  for (const CheckpointPart& part : parts)
    for (const std::string& section : part.sections) {
      add_field(bytes, std::uint64_t{section.size()});
      bytes.append(section);
    }
  add_field(bytes, checksum(bytes));
  return bytes;
}

Result<Checkpoint> decode_checkpoint(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 4 + kChecksumSize || !bytes.starts_with(kMagic))
    return damaged();
  const std::string_view content = bytes.substr(0, bytes.size() - kChecksumSize);
  // In all versions: a flipped bit is no newer one.
  if (checksum(content) != get_little<std::uint64_t>(bytes.data() + content.size()))
    return damaged();
  FieldReader fields(content.substr(kMagic.size()));
  if (fields.number<std::uint32_t>() != kVersion)
    return failure("the checkpoint was written by another version", ErrorCode::kInvalid);
  Checkpoint checkpoint;
  const auto journals = fields.number<std::uint32_t>();
  checkpoint.generation = fields.number<std::uint64_t>();
  checkpoint.all.next_stream = fields.number<std::uint64_t>();
  checkpoint.next_journal = fields.number<std::uint32_t>();
  const auto streams = fields.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < journals && !fields.failed(); ++i) {
    const auto id = fields.number<std::uint32_t>();
    (void)fields.number<std::uint32_t>();
    checkpoint.all.journals.push_back({id, {fields.number<std::uint64_t>()}});
  }
  for (std::uint32_t i = 0; i < streams && !fields.failed(); ++i) {
    const auto length = fields.number<std::uint64_t>();
    checkpoint.all.sections.emplace_back(fields.text(length));
  }
  if (fields.failed() || !fields.at_end()) return damaged();
  return checkpoint;
}

}  // namespace midge::store
