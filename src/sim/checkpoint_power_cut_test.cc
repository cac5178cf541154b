// Goal: whatever a power cut or a kill leaves, a stream comes back from checkpoint, blocks and
// journals as it was after some change that is not older than the last one told durable: nothing
// acknowledged is lost, what was removed stays removed, no sequence is given twice. What was erased
// is in no file in the end. Method: several runs of a stream on one disk under many seeds, with
// checkpoints at random, failing writes and syncs, with a key or compression by turns; each ends at
// a drawn call of the disk, which may come during the recovery, too.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/sim_env.h"
#include "store/checkpoint_file.h"
#include "store/journal/journal.h"
#include "store/journal/journal_reader.h"
#include "store/journal/segment_files.h"
#include "store/replay.h"
#include "store/store_folder.h"
#include "store/stream_checkpoint.h"

using namespace midge;
using namespace midge::sim;
using store::Sequence;

namespace {

constexpr store::StreamId kStream{1};

// One change of a stream, and what it rests on.
struct Change {
  store::JournalPosition after;
  enum class Kind : std::uint8_t { kAppend, kSkip, kRemove, kRemoveFront } kind = Kind::kAppend;
  Sequence sequence;
  std::string subject, payload;
};

struct Model {
  std::map<std::uint64_t, std::pair<std::string, std::string>> messages;
  Sequence last;

  void apply(const Change& change) {
    switch (change.kind) {
      case Change::Kind::kAppend:
        messages[change.sequence.value] = {change.subject, change.payload};
        last = change.sequence;
        return;
      case Change::Kind::kSkip:
        last = change.sequence - 1;
        return;
      case Change::Kind::kRemove:
        messages.erase(change.sequence.value);
        return;
      case Change::Kind::kRemoveFront:
        messages.erase(messages.begin(), messages.lower_bound(change.sequence.value));
        last = std::max(last, change.sequence - 1);
        return;
    }
  }

  bool equals(store::StreamStore& store) const {
    const store::StreamFigures& figures = store.figures();
    if (figures.last != last || figures.messages != messages.size()) return false;
    if (!messages.empty() && figures.first.value != messages.begin()->first) return false;
    std::map<std::string, std::uint32_t> counts;
    for (const auto& [sequence, content] : messages) {
      const auto message = store.load({sequence});
      if (!message || message->subject != content.first || message->payload != content.second)
        return false;
      ++counts[content.first];
    }
    if (store.subject_count() != counts.size()) return false;
    return std::ranges::all_of(counts, [&](const auto& entry) {
      const store::SubjectState* state = store.subject(entry.first);
      return state != nullptr && state->count == entry.second;
    });
  }
};

// One run of a server with one stream; the disk outlives it.
class Run final : io::LoopHandler, store::JournalEvents {
 public:
  struct Packing {
    store::KeySettings keys;
    bool compress = false;
  };
  Run(std::uint64_t seed, SimDisk& disk, Packing packing)
      : env_(seed, {.loops = 1, .disk = &disk}),
        packing_(std::move(packing)),
        random_(env_.fork_random()),
        loop_(*env_.make_loops(1)[0]) {}
  ~Run() override {
    store.reset();
    journal_.reset();
  }

  Result<void> recover() {
    ASSIGN_OR_RETURN(folder_, store::StoreFolder::open(env_.disk(), "/s", ""));
    TRY(folder_->open_keys(packing_.keys, env_.entropy(), env_.clock().wall()));
    store = std::make_unique<store::StreamStore>(
        env_, loop_, nullptr,
        store::StreamStoreOptions{.id = kStream,
                                  .folder = folder_->blocks_folder(kStream),
                                  .block_size = 2048,
                                  .disk = &folder_->data_disk(packing_.compress)});
    store->set_on_damage([this](const store::StreamStore::Damage& damage) {
      damaged.push_back(damage.path + ": " + damage.why);
    });
    ASSIGN_OR_RETURN(const store::FoundCheckpoint found,
                     store::CheckpointFile::read(folder_->data_disk(), folder_->path()));
    for (const auto& [path, why] : found.damaged) damaged.push_back(path + ": " + why);
    const store::Checkpoint& checkpoint = found.checkpoint;
    generation_ = checkpoint.generation;
    for (const std::string& section : checkpoint.all.sections) {
      ASSIGN_OR_RETURN(const auto parts, store::read_section(section));
      store::RestoreEvents events;
      events.on_damaged = [&](const std::string& path, const std::string& why) {
        damaged.push_back(path + ": " + why);
      };
      TRY(store::restore(parts, *store, events));
    }
    for (const std::uint32_t id : folder_->old_journals()) {
      const auto named =
          std::ranges::find(checkpoint.all.journals, id, &store::CheckpointJournal::id);
      const bool is_named = named != checkpoint.all.journals.end();
      if (!is_named && id < checkpoint.next_journal) continue;
      const auto report = store::read_journal(
          env_.disk(), folder_->journal_folder(id), id,
          is_named ? named->from : store::JournalPosition{},
          [&](const store::JournalRecord& record) -> Result<void> {
            TRY(store::replay(record, *store));
            return {};
          },
          folder_->keys().get());
      if (!report) return std::unexpected(report.error());
      lost += report->lost + (report->missing.empty() ? 0 : 1);
    }
    folder_->journal_ids_from(checkpoint.next_journal);
    return {};
  }

