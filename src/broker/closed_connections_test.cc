// Goal: connections that have ended are remembered up to a number, under numbers of their own.
// Method: made-up records.
#include "broker/closed_connections.h"

#include <doctest/doctest.h>

using midge::broker::ClosedConnections;

namespace {

midge::broker::ConnectionInfo with_cid(std::uint64_t cid) {
  midge::broker::ConnectionInfo info;
  info.cid = cid;
  return info;
}

}  // namespace

TEST_CASE("the last so many are kept") {
  ClosedConnections closed;
  for (std::uint64_t cid = 10; cid < 15; ++cid) closed.add(with_cid(cid), 3);
  CHECK(closed.first() == 2);
  CHECK(closed.end() == 5);
  CHECK(closed.at(1) == nullptr);
  CHECK(closed.at(2)->cid == 12);
  CHECK(closed.at(4)->cid == 14);
  CHECK(closed.find(11) == nullptr);
  CHECK(closed.find(13)->cid == 13);
  closed.add(with_cid(15), 1);
  CHECK(closed.first() == 5);
  CHECK(closed.find(14) == nullptr);
  closed.add(with_cid(16), 0);
  CHECK(closed.first() == closed.end());
}

TEST_CASE("numbers are not given twice") {
  ClosedConnections closed;
  closed.add(with_cid(1), 9);
  const auto record = closed.at(0);
  closed.clear();
  CHECK(closed.first() == 1);
  CHECK(closed.at(0) == nullptr);
  CHECK(record->cid == 1);
  closed.add(with_cid(2), 9);
  CHECK(closed.at(1)->cid == 2);
}
