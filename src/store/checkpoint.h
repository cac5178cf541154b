// What a checkpoint says: from where journals are to be read, and a section for each stream.
// Format: docs/formats/checkpoint.md. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/ids.h"

namespace midge::store {

struct CheckpointJournal {
  std::uint32_t id = 0;
  JournalPosition from;  // what is before is in the sections
};

// What one loop has to say.
struct CheckpointPart {
  std::vector<CheckpointJournal> journals;
  std::uint64_t next_stream = 1;  // above all ids that it has seen
  std::vector<std::string> sections;
};

struct Checkpoint {
  std::uint64_t generation = 0;  // counted up with each that is written; 0: there is none
  std::uint32_t next_journal = 1;
  CheckpointPart all;
};

enum class PartKind : std::uint32_t {
  kStream = 1,
  kFigures = 2,
  kBlocks = 3,
  kRemoved = 4,
  kConsumer = 5,
  kLost = 6,
  kToErase = 7,
};

struct SectionPart {
  PartKind kind;
  std::string_view body;
};

void add_part(std::string& section, PartKind kind, std::string_view body);
// Errors: kInvalid; malformed.
Result<std::vector<SectionPart>> read_section(std::string_view section);

// Of messages in the blocks of a stream's section; 0 if it is malformed.
std::uint64_t count_records(std::string_view section);

std::string encode(std::uint64_t generation, std::uint32_t next_journal,
                   const std::vector<CheckpointPart>& parts);
// Errors: kInvalid: another version; kIo: damaged.
Result<Checkpoint> decode_checkpoint(std::string_view bytes);

}  // namespace midge::store