  Result<void> serve() {
    const std::uint32_t id = folder_->next_journal_id();
    ASSIGN_OR_RETURN(journal_, store::Journal::create(env_, loop_,
                                                      {.folder = folder_->journal_folder(id),
                                                       .free_folder = folder_->free_folder(),
                                                       .id = id,
                                                       .segment_size = 16 * 1024,
                                                       .keys = folder_->keys()},
                                                      *this));
    journal_id_ = id;
    std::string section;
    for (const store::BlockWrite& write : store::take_snapshot(*store, section).writes) {
      const Result<void> written = write.run();
      store::finish_snapshot(*store, write, written);
      TRY(written);
    }
    file_ =
        std::make_shared<store::CheckpointFile>(folder_->data_disk(), folder_->path(), generation_);
    std::vector<store::CheckpointPart> parts(1);
    parts[0] = {{{id, {}}}, 2, {section}};
    TRY(file_->begin(folder_->peek_journal_id(), std::move(parts)));
    ++checkpoints;
    TRY(store::checkpoint_is_durable(*store));
    for (const std::uint32_t old : folder_->old_journals())
      TRY(store::let_go_of_journal(env_.disk(), folder_->journal_folder(old),
                                   folder_->free_folder()));
    store->attach(*journal_);
    io::LoopHandler* const handlers[] = {this};
    env_.start(handlers);
    return {};
  }

  SimEnv& env() { return env_; }

  // The end of a run: a checkpoint, and what it does not need any more goes. Then: all that is in
  // the stream's blocks.
  Result<std::string> finish() {
    store::prepare_last_snapshot(*store);
    std::string section;
    const store::StoreSnapshot snapshot = store::take_snapshot(*store, section);
    for (const store::BlockWrite& write : snapshot.writes) {
      const Result<void> written = write.run();
      store::finish_snapshot(*store, write, written);
      TRY(written);
    }
    TRY(file_->finish(folder_->peek_journal_id(), {{{}, 2, {section}}}));
    for (const std::string& path : snapshot.obsolete) (void)env_.disk().remove_file(path);
    TRY(store::checkpoint_is_durable(*store));
    std::string all;
    for (const std::string& path : store::block_files(*store)) {
      if (!env_.disk().exists(path)) continue;
      ASSIGN_OR_RETURN(const std::string bytes, folder_->data_disk().read_file(path));
      all += bytes;
    }
    return all;
  }

  std::unique_ptr<store::StreamStore> store;
  std::vector<Change> changes;
  std::vector<std::string> erased;  // payloads
  store::JournalPosition durable;
  std::vector<std::string> damaged;
  std::uint64_t lost = 0;
  int checkpoints = 0;

 private:
  class CheckpointJob final : public io::Job {
   public:
    CheckpointJob(Run& run, store::StoreSnapshot snapshot, store::CheckpointPart part)
        : run_(run), file_(run.file_), snapshot_(std::move(snapshot)), part_(std::move(part)) {}
    void run() override {
      position_ = part_.journals[0].from;
      for (const store::BlockWrite& write : snapshot_.writes) {
        results_.push_back(write.run());
        if (result_ && !results_.back()) result_ = results_.back();
      }
      if (result_) result_ = file_->replace(0, std::move(part_));
      for (std::size_t i = 0; result_ && i < snapshot_.obsolete.size(); ++i)
        (void)run_.env_.disk().remove_file(snapshot_.obsolete[i]);
    }
    void done() override {
      run_.is_writing_ = false;
      for (std::size_t i = 0; i < results_.size(); ++i)
        store::finish_snapshot(*run_.store, snapshot_.writes[i], results_[i]);
      if (!result_) return;
      ++run_.checkpoints;
      (void)store::checkpoint_is_durable(*run_.store);
      run_.journal_->release_before(position_);
    }

