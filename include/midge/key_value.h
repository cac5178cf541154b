// Buckets of keys and values (ADR-8), each a stream of its own.
//
//   midge::KeyValueStore store(js);
//   auto bucket = store.create({.bucket = "config"}).value();
//   bucket.put("color", "red").value();
//   midge::KeyValueEntry entry = bucket.get("color").value();
#pragma once

#include <chrono>
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
struct BucketState;
}

// What a bucket is to be.
struct KeyValueConfig {
  std::string bucket, description;
  std::int64_t max_value_size = 0;     // bytes; 0 = no limit
  int history = 1;                     // revisions kept of each key, 1..64
  std::chrono::nanoseconds ttl{};      // of all revisions; 0 = for ever
  std::int64_t max_bytes = 0;          // of the bucket; 0 = no limit
  Storage storage = Storage::kFile;    // where revisions lie
  std::int64_t replicas = 0;           // 0 = 1
  std::optional<Placement> placement;  // none = anywhere
  std::optional<Republish> republish;  // of changes, under another subject
  std::optional<StreamSource> mirror;  // the bucket's name; `KV_` may be left out
  std::vector<StreamSource> sources;   // so here; keys stay the same
  bool compression = false;            // of what lies on disk
  // What goes by its age leaves a marker for so long; keys may have a TTL of their own. 0 =
  // neither.
  std::chrono::nanoseconds limit_marker_ttl{};
  Metadata metadata;  // of the bucket's stream
};

// A bucket as it is.
struct KeyValueStatus {
  std::string bucket;
  std::uint64_t values = 0, bytes = 0;  // all revisions
  int history = 1;
  std::chrono::nanoseconds ttl{}, limit_marker_ttl{};
  bool compression = false;
  StreamInfo stream;  // the bucket's
};

// What made a revision: a value, or a marker that there is none.
enum class KeyOperation : std::uint8_t { kPut, kDelete, kPurge };

// A revision of a key.
struct KeyValueEntry {
  std::string bucket, key, value;               // the value of a marker is ""
  std::uint64_t revision = 0;                   // a sequence of the bucket's stream
  Time created{};                               // by the server's clock
  std::uint64_t delta = 0;                      // in watches: how many are still to come
  KeyOperation operation = KeyOperation::kPut;  // what made it
};

// What a watch tells of.
struct WatchOptions {
  bool include_history = false;     // all revisions, not the last of each key
  bool updates_only = false;        // nothing that is there already
  bool ignore_deletes = false;      // no markers
  bool metadata_only = false;       // without values
  std::uint64_t from_revision = 0;  // goes on there; 0 = no
};

// What happens to keys, one after the other. Goes on through reconnects; stops with the last copy.
class KeyWatcher {
 public:
  KeyWatcher() = default;
  // nullopt, once: all that was there when it began has been told. Errors: kTimeout, kCancelled;
  // kClosed: it was stopped; else why it has ended.
  Result<std::optional<KeyValueEntry>> next(Deadline deadline = kDefaultTimeout);
  void stop();

