// Buckets of objects of any size (ADR-20), each a stream of its own.
//
//   midge::ObjectStores stores(js);
//   auto bucket = stores.create({.bucket = "photos"}).value();
//   bucket.put("cat.jpg", bytes).value();
//   std::string again = bucket.get("cat.jpg").value();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "midge/jetstream.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
struct ObjectBucketState;
}

// What a bucket is to be.
struct ObjectStoreConfig {
  std::string bucket, description;
  std::chrono::nanoseconds ttl{};      // of objects; 0 = for ever
  std::int64_t max_bytes = 0;          // of the bucket; 0 = no limit
  Storage storage = Storage::kFile;    // where objects lie
  std::int64_t replicas = 0;           // 0 = 1
  std::optional<Placement> placement;  // none = anywhere
  bool compression = false;            // of what lies on disk
  Metadata metadata;
};

// To another object, or to a whole bucket.
struct ObjectLink {
  std::string bucket;
  std::string name;  // "" = the bucket
};

// What the user says of an object.
struct ObjectMeta {
  std::string name, description;
  std::vector<std::pair<std::string, std::string>> headers;
  Metadata metadata;
  std::size_t chunk_size = 0;  // bytes of each message; 0 = 128 KiB
};

// An object as it lies in its bucket. Sizes are bytes.
struct ObjectInfo {
  std::string name, description;
  std::vector<std::pair<std::string, std::string>> headers;
  Metadata metadata;
  std::size_t chunk_size = 0;      // bytes
  std::optional<ObjectLink> link;  // none = it has bytes of its own
  std::string bucket;
  std::string nuid;                    // of its chunks
  std::uint64_t size = 0, chunks = 0;  // bytes; messages they came in
  Time modified{};                     // by the server's clock
  std::string digest;                  // `SHA-256=` and base64
  bool deleted = false;
};

// The next bytes, as many as there are and fit; 0 = the end.
using ObjectReader = std::function<Result<std::size_t>(char* into, std::size_t size)>;
using ObjectWriter = std::function<Result<void>(std::string_view bytes)>;

// What a watch of a bucket tells.
struct ObjectWatchOptions {
  bool updates_only = false;  // nothing that is there already
  bool ignore_deletes = false;
};

// A bucket that is there. Thread: any. Errors of all calls: as Consumer's; kNotFound (the object).
// `deadline` is for the whole object.
class ObjectStore {
 public:
  [[nodiscard]] const std::string& bucket() const;

  // The object of that name is replaced once the new one is whole. Errors: also the reader's.
  Result<ObjectInfo> put(const ObjectMeta& meta, const ObjectReader& reader,
                         Deadline deadline = std::chrono::minutes(1)) const;
  Result<ObjectInfo> put(std::string_view name, std::string_view bytes,
                         Deadline deadline = std::chrono::minutes(1)) const;
  // Links are followed once. Errors: also kIo: the bytes are not those of the digest, which is
  // known at their end; the writer's.
  Result<ObjectInfo> get(std::string_view name, const ObjectWriter& writer,
                         Deadline deadline = std::chrono::minutes(1)) const;
  Result<std::string> get(std::string_view name, Deadline deadline = std::chrono::minutes(1)) const;

  // Of a link: its own.
  Result<ObjectInfo> info(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  // Its name, description, headers and metadata. Errors: kExists (the new name).
  Result<ObjectInfo> update(std::string_view name, const ObjectMeta& meta,
                            Deadline deadline = kDefaultTimeout) const;
  Result<void> remove(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  // Errors: kExists (an object that is no link), kInvalid (to a link).
  Result<ObjectInfo> add_link(std::string_view name, const ObjectInfo& to,
                              Deadline deadline = kDefaultTimeout) const;
  Result<ObjectInfo> add_bucket_link(std::string_view name, const ObjectStore& to,
                                     Deadline deadline = kDefaultTimeout) const;
  // Nothing changes any more.
  Result<void> seal(Deadline deadline = kDefaultTimeout) const;
  // Those that are not deleted.
  Result<std::vector<ObjectInfo>> list(Deadline deadline = kDefaultTimeout) const;
  // What is there and what comes, on the background thread; nullopt, once: all that was there has
  // been told.
  using OnInfo = std::function<void(const std::optional<ObjectInfo>&)>;
  Result<Consumption> watch(OnInfo callback, ObjectWatchOptions options = {},
                            Deadline deadline = kDefaultTimeout) const;
  Result<StreamInfo> status(Deadline deadline = kDefaultTimeout) const;

 private:
  friend class ObjectStores;
  explicit ObjectStore(std::shared_ptr<detail::ObjectBucketState> state)
      : state_(std::move(state)) {}
  Result<ObjectInfo> info_or_deleted(std::string_view name, const Deadline& deadline) const;
  Result<ObjectInfo> put_info(ObjectInfo info, const Deadline& deadline) const;
  Result<ObjectInfo> put_link(std::string_view name, ObjectLink link,
                              const Deadline& deadline) const;
  Result<ObjectInfo> put_chunks(ObjectInfo info, const ObjectReader& reader,
                                const Deadline& deadline) const;
  Result<void> purge_chunks(const std::string& nuid, const Deadline& deadline) const;
  std::shared_ptr<detail::ObjectBucketState> state_;
};

// The buckets of a JetStream. Errors: as JetStream's, and kInvalid for names that are none.
class ObjectStores {
 public:
  // Asks nothing of the server yet.
  explicit ObjectStores(JetStream js) : js_(std::move(js)) {}

  // Errors: one of that name is there with another configuration; there is none.
  Result<ObjectStore> create(const ObjectStoreConfig& config,
                             Deadline deadline = kDefaultTimeout) const;
  Result<ObjectStore> update(const ObjectStoreConfig& config,
                             Deadline deadline = kDefaultTimeout) const;
  Result<ObjectStore> create_or_update(const ObjectStoreConfig& config,
                                       Deadline deadline = kDefaultTimeout) const;
  // Errors: kNotFound.
  Result<ObjectStore> bucket(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  Result<void> remove(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<std::string>> names(Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<StreamInfo>> statuses(Deadline deadline = kDefaultTimeout) const;

 private:
  Result<ObjectStore> store_of(Result<Stream> stream) const;
  JetStream js_;
};

}  // namespace midge

#pragma GCC visibility pop
