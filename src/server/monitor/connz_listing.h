// Makes the answer of one `/connz`: every loop says which of its connections are to be listed and
// how they rank (connz_keys.h), the home loop sorts them and cuts out the page, every loop writes
// those on it (connz_texts.h), and the home loop puts the texts together.
//
// All of it in steps of some ten microseconds on the loops themselves: a thread of the pool that
// composes megabytes would keep a loop that shares its core waiting for milliseconds (decision
// 0022). One loop after the other, so that the other cores are free for traffic. Copies of
// connections are not made. Each connection is shown as it was when its turn came.
//
// Life: counted by the mails and steps that are under way. Thread: the home loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "io/loop.h"
#include "server/monitor/connz.h"
#include "server/monitor/connz_keys.h"
#include "server/monitor/connz_texts.h"
#include "server/monitor/step_sort.h"

namespace midge::server {

class ConnzListing final : public std::enable_shared_from_this<ConnzListing> {
 public:
  // Gets the answer in pieces, on the home loop; not if the loops end before.
  using Done = std::move_only_function<void(std::vector<std::string>)>;

  static void begin(io::Loop& home, broker::Broker& broker, ConnzTask task, Done done);

  ConnzListing(io::Loop& home, broker::Broker& broker, ConnzTask task, Done done);

 private:
  // A connection by its rank.
  struct Place {
    std::int64_t rank = 0;
    std::uint64_t cid = 0;
    std::uint32_t loop = 0, key = 0;  // among the loop's
    bool operator<(const Place& other) const {
      return rank != other.rank ? rank < other.rank : cid < other.cid;
    }
  };
  // What is known of a loop's connections.
  struct Share {
    ConnzFound found;
    std::vector<ConnzItem> items;
    ConnzText text;
    std::size_t next_size = 0, next_piece = 0, at = 0;  // how far its text has been taken
  };

  void ask_for_keys();  // of the loop whose turn it is
  void take_keys(ConnzFound found);
  void sort();
  bool sort_step();
  // Some more of the page's connections are given to their loops.
  bool deal_step();
  void ask_for_texts();
  void take_text(ConnzText text);
  void put_together();
  // Some more of the texts are put in order.
  bool merge_step();
  void finish(std::vector<std::string> pieces);
  // On the home loop, until it is true.
  void in_steps(bool (ConnzListing::*step)());

  io::Loop& home_;
  broker::Broker& broker_;
  ConnzTaskPtr task_;
  Done done_;
  std::vector<Share> shares_;  // by loop
  std::size_t asked_ = 0;      // the loop whose turn it is
  std::size_t total_ = 0;
  StepSort<Place> sort_;
  std::vector<Place> page_;  // sorted; what is on it is [next_, page_end_)
  std::size_t page_begin_ = 0, page_end_ = 0, next_ = 0;
  std::vector<std::string> merged_;
};

}  // namespace midge::server