 private:
  friend class KeyValue;
  struct State;
  explicit KeyWatcher(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// A bucket that is there. Thread: any. Errors of all calls: as Consumer's, and kInvalid for keys
// that are none: letters, digits and `-/_=.`, with no dot at the ends.
class KeyValue {
 public:
  [[nodiscard]] const std::string& bucket() const;

  // Errors: kNotFound, also for a key that was deleted.
  Result<KeyValueEntry> get(std::string_view key, Deadline deadline = kDefaultTimeout) const;
  Result<KeyValueEntry> get_revision(std::string_view key, std::uint64_t revision,
                                     Deadline deadline = kDefaultTimeout) const;

  // These return the new revision.
  Result<std::uint64_t> put(std::string_view key, std::string_view value,
                            Deadline deadline = kDefaultTimeout) const;
  // Only where there is none, or it was deleted. `ttl`: whole seconds, of buckets with limit
  // markers, which the server makes last as long as those at least. Errors: kExists.
  Result<std::uint64_t> create(std::string_view key, std::string_view value,
                               std::chrono::nanoseconds ttl = {},
                               Deadline deadline = kDefaultTimeout) const;
  // Only where the last revision is that. Errors: kServer (10071): it is not.
  Result<std::uint64_t> update(std::string_view key, std::string_view value, std::uint64_t revision,
                               Deadline deadline = kDefaultTimeout) const;

  // `revision`: only where the last is that; 0 = no matter. The key's history stays.
  Result<void> remove(std::string_view key, std::uint64_t revision = 0,
                      Deadline deadline = kDefaultTimeout) const;
  struct PurgeTerms {
    std::uint64_t revision = 0;
    std::chrono::nanoseconds ttl{};  // of the marker that is left
  };
  // The key's history goes as well.
  Result<void> purge(std::string_view key, PurgeTerms terms,
                     Deadline deadline = kDefaultTimeout) const;
  Result<void> purge(std::string_view key, Deadline deadline = kDefaultTimeout) const;
  // Markers of deleted keys that are older than that go, with the keys' history; of younger ones
  // the marker stays.
  Result<void> purge_deletes(std::chrono::nanoseconds older_than = std::chrono::minutes(30),
                             Deadline deadline = kDefaultTimeout) const;

  // Oldest first, with deletes. Errors: kNotFound.
  Result<std::vector<KeyValueEntry>> history(std::string_view key,
                                             Deadline deadline = kDefaultTimeout) const;
  // That match one of these, which may have wildcards; none = all.
  Result<std::vector<std::string>> keys(std::vector<std::string> filters = {},
                                        Deadline deadline = kDefaultTimeout) const;

  // Keys may have wildcards; none = all.
  Result<KeyWatcher> watch(std::vector<std::string> keys, WatchOptions options = {},
                           Deadline deadline = kDefaultTimeout) const;
  // By callback, on the background thread; nullopt as in KeyWatcher::next().
  using OnEntry = std::function<void(const std::optional<KeyValueEntry>&)>;
  Result<Consumption> watch(std::vector<std::string> keys, OnEntry callback,
                            WatchOptions options = {}, Deadline deadline = kDefaultTimeout) const;

  // How it is at the moment.
  Result<KeyValueStatus> status(Deadline deadline = kDefaultTimeout) const;

 private:
  friend class KeyValueStore;
  explicit KeyValue(std::shared_ptr<detail::BucketState> state) : state_(std::move(state)) {}
  Result<std::uint64_t> publish(std::string_view key, std::string_view value,
                                PublishOptions options, const Deadline& deadline) const;
  Result<KeyValueEntry> read(std::string_view key, std::uint64_t revision,
                             const Deadline& deadline) const;
  Result<std::vector<KeyValueEntry>> current(std::vector<std::string> keys, WatchOptions options,
                                             const Deadline& deadline) const;
  std::shared_ptr<detail::BucketState> state_;
};

// The buckets of a JetStream. Errors: as JetStream's, and kInvalid for names that are none.
class KeyValueStore {
 public:
  // Asks nothing of the server yet.
  explicit KeyValueStore(JetStream js) : js_(std::move(js)) {}

  // Errors: one of that name is there with another configuration.
  Result<KeyValue> create(const KeyValueConfig& config, Deadline deadline = kDefaultTimeout) const;
  Result<KeyValue> update(const KeyValueConfig& config, Deadline deadline = kDefaultTimeout) const;
  Result<KeyValue> create_or_update(const KeyValueConfig& config,
                                    Deadline deadline = kDefaultTimeout) const;
  // Errors: kNotFound.
  Result<KeyValue> bucket(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  Result<void> remove(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<std::string>> names(Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<KeyValueStatus>> statuses(Deadline deadline = kDefaultTimeout) const;

 private:
  Result<KeyValue> bucket_of(Result<Stream> stream) const;
  JetStream js_;
};

}  // namespace midge

#pragma GCC visibility pop