   private:
    Run& run_;
    std::shared_ptr<store::CheckpointFile> file_;
    store::StoreSnapshot snapshot_;
    store::CheckpointPart part_;
    store::JournalPosition position_;
    std::vector<Result<void>> results_;
    Result<void> result_;
  };

  void on_loop_start() override { arm(); }
  void on_loop_stop() override {}
  void on_tick_end() override {
    journal_->commit();
    if (is_holding_ && !store::is_writing(*store)) write_checkpoint();
  }
  void arm() { loop_.timers().arm(feed_, loop_.now() + microseconds(random_.between(0, 3000))); }
  void on_feed() {
    if (journal_->is_writable())
      for (std::uint64_t i = random_.below(6); i-- > 0;) change();
    if (random_.one_in(6)) store::compact(*store);
    if (random_.one_in(6)) store::check_next(*store);
    if (!is_holding_ && !is_writing_ && random_.one_in(25)) {
      is_holding_ = true;
      store::hold_writes(*store, true);
    }
    arm();
  }
  void write_checkpoint() {
    is_holding_ = false;
    is_writing_ = true;
    store::CheckpointPart part{{{journal_id_, journal_->appended()}}, 2, {""}};
    store::StoreSnapshot snapshot = store::take_snapshot(*store, part.sections[0]);
    env_.disk_pool().submit(
        loop_, std::make_unique<CheckpointJob>(*this, std::move(snapshot), std::move(part)));
  }

  void change() {
    const store::StreamFigures& figures = store->figures();
    if (figures.messages > 0 && random_.one_in(4)) {
      const Sequence sequence = figures.first + random_.below(figures.last - figures.first + 1);
      const bool erases = random_.one_in(3);
      const auto message = store->load(sequence);
      if (message && erases && message->payload.size() > 20) erased.emplace_back(message->payload);
      if (store->remove(sequence, erases))
        note({.kind = Change::Kind::kRemove, .sequence = sequence});
    } else if (random_.one_in(60)) {
      const Sequence keep = figures.first + random_.below(figures.last - figures.first + 4);
      store->remove_front(keep);
      note({.kind = Change::Kind::kRemoveFront, .sequence = keep});
    } else if (random_.one_in(60)) {
      const Sequence next = figures.last + 1 + random_.between(1, 5);
      store->skip_to(next);
      note({.kind = Change::Kind::kSkip, .sequence = next});
    } else if (random_.one_in(60)) {
      purge("s." + std::to_string(random_.below(kSubjects)), random_.below(3));
    } else {
      append();
    }
  }
  void purge(const std::string& subject, std::uint64_t keep) {
    std::vector<Sequence> before;
    for (auto at = store->next_there({0}); at; at = store->next_there(*at + 1))
      before.push_back(*at);
    store->purge(store::Filter({subject}), {}, keep);
    for (const Sequence sequence : before)
      if (!store->is_there(sequence)) note({.kind = Change::Kind::kRemove, .sequence = sequence});
  }
  void append() {
    // Some blocks have many subjects.
    const std::uint64_t subjects = random_.one_in(8) ? 1000 : kSubjects;
    Change change{.subject = "s." + std::to_string(random_.below(subjects))};
    change.payload.resize(random_.below(300));
    for (char& byte : change.payload) byte = static_cast<char>(random_.next());
    change.sequence = store->append({change.subject, {}, change.payload, env_.clock().wall()});
    note(std::move(change));
  }
  void note(Change change) {
    change.after = store->appended_to();
    changes.push_back(std::move(change));
  }

  void on_durable(store::JournalPosition position) override { durable = position; }
  void on_write_failed(const Error&) override {}
  void on_write_resumed() override {}

  static constexpr std::uint64_t kSubjects = 6;
  SimEnv env_;
  const Packing packing_;
  SimRandom random_;
  io::Loop& loop_;
  std::unique_ptr<store::StoreFolder> folder_;
  std::shared_ptr<store::CheckpointFile> file_;
  io::MemberTimer<&Run::on_feed> feed_{*this};
  std::unique_ptr<store::Journal> journal_;
  std::uint32_t journal_id_ = 0;
  std::uint64_t generation_ = 0;
  bool is_holding_ = false, is_writing_ = false;
};

struct Story {
  std::uint64_t changes = 0, checkpoints = 0, checked = 0, erased = 0;
};

class Teller {
 public:
  explicit Teller(std::uint64_t seed) : seed_(seed), random_(seed), disk_(seed) {}

