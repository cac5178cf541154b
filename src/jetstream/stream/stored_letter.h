// Dead letters are sent until they are stored, however long that takes: one that comes when the
// stream has forgotten its message id is looked for among the messages themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "jetstream/fwd.h"
#include "store/ids.h"

namespace midge::jetstream {

// `origin`: the stream, its consumer. No message is given up twice in one nanosecond.
std::string dead_letter_id(std::string_view origin, store::Sequence sequence, WallTime given_up);

// Where the letter with this id is, if it came before; nullopt for the ids of others, and where the
// stream's window of ids can tell. Looks through the newest messages of the subject only.
std::optional<store::Sequence> find_stored_letter(Stream& stream, std::string_view id,
                                                  std::string_view subject, WallTime now);

}  // namespace midge::jetstream
