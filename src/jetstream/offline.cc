#include "jetstream/offline.h"

#include "codec/go_quoted.h"
#include "jetstream/headers.h"
#include "jetstream/recovery.h"

namespace midge::jetstream {
namespace {

constexpr std::string_view kRequiredLevel = "_nats.req.level";

}  // namespace

std::string offline_reason(const StringMap& metadata, const Result<void>& strict) {
  const auto found = metadata.find(std::string(kRequiredLevel));
  const std::string level = found == metadata.end() ? std::string() : found->second;
  if (is_api_level_there(level))
    return strict ? std::string() : "decoding error: " + strict.error().text();
  if (!strict) {
    std::string text = strict.error().text();
    if (text.starts_with("json: ")) text.erase(0, 6);
    return "unsupported - config error: " + text;
  }
  return "unsupported - required API level: " + level +
         ", current API level: " + std::to_string(kApiLevel);
}

std::string offline_reason(const RecoveredStream& stream) {
  if (stream.record.offline) return stream.record.offline->reason;
  for (const auto& [id, consumer] : stream.consumers)
    if (consumer.record.offline)
      return "stopped - unsupported consumer " + codec::go_quoted(consumer.record.config.name);
  return {};
}

const RecoveredConsumer* find_consumer(const RecoveredStream& stream, std::string_view name) {
  for (const auto& [id, consumer] : stream.consumers)
    if (consumer.record.config.name == name) return &consumer;
  return nullptr;
}

}  // namespace midge::jetstream