  Story tell() {
    for (std::uint64_t life = 1; life <= 5; ++life) live(life);
    live(0);
    return story_;
  }

 private:
  // 0: the last, without an accident.
  void live(std::uint64_t life) {
    const bool is_power_cut = life > 0 && !random_.one_in(4);
    Run run(seed_ * 10 + life, disk_, packing(life));
    if (is_power_cut && random_.one_in(3)) disk_.cut_power_after(1 + random_.below(60));
    const Result<void> recovered = run.recover();
    if (!recovered) REQUIRE_MESSAGE(disk_.is_off(), recovered.error().text());
    if (recovered && !disk_.is_off()) {
      disk_.cut_power_after(0);
      check(run);
      if (is_power_cut) disk_.cut_power_after(1 + random_.below(random_.one_in(4) ? 60 : 1500));
      const Result<void> serving = run.serve();
      if (!serving) REQUIRE_MESSAGE(disk_.is_off(), serving.error().text());
      if (serving) {
        const bool has_faults = random_.one_in(4);
        if (has_faults) disk_.set_faults({.writes = 40, .syncs = 40, .names = 40});
        const Duration time = microseconds(random_.between(1, 400'000));
        run.env().run_until([&] { return disk_.is_off(); }, is_power_cut ? seconds(3) : time);
        if (life == 0) check_erased(run, has_faults);
      }
    }
    if (is_power_cut) {
      disk_.cut_power();
    } else {
      disk_.kill_process();
    }
    disk_.restart();
    disk_.set_faults({});
    story_.changes += run.changes.size();
    story_.checkpoints += static_cast<std::uint64_t>(run.checkpoints);
    // Without a checkpoint of its own it did not serve, and what it read may be as it was before.
    if (run.checkpoints == 0) return;
    known_ = std::move(found_);
    changes_ = std::move(run.changes);
    durable_ = run.durable;
  }

  Run::Packing packing(std::uint64_t life) const {
    Run::Packing with;
    with.compress = seed_ % 4 >= 2 && life != 4;
    if (seed_ % 4 % 2 == 0 || (seed_ % 8 == 7 && life == 1)) return with;
    const bool is_old = life == 1 || life == 2;
    with.keys = {life % 2 == 0 ? crypto::Cipher::kAes : crypto::Cipher::kChaCha,
                 is_old ? "old" : "new", is_old ? "" : "old", 1};
    return with;
  }

  // Of the last life. A sync that failed in it would forbid the last checkpoint.
  void check_erased(Run& run, bool has_faults) {
    disk_.set_faults({});
    const auto all = run.finish();
    if (!all && has_faults) return;
    REQUIRE_MESSAGE(all, all.error().text());
    for (const std::string& payload : run.erased) CHECK(all->find(payload) == std::string::npos);
    story_.erased += run.erased.size();
  }

  void check(Run& run) {
    CHECK(run.lost == 0);
    for (const std::string& text : run.damaged) FAIL_CHECK(text);
    found_ = known_;
    auto next = changes_.begin();
    for (; next != changes_.end() && next->after <= durable_; ++next) found_.apply(*next);
    bool is_same = found_.equals(*run.store);
    for (; !is_same && next != changes_.end(); ++next) {
      found_.apply(*next);
      is_same = found_.equals(*run.store);
    }
    CHECK(is_same);
    ++story_.checked;
  }

  const std::uint64_t seed_;
  SimRandom random_;
  SimDisk disk_;
  Model known_, found_;  // when the last run began to serve; what the last recovery found
  std::vector<Change> changes_;
  store::JournalPosition durable_;
  Story story_;
};

}  // namespace

TEST_CASE("a stream comes back from checkpoint, blocks and journals") {
  Story sum;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    const Story story = Teller(seed).tell();
    sum.changes += story.changes;
    sum.checkpoints += story.checkpoints;
    sum.checked += story.checked;
    sum.erased += story.erased;
  }
  // The stories were worth telling.
  CHECK(sum.changes > 100'000);
  CHECK(sum.checkpoints > 2000);
  CHECK(sum.checked > 1500);
  CHECK(sum.erased > 1000);
}
