// What a bucket's handles share, and how its keys are subjects and its messages entries.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "midge/key_value.h"

namespace midge::detail {

struct BucketState {
  JetStream js;
  const std::shared_ptr<JetStreamContext> context;  // js's
  Stream stream;
  const std::string bucket;
  const std::string prefix;      // of subjects in the stream: `$KV.<bucket>.`
  const std::string put_prefix;  // of subjects that are published to: the origin's of a mirror

  static std::shared_ptr<BucketState> of(const JetStream& js,
                                         std::shared_ptr<JetStreamContext> context, Stream stream);
};

inline constexpr std::string_view kStreamPrefix = "KV_";

// `[-/_=.a-zA-Z0-9]`, no dot at the ends or twice. Errors: kInvalid.
Result<void> check_key(std::string_view key);
// The same, and tokens may be wildcards.
Result<void> check_key_filter(std::string_view filter);
// `[-_a-zA-Z0-9]`. Errors: kInvalid.
Result<void> check_bucket_name(std::string_view name);

// The stream of a bucket. Errors: kInvalid.
Result<StreamConfig> stream_config_of(const KeyValueConfig& config);
KeyValueStatus status_of(StreamInfo info);

// What a message's headers say was done.
KeyOperation operation_of(const Message& message);
KeyValueEntry entry_of(const BucketState& bucket, const StoredMessage& stored);
// Errors: the delivery is of no consumer.
Result<KeyValueEntry> entry_of(const BucketState& bucket, const Delivery& delivery);

}  // namespace midge::detail
