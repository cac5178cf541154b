#include "jetstream/archive/stream_restore.h"

#include <utility>

#include "jetstream/advisory.h"
#include "jetstream/api/api.h"
#include "jetstream/api/handlers.h"
#include "jetstream/archive/archive_entry.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

constexpr Duration kStalledAfter = seconds(5);
// Chunks that may wait; who waits for acknowledgements never has so many.
constexpr std::size_t kInputMax = 64 << 20;
// What a job unpacks before it comes back, and what is put into the stream in one tick.
constexpr std::size_t kUnpackAtOnce = 1 << 20;
constexpr std::int64_t kPutInAtOnce = 512 << 10;

constexpr std::string_view kAnswerType = "io.nats.jetstream.api.v1.stream_create_response";

std::string error_answer(const ApiError& error) {
  codec::JsonWriter json;
  json.begin_object().field("type", kAnswerType).key("error");
  codec::JsonStructWriter(json).write(error);
  return json.end_object().take();
}

std::string success_answer(Stream& stream) {
  StreamInfo info = stream.info();
  info.domain.clear();
  add_version(info.config, stream.shard().jetstream());
  codec::JsonWriter json;
  json.begin_object().field("type", kAnswerType);
  codec::JsonStructWriter writer(json);
  describe(writer, info);
  return json.end_object().take();
}

}  // namespace

class StreamRestore::UnpackJob final : public io::Job {
 public:
  UnpackJob(StreamRestore& owner, std::string input)
      : reader(std::move(owner.reader_)), owner_(owner.self()), input_(std::move(input)) {}

  void run() override {
    reader->feed(input_);
    while (more && plain.size() < kUnpackAtOnce) {
      const auto read = reader->next(plain);
      if (!read) error = read.error().text();
      more = read && *read;
    }
  }
  void done() override {
    if (*owner_ != nullptr) static_cast<StreamRestore&>(**owner_).unpacked(*this);
  }
  [[nodiscard]] std::size_t input_size() const { return input_.size(); }

  std::unique_ptr<codec::S2Reader> reader;
  std::string plain;
  std::string error;
  bool more = true;

 private:
  const std::shared_ptr<ArchiveTask*> owner_;
  const std::string input_;
};

StreamRestore::StreamRestore(Api& api, Shard& shard, Stream::Identity identity, StreamConfig config)
    : api_(api),
      shard_(shard),
      account_(identity.account),
      name_(config.name),
      label_("'" + identity.account_name + " > " + config.name + "'"),
      subject_("$JS.SNAPSHOT.RESTORE." + config.name + "." + shard.new_id()),
      id_(identity.id),
      started_(shard.wall()),
      target_(shard, std::move(identity), std::move(config)),
      reader_(std::make_unique<codec::S2Reader>()) {
  shard_.worker().log().info("Starting restore for stream " + label_);
}

StreamRestore::~StreamRestore() {
  if (subscription_) shard_.worker().unsubscribe_internal(*subscription_);
}

const std::string& StreamRestore::listen() {
  subscription_ = shard_.worker().subscribe_internal(account_, subject_, {}, chunks_);
  shard_.timers().arm(timer_, shard_.now() + kStalledAfter);
  advise_restore_created(shard_, account_, target_.account_name(), name_);
  return subject_;
}

// ---- what comes

void StreamRestore::on_chunk(const broker::Message& message) {
  if (over_ || ended_) return;
  shard_.timers().cancel(timer_);
  wake();
  if (message.reply.empty()) {
    fail(restore_error("restore for stream " + label_ + " requires reply subject for each chunk"));
    ended_ = true;
    return;
  }
  const std::string_view chunk = message.body();
  if (chunk.empty()) {
    ended_ = true;
    end_reply_ = message.reply;
    return;
  }
  replies_.emplace_back(message.reply);
  received_ += chunk.size();
  if (failed_ || format_is_done_) return;
  if (auto refusal = shard_.jetstream().memory_refusal(target_.config().storage))
    return fail(std::move(*refusal));
  if (input_bytes_ + chunk.size() > kInputMax)
    return fail(restore_error("chunks come faster than they are acknowledged"));
  input_bytes_ += chunk.size();
  input_ += chunk;
}

void StreamRestore::on_stalled() {
  fail(restore_error("restore for stream " + label_ + " is stalled"));
  ended_ = true;
  wake();
}

void StreamRestore::stream_removed(store::StreamId id) {
  if (over_ || failed_ || target_.stream() == nullptr || id != id_) return;
  target_.forget();
  fail(restore_error("stream was removed"));
}

void StreamRestore::fail(ApiError error) {
  if (failed_) return;
  failed_ = std::move(error);
  input_.clear();
}

// ---- a step

