#include "client/jetstream/fast_word.h"

#include <algorithm>
#include <string>
#include <utility>

#include "client/jetstream/context.h"
#include "client/jetstream/publish.h"

namespace midge::detail {
namespace {

struct Told {
  std::string type;
  std::uint64_t sequence = 0, last = 0, messages = 0;
};
template <class Visitor>
void describe(Visitor& v, Told& t) {
  v.field("type", t.type).field("seq", t.sequence).field("last_seq", t.last);
  v.field("msgs", t.messages);
}

}  // namespace

Result<FastWord> read_fast_word(std::string_view json) {
  ASSIGN_OR_RETURN(const codec::JsonValue answer, codec::read_json_tree(json));
  Told told;
  TRY(codec::read_json_struct(answer, told, false));
  FastWord word{.last = told.sequence, .error = {}, .ack = {}};
  if (told.type == "ack") {
    word.kind = FastWord::Kind::kFlow;
    word.every = static_cast<std::uint16_t>(std::clamp<std::uint64_t>(told.messages, 1, 0xFFFF));
  } else if (told.type == "gap") {
    word.kind = FastWord::Kind::kGap;
    word.first = told.last;
    word.last = told.sequence - 1;
    word.error = Error("messages of the batch got lost");
  } else if (told.type == "err") {
    word.kind = FastWord::Kind::kRefusal;
    word.first = told.sequence;
    if (auto read = read_api_answer(json); !read) word.error = std::move(read).error();
  } else if (auto ack = read_pub_ack(json)) {
    word.ack = *std::move(ack);
  } else {
    word.error = std::move(ack).error();
  }
  if (word.kind == FastWord::Kind::kRefusal && !word.error)
    return Error("the answer is not a stream's");
  return word;
}

}  // namespace midge::detail
