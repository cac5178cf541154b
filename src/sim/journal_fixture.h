// A journal on a simulated disk, fed by its loop as streams feed it, and a model of what it was
// given. One run of a server: the disk outlives it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "store/journal/journal.h"

namespace midge::sim {

struct ModelRecord {
  store::JournalPosition end;
  store::StreamId stream;
  std::string body;
  bool operator==(const ModelRecord&) const = default;
};

class JournalRun final : io::LoopHandler, store::JournalEvents {
 public:
  struct Options {
    store::JournalOptions journal;
    std::int64_t body_max = 600;
    bool releases = false;  // now and then, something that is durable
    std::uint64_t salt = 0;
  };

  JournalRun(std::uint64_t seed, SimDisk& disk, const Options& options)
      : options_(options),
        env_(seed, {.loops = 1, .salt = options.salt, .disk = &disk}),
        random_(env_.fork_random()),
        loop_(*env_.make_loops(1)[0]) {}
  ~JournalRun() override { journal_.reset(); }

  Result<void> start() {
    auto made = store::Journal::create(env_, loop_, options_.journal, *this);
    if (!made) return std::unexpected(made.error());
    journal_ = std::move(*made);
    io::LoopHandler* const handlers[] = {this};
    env_.start(handlers);
    return {};
  }

  SimEnv& env() { return env_; }
  store::Journal& journal() { return *journal_; }
  void feed(bool on) { is_fed_ = on; }
  // Waits until all that was appended is durable.
  bool drain(Duration at_most = seconds(30)) {
    is_fed_ = false;
    return env_.run_until([this] { return durable == journal_->appended(); }, at_most);
  }

  std::vector<ModelRecord> appended;
  store::JournalPosition durable;  // as it was told
  store::JournalPosition released;
  std::vector<std::string> failures;
  int resumed = 0;

 private:
  void on_loop_start() override { arm(); }
  void on_loop_stop() override {}
  void on_tick_end() override { journal_->commit(); }
  void arm() { loop_.timers().arm(feed_, loop_.now() + microseconds(random_.between(0, 3000))); }
  void on_feed() {
    if (is_fed_ && journal_->is_writable())
      for (std::uint64_t i = random_.below(5); i-- > 0;) append();
    if (options_.releases && random_.one_in(20) && durable > released) {
      released = released + random_.below(durable - released + 1);
      journal_->release_before(released);
    }
    arm();
  }
  void append() {
    std::string body(random_.below(static_cast<std::uint64_t>(options_.body_max)), '\0');
    for (char& byte : body) byte = static_cast<char>(random_.next());
    const store::StreamId stream{random_.below(3)};
    const std::size_t cut = random_.below(body.size() + 1);
    const std::string_view parts[] = {std::string_view(body).substr(0, cut),
                                      std::string_view(body).substr(cut)};
    const auto end = journal_->append(stream, store::RecordKind::kMessage, parts);
    appended.push_back({end, stream, std::move(body)});
  }

  void on_durable(store::JournalPosition position) override { durable = position; }
  void on_write_failed(const Error& error) override { failures.push_back(error.text()); }
  void on_write_resumed() override { ++resumed; }

  const Options options_;
  SimEnv env_;
  SimRandom random_;
  io::Loop& loop_;
  io::MemberTimer<&JournalRun::on_feed> feed_{*this};
  std::unique_ptr<store::Journal> journal_;
  bool is_fed_ = true;
};

}  // namespace midge::sim
