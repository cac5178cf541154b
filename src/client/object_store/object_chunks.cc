// Bytes of objects, which go and come in pieces.
#include <algorithm>
#include <cstring>
#include <utility>

#include "client/object_store/object_info.h"
#include "client/patience.h"
#include "crypto/sha256.h"
#include "midge/object_store.h"

namespace midge {
namespace {

constexpr std::size_t kChunkSize = 128 * 1024;
constexpr std::size_t kChunksUnderWay = 16;

std::string digest_text(crypto::Sha256& sum) {
  return "SHA-256=" + detail::object_base64(sum.digest());
}

// Of chunks that are published: the first that was refused.
struct Refusal {
  io::Monitor monitor;
  std::optional<Error> why;

  void take(const Result<PubAck>& ack) {
    const io::Monitor::Lock lock(monitor);
    if (!ack && !why) why = ack.error();
  }
  Result<void> result() {
    const io::Monitor::Lock lock(monitor);
    if (why) return *why;
    return {};
  }
};

// Fills the chunk as far as the reader can. Errors: the reader's.
Result<std::size_t> fill(std::string& chunk, const ObjectReader& reader) {
  std::size_t size = 0;
  while (size < chunk.size()) {
    ASSIGN_OR_RETURN(const std::size_t more, reader(chunk.data() + size, chunk.size() - size));
    if (more == 0) break;
    size += more;
  }
  return size;
}

// Sends all that the reader has, and counts it. Errors: the reader's, a chunk's.
Result<void> send_chunks(const JetStream& js, const std::string& subject,
                         const ObjectReader& reader, const std::shared_ptr<Refusal>& refusal,
                         const detail::Remaining& left, ObjectInfo& info) {
  crypto::Sha256 sum;
  std::string chunk(info.chunk_size, '\0');
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(const std::size_t size, fill(chunk, reader));
    more = size == chunk.size();
    if (size == 0) break;
    const std::string_view bytes(chunk.data(), size);
    sum.add(bytes);
    info.size += size;
    ++info.chunks;
    TRY(js.publish_async(
        subject, bytes, [refusal](const Result<PubAck>& ack) { refusal->take(ack); }, {}, left()));
    TRY(refusal->result());
  }
  info.digest = digest_text(sum);
  return {};
}

}  // namespace

Result<ObjectInfo> ObjectStore::put_chunks(ObjectInfo info, const ObjectReader& reader,
                                           const Deadline& deadline) const {
  JetStreamOptions options = state_->context->options();
  options.publish_pending_max = kChunksUnderWay;
  const JetStream js(state_->js.client(), std::move(options));  // with a window of its own
  const auto refusal = std::make_shared<Refusal>();
  const detail::Remaining left(deadline);
  const auto sent = send_chunks(js, state_->chunk_subject(info.nuid), reader, refusal, left, info);
  // What is on its way would outlive the purge that follows a failure.
  const auto complete = js.publish_complete(sent ? left() : Deadline(kDefaultTimeout));
  TRY(sent);
  TRY(complete);
  TRY(refusal->result());
  return info;
}

Result<void> ObjectStore::purge_chunks(const std::string& nuid, const Deadline& deadline) const {
  PurgeOptions chunks;
  chunks.filter = state_->chunk_subject(nuid);
  TRY(state_->stream.purge(std::move(chunks), deadline));
  return {};
}

Result<ObjectInfo> ObjectStore::put(const ObjectMeta& meta, const ObjectReader& reader,
                                    Deadline deadline) const {
  const detail::Remaining left(deadline);
  auto old = info_or_deleted(meta.name, left());
  if (!old && old.error().code() != ErrorCode::kNotFound) return std::move(old).error();
  ObjectInfo fresh;
  fresh.name = meta.name;
  fresh.description = meta.description;
  fresh.headers = meta.headers;
  fresh.metadata = meta.metadata;
  fresh.chunk_size = meta.chunk_size == 0 ? kChunkSize : meta.chunk_size;
  fresh.bucket = bucket();
  fresh.nuid = state_->context->draw_name();
  const std::string nuid = fresh.nuid;
  auto whole = put_chunks(std::move(fresh), reader, left());
  if (whole) whole = put_info(*std::move(whole), left());
  if (!whole) {
    // What is half there is of no use; why it failed matters more than what becomes of it.
    (void)purge_chunks(nuid, kDefaultTimeout);
    return whole;
  }
  if (old && !old->deleted && !old->link) TRY(purge_chunks(old->nuid, left()));
  return whole;
}

Result<ObjectInfo> ObjectStore::put(std::string_view name, std::string_view bytes,
                                    Deadline deadline) const {
  ObjectMeta meta;
  meta.name = name;
  const ObjectReader reader = [&bytes](char* into, std::size_t size) -> Result<std::size_t> {
    const std::size_t taken = std::min(size, bytes.size());
    if (taken > 0) std::memcpy(into, bytes.data(), taken);
    bytes.remove_prefix(taken);
    return taken;
  };
  return put(meta, reader, std::move(deadline));
}

Result<ObjectInfo> ObjectStore::get(std::string_view name, const ObjectWriter& writer,
                                    Deadline deadline) const {
  const detail::Remaining left(deadline);
  ASSIGN_OR_RETURN(ObjectInfo info, this->info(name, left()));
  if (info.link) {
    if (info.link->name.empty()) return failure("it is a link to a bucket", ErrorCode::kInvalid);
    const ObjectLink link = *info.link;
    ASSIGN_OR_RETURN(const ObjectStore there, ObjectStores(state_->js).bucket(link.bucket, left()));
    ASSIGN_OR_RETURN(const ObjectInfo target, there.info(link.name, left()));
    if (target.link) return failure("a link to a link", ErrorCode::kInvalid);
    return there.get(link.name, writer, left());
  }
  crypto::Sha256 sum;
  std::uint64_t size = 0;
  Messages chunks;
  if (info.size > 0) {
    OrderedConsumerOptions options;
    options.filter_subjects = {state_->chunk_subject(info.nuid)};
    ASSIGN_OR_RETURN(chunks, state_->stream.ordered_consumer(std::move(options))
                                 .messages({.max_messages = kChunksUnderWay}, left()));
  }
  while (size < info.size) {
    ASSIGN_OR_RETURN(const Delivery chunk, chunks.next(left()));
    size += chunk.data().size();
    sum.add(chunk.data());
    TRY(writer(chunk.data()));
  }
  if (size != info.size || digest_text(sum) != info.digest)
    return failure("the object's bytes are not those of its digest", ErrorCode::kIo);
  return info;
}

Result<std::string> ObjectStore::get(std::string_view name, Deadline deadline) const {
  std::string bytes;
  TRY(get(
      name,
      [&bytes](std::string_view more) -> Result<void> {
        bytes.append(more);
        return {};
      },
      std::move(deadline)));
  return bytes;
}

}  // namespace midge