bool StreamRestore::run() {
  if (over_) return true;
  if (failed_) {
    finish();
    return over_;
  }
  if (reader_ == nullptr || !put_in()) return false;
  if (failed_) {
    finish();
    return over_;
  }
  if (!needs_input_ && !format_is_done_) {
    unpack();
    return false;
  }
  acknowledge();
  if (!input_.empty() && !format_is_done_) {
    at_work_ = std::exchange(replies_, {});
    unpack();
    return false;
  }
  if (ended_)
    finish();
  else
    shard_.timers().arm(timer_, shard_.now() + kStalledAfter);
  return over_;
}

bool StreamRestore::choose_format() {
  if (plain_.size() < kArchiveMagic.size()) return false;
  format_ =
      plain_.starts_with(kArchiveMagic) ? make_entry_format(target_) : make_tar_format(target_);
  format_->feed(std::exchange(plain_, {}));
  return true;
}

bool StreamRestore::put_in() {
  if (format_ == nullptr && !choose_format()) return true;
  std::int64_t budget = kPutInAtOnce;
  const auto progress = format_->step(budget);
  if (Stream* stream = target_.stream()) shard_.touched(*stream);
  if (!progress) {
    fail(progress.error());
    return true;
  }
  if (*progress == RestoreFormat::Progress::kMore) {
    wake();
    return false;
  }
  format_is_done_ = *progress == RestoreFormat::Progress::kDone;
  if (format_is_done_) input_.clear();
  return true;
}

void StreamRestore::acknowledge() {
  if (format_is_done_) at_work_.insert(at_work_.end(), replies_.begin(), replies_.end());
  if (format_is_done_) replies_.clear();
  const store::JournalPosition after =
      target_.stream() != nullptr ? target_.stream()->durable_mark() : store::JournalPosition{};
  for (std::string& reply : std::exchange(at_work_, {})) answer(reply, {}, after);
}

void StreamRestore::unpack() {
  auto job = std::make_unique<UnpackJob>(*this, std::exchange(input_, {}));
  shard_.jetstream().env().pool().submit(shard_.worker().loop(), std::move(job));
}

void StreamRestore::unpacked(UnpackJob& job) {
  reader_ = std::move(job.reader);
  input_bytes_ -= job.input_size();
  needs_input_ = !job.more;
  if (!job.error.empty()) fail(restore_error(job.error));
  if (format_ != nullptr)
    format_->feed(job.plain);
  else
    plain_ += job.plain;
  wake();
}

void StreamRestore::answer(std::string_view to, std::string_view text,
                           store::JournalPosition after) {
  shard_.send_when_durable({after, account_, to, {}, {}, text});
}

// ---- the end

void StreamRestore::finish() {
  if (!failed_) {
    // Before anything of a format is known there is nothing to complete.
    const auto completed = format_ != nullptr ? format_->finish() : restore_failure("EOF");
    if (!completed) fail(completed.error());
  }
  const LoopId loop = shard_.worker().loop().id();
  Api& api = api_;
  if (failed_) {
    target_.take_back();
    std::vector<std::string> replies = std::exchange(at_work_, {});
    for (std::string& reply : std::exchange(replies_, {})) replies.push_back(std::move(reply));
    if (!end_reply_.empty()) replies.push_back(end_reply_);
    // Whoever sends is told with the next chunk.
    if (replies.empty() && !ended_) {
      shard_.timers().arm(timer_, shard_.now() + kStalledAfter);
      return;
    }
    for (const std::string& reply : replies) answer(reply, error_answer(*failed_), {});
    shard_.worker().log().warn("Restore failed for stream " + label_ + ": " + failed_->description);
    api.on_home([&api, account = account_, name = name_](Shard&) {
      if (AccountEntry* entry = api.jetstream().directory().find_account(account))
        entry->restoring.erase(name);
    });
  } else {
    shard_.worker().log().info("Completed restore for stream " + label_);
    StreamEntry restored{id_, loop, target_.config(), target_.created()};
    api.on_home([&api, account = account_, restored, reply = end_reply_](Shard&) {
      if (AccountEntry* entry = api.jetstream().directory().find_account(account)) {
        entry->restoring.erase(restored.config.name);
        entry->streams.emplace(restored.config.name, restored);
      }
      api.on_loop(restored.loop, [restored, account, reply](Shard& there) {
        Stream* stream = there.find_stream(restored.id);
        if (stream == nullptr) return;
        const std::string text = success_answer(*stream);
        there.send_when_durable({stream->durable_mark(), account, reply, {}, {}, text});
      });
    });
  }
  advise_restore_completed(shard_, account_, target_.account_name(), name_, started_, received_);
  over_ = true;
}

}  // namespace midge::jetstream
