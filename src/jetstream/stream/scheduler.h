// A stream's schedules: stored messages that produce others when their time has come, one per
// subject. It has nothing that a restart must know: the messages say it. Thread: the loop's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "io/timer.h"
#include "jetstream/fwd.h"
#include "jetstream/stream/ingest_headers.h"
#include "jetstream/stream/schedule.h"
#include "store/ids.h"
#include "store/message.h"

namespace midge::jetstream {

class Scheduler {
 public:
  explicit Scheduler(Stream& stream) : stream_(stream) {}

  // A stored message; it takes the place of an earlier one of its subject. After a restart: times
  // that were missed are left out, but for one that would have been the only one.
  void add(const store::StoredMessage& message, const IngestHeaders& fields);
  void stop();
  // Again, when the stream serves again, when it is another time than was thought. What has become
  // due meanwhile is done.
  void arm();

 private:
  struct Entry {
    store::Sequence sequence;
    Schedule schedule;
    WallTime due;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void on_timer();
  void set_due(Entries::iterator entry, WallTime due);
  void forget(Entries::iterator entry);
  void fire(const std::string& subject, const Entry& entry, std::optional<WallTime> next);

  Stream& stream_;
  Entries entries_;
  std::set<std::pair<WallTime, std::string>> queue_;
  io::MemberTimer<&Scheduler::on_timer> timer_{*this};
};

}  // namespace midge::jetstream
