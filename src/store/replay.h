// Applies journal records to a stream's messages after a restart.
#pragma once

#include "base/result.h"
#include "store/journal/journal_reader.h"
#include "store/stream_store.h"

namespace midge::store {

// `store` has no journal attached yet. Records of other kinds than messages' are left alone: false.
Result<bool> replay(const JournalRecord& record, StreamStore& store);

}  // namespace midge::store
