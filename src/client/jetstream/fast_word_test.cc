// What a server may say to a fast batch, and what is made of it: one answer of each kind, and some
// that are none.
#include "client/jetstream/fast_word.h"

#include <doctest/doctest.h>

namespace midge::detail {
namespace {

using Kind = FastWord::Kind;

TEST_CASE("what the server says to a fast batch") {
  const auto flow = read_fast_word(R"({"type":"ack","seq":10,"msgs":15})").value();
  CHECK(flow.kind == Kind::kFlow);
  CHECK(flow.last == 10);
  CHECK(flow.every == 15);
  CHECK(read_fast_word(R"({"type":"ack","seq":10,"msgs":0})").value().every == 1);

  const auto gap = read_fast_word(R"({"type":"gap","last_seq":10,"seq":15})").value();
  CHECK(gap.kind == Kind::kGap);
  CHECK(gap.first == 10);
  CHECK(gap.last == 14);

  const auto refusal =
      read_fast_word(
          R"({"type":"err","seq":7,"error":{"code":400,"err_code":10071,"description":"no"}})")
          .value();
  CHECK(refusal.kind == Kind::kRefusal);
  CHECK(refusal.first == 7);
  CHECK(refusal.last == 7);
  CHECK(refusal.error->err_code() == 10071);

  const auto end = read_fast_word(R"({"stream":"F","seq":18,"batch":"b","count":2})").value();
  CHECK(end.kind == Kind::kEnd);
  CHECK_FALSE(end.error);
  CHECK(end.ack.sequence == 18);
  CHECK(end.ack.batch_size == 2);
  const auto refused =
      read_fast_word(
          R"({"error":{"code":400,"err_code":10205,"description":"off"},"stream":"F","seq":0})")
          .value();
  CHECK(refused.kind == Kind::kEnd);
  CHECK(refused.error->err_code() == 10205);

  CHECK_FALSE(read_fast_word("no"));
  CHECK_FALSE(read_fast_word(R"({"type":"err","seq":7})"));
  CHECK(read_fast_word("{}").value().error);
}

}  // namespace
}  // namespace midge::detail
