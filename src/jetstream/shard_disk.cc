// What a loop's streams do while the disk does not take what is written.
#include "jetstream/disk_watch.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"

namespace midge::jetstream {
namespace {

// What deliveries and acknowledgements may record while nothing of it can be written.
constexpr std::size_t kWaitingMax = 32 << 20;

bool is_about_space(const Error& error) {
  return error.code() == ErrorCode::kNoSpace || error.code() == ErrorCode::kTooLarge;
}

// `write /data/…: input/output error`: what it is called here is nobody's business.
std::string reason(const Error& error) {
  const std::string text = error.text();
  const std::size_t colon = text.rfind(": ");
  return "write error: " + (colon == std::string::npos ? text : text.substr(colon + 2));
}

}  // namespace

std::optional<ApiError> JetStream::write_refusal() const {
  if (disk_watch_->is_full()) return api_error(ApiErrorCode::kStorageResourcesExceeded);
  return record_refusal();
}

std::optional<ApiError> JetStream::record_refusal() const {
  if (counters_.failing_journals.load() == 0) return std::nullopt;
  if (counters_.journals_without_space.load() > 0)
    return api_error(ApiErrorCode::kStorageResourcesExceeded);
  return api_error(ApiErrorCode::kStreamStoreFailed, {"write error"});
}

std::optional<ApiError> Shard::write_refusal() const {
  if (journal_ == nullptr) return std::nullopt;
  if (jetstream_.disk_watch().is_full()) return api_error(ApiErrorCode::kStorageResourcesExceeded);
  return record_refusal();
}

std::optional<ApiError> Shard::record_refusal() const {
  if (!write_failure_) [[likely]]
    return std::nullopt;
  if (is_about_space(*write_failure_)) return api_error(ApiErrorCode::kStorageResourcesExceeded);
  return api_error(ApiErrorCode::kStreamStoreFailed, {reason(*write_failure_)});
}

bool Shard::is_clogged() const {
  return journal_ != nullptr && !journal_->is_writable() && journal_->waiting() > kWaitingMax;
}

void Shard::on_write_failed(const Error& error) {
  worker_.log().error("JetStream can not write to disk: " + error.text());
  forget_failure();
  write_failure_ = error;
  ++jetstream_.counters().failing_journals;
  if (is_about_space(error)) ++jetstream_.counters().journals_without_space;
}

void Shard::forget_failure() {
  if (!write_failure_) return;
  --jetstream_.counters().failing_journals;
  if (is_about_space(*write_failure_)) --jetstream_.counters().journals_without_space;
  write_failure_.reset();
}

void Shard::on_write_resumed() {
  worker_.log().info("JetStream writes to disk again");
  forget_failure();
  tick_again();
}

}  // namespace midge::jetstream
