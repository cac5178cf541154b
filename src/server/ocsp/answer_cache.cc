#include "server/ocsp/answer_cache.h"

#include <utility>

#include "codec/base64.h"
#include "codec/json_tree.h"
#include "codec/json_writer.h"
#include "codec/s2_stream.h"

namespace midge::server {
namespace {

constexpr std::size_t kAnswerMax = 256 * 1024;
constexpr const char* kNever = "0001-01-01T00:00:00Z";  // Go's zero

using codec::Base64;
using subject::WriterGuard;
using tls::OcspStatus;

OcspStatus status_of(std::string_view text) {
  for (const OcspStatus status : {OcspStatus::kGood, OcspStatus::kRevoked})
    if (text == tls::to_text(status)) return status;
  return OcspStatus::kUnknown;
}

}  // namespace

AnswerCache::AnswerCache(io::Env& env, Log& log, OcspCacheConfig config)
    : env_(env), log_(log), config_(std::move(config)) {}

std::optional<std::string> AnswerCache::find(const std::string& key) {
  if (!config_.local) return std::nullopt;
  std::optional<std::string> found;
  {
    const WriterGuard guard(lock_);
    const auto item = items_.find(key);
    if (item != items_.end()) found = item->second.der;
    ++(found ? hits_ : misses_);
  }
  log_.debug(std::string("OCSP peer cache ") + (found ? "hit" : "miss") + " for key [" + key + "]");
  return found;
}

void AnswerCache::keep(const std::string& key, const std::string& subject,
                       const tls::OcspAnswer& answer) {
  if (!config_.local) return;
  log_.debug("Caching OCSP response for [" + subject + "], key [" + key + "]");
  const WallTime now = env_.clock().wall();
  Item item;
  item.subject = subject;
  item.cached_at = codec::rfc3339_nano({now.ns - now.ns % 1'000'000'000});
  item.expires = answer.next_update.ns == 0 ? kNever : codec::rfc3339_nano(answer.next_update);
  item.status = answer.status;
  item.der = answer.der;
  const WriterGuard guard(lock_);
  items_[key] = std::move(item);
  changed_ = true;
}

void AnswerCache::forget(const std::string& key) {
  const WriterGuard guard(lock_);
  const auto item = items_.find(key);
  if (item == items_.end()) return;
  --hits_;
  ++misses_;
  if (item->second.status == OcspStatus::kRevoked && config_.preserve_revoked) {
    log_.debug("Revoked OCSP response for key [" + key + "] preserved by cache policy");
    return;
  }
  log_.debug("Deleting OCSP peer cached response for key [" + key + "]");
  items_.erase(item);
  changed_ = true;
}

std::string AnswerCache::path() const {
  const std::string& folder = config_.local_store;
  return (folder.empty() ? OcspCacheConfig{}.local_store : folder) + "/cache.json";
}

void AnswerCache::load() {
  if (!config_.local) return;
  log_.debug("Starting OCSP peer cache");
  log_.debug("Loading OCSP peer cache [" + path() + "]");
  auto text = env_.disk().read_file(path());
  if (!text && text.error().code() == ErrorCode::kNotFound)
    return log_.debug("No OCSP peer cache found, starting with empty cache");
  Result<Items> items = text ? parse(*text) : std::unexpected(text.error());
  // The next answers replace it.
  if (!items) return log_.warn("Unable to load OCSP peer cache: " + items.error().text());
  const WriterGuard guard(lock_);
  items_ = *std::move(items);
}

Result<AnswerCache::Items> AnswerCache::parse(const std::string& text) {
  ASSIGN_OR_RETURN(const codec::JsonValue document, codec::read_json_tree(text));
  Items items;
  for (const codec::JsonMember& member : document.members) {
    Item item;
    std::string status, resp;
    codec::JsonReader reader(&member.value);
    reader.read("subject", item.subject).read("cached_at", item.cached_at);
    reader.read("resp_expires", item.expires).read("resp_status", status).read("resp", resp);
    TRY(reader.done());
    const auto packed = codec::decode_base64(Base64::kStd, resp);
    if (!packed) return failure("illegal base64 data");
    ASSIGN_OR_RETURN(item.der, codec::read_s2_stream(*packed, kAnswerMax));
    item.status = status_of(status);
    items[member.name] = std::move(item);
  }
  return items;
}

std::string AnswerCache::text_of(const Items& items) {
  codec::JsonWriter json(true);
  json.begin_object();
  for (const auto& [key, item] : items) {
    json.key(key).begin_object();
    json.field_unless_empty("subject", item.subject).field("cached_at", item.cached_at);
    json.field("resp_status", tls::to_text(item.status)).field("resp_expires", item.expires);
    json.field("resp", codec::encode_base64(Base64::kStd, codec::write_s2_stream(item.der)));
    json.end_object();
  }
  json.end_object();
  return json.take();
}

void AnswerCache::save() {
  Items items;
  {
    const WriterGuard guard(lock_);
    if (!std::exchange(changed_, false)) return;
    items = items_;
  }
  log_.debug("OCSP peer cache is dirty, saving");
  log_.debug("Saving OCSP peer cache [" + path() + "]");
  const std::string text = text_of(items);
  const std::string fresh = path() + ".new";
  auto done = env_.disk().make_directory(fresh.substr(0, fresh.rfind('/')));
  if (done) done = env_.disk().write_file(fresh, text);
  if (done) done = env_.disk().rename_file(fresh, path());
  if (!done) {
    log_.error("Unable to save OCSP peer cache: " + done.error().text());
    const WriterGuard guard(lock_);
    changed_ = true;
    return;
  }
  log_.debug("Saved OCSP peer cache successfully (" + std::to_string(text.size()) + " bytes)");
}

AnswerCache::Stats AnswerCache::stats() const {
  Stats stats;
  stats.type = config_.local ? "local" : "none";
  const WriterGuard guard(lock_);
  stats.hits = hits_;
  stats.misses = misses_;
  for (const auto& [key, item] : items_) {
    ++(item.status == OcspStatus::kGood      ? stats.good
       : item.status == OcspStatus::kRevoked ? stats.revoked
                                             : stats.unknown);
  }
  return stats;
}

}  // namespace midge::server
