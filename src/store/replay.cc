#include "store/replay.h"

#include <cstring>

#include "store/block/record.h"

namespace midge::store {
namespace {

template <class Number>
bool take(std::string_view& body, Number& number) {
  if (body.size() < sizeof number) return false;
  std::memcpy(&number, body.data(), sizeof number);
  body.remove_prefix(sizeof number);
  return true;
}

std::unexpected<Error> malformed() {
  return failure("a journal record is malformed", ErrorCode::kInvalid);
}

Result<bool> replay_message(std::string_view body, StreamStore& store) {
  ASSIGN_OR_RETURN(const Record record, read_record(body));
  // Known already, from a checkpoint.
  if (record.message.sequence <= store.figures().last) return true;
  // Between two that follow one another nothing is missing but what has rotted.
  store.lose_up_to(record.message.sequence);
  store.append(
      {record.message.subject, record.message.header, record.message.payload, record.message.time});
  return true;
}

}  // namespace

Result<bool> replay(const JournalRecord& record, StreamStore& store) {
  std::string_view body = record.body;
  std::uint64_t sequence = 0;
  switch (record.kind) {
    case RecordKind::kMessage:
      return replay_message(body, store);
    case RecordKind::kSkip:
      if (!take(body, sequence)) return malformed();
      if (std::int64_t time = 0; take(body, time))
        store.skip_to({sequence}, WallTime{time});
      else
        store.skip_to({sequence});
      return true;
    case RecordKind::kRemove:
      if (!take(body, sequence)) return malformed();
      store.remove({sequence}, !body.empty() && body.front() == 1);
      return true;
    case RecordKind::kRemoveFront:
      if (!take(body, sequence)) return malformed();
      store.remove_front({sequence});
      return true;
    default:
      return false;
  }
}

}  // namespace midge::store
