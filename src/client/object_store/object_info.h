// Objects as their bucket's stream has them: where their chunks and their descriptions are.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/jetstream/context.h"
#include "midge/object_store.h"

namespace midge::detail {

inline constexpr std::string_view kObjectStreamPrefix = "OBJ_";

struct ObjectBucketState {
  JetStream js;
  const std::shared_ptr<JetStreamContext> context;  // js's
  Stream stream;
  const std::string bucket;

  [[nodiscard]] std::string chunk_subject(std::string_view nuid) const;
  // `name`: "" = all descriptions.
  [[nodiscard]] std::string meta_subject(std::string_view name) const;
};

// The stream of a bucket. Errors: kInvalid.
Result<StreamConfig> stream_config_of(const ObjectStoreConfig& config);

std::string object_json(const ObjectInfo& info);
// `time`: of the message. Errors: it is no object's.
Result<ObjectInfo> read_object(std::string_view json, Time time);

// Base64 as ADR-20 has it: of URLs, and padded.
std::string object_base64(std::string_view bytes);

}  // namespace midge::detail
