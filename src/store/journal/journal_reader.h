// Reads what the journals of earlier runs hold, in order. Thread: any, one at a time; blocks, and
// holds a segment in memory meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "store/fwd.h"
#include "store/journal/journal.h"

namespace midge::store {

// Views are valid during the call.
struct JournalRecord {
  StreamId stream;
  RecordKind kind;
  JournalPosition end;  // behind the record
  std::string_view body;
};

struct JournalReport {
  JournalPosition end;  // behind the last good record; not before `from`
  bool torn = false;    // behind that is a part of something that was being written
  // Rot: records that had been durable and are lost. All others were delivered, those behind too.
  std::uint64_t lost = 0;           // bytes of records
  std::vector<std::string> rotten;  // segments that lost some; one that is missing is not named
  // Segments that are shorter than they were: what was behind their end is lost, if anything was.
  std::vector<std::string> cut;
  // The segment that was made last, if it is not there: what it held is lost, if anything.
  std::string missing;
};

using OnJournalRecord = std::function<Result<void>(const JournalRecord&)>;

// Calls `on_record` for each record from `from` on; it stops the reading by returning an error.
// `keys`: null: none of it is encrypted. Errors: of the disk; an unknown version, kind or key. A
// journal without segments is empty.
Result<JournalReport> read_journal(io::Disk& disk, const std::string& folder, std::uint32_t id,
                                   JournalPosition from, const OnJournalRecord& on_record,
                                   const Keyring* keys = nullptr);

}  // namespace midge::store
