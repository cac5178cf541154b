// The API's verbs. Each is called on loop 0 with a call of its own to answer.
#pragma once

#include "jetstream/api/api_call.h"

namespace midge::jetstream {

class Api;
class JetStream;
struct StreamConfig;

// account_api.cc
void handle_account_info(Api& api, ApiCall call);
// What only a cluster does.
void handle_clustered(Api& api, ApiCall call);

// stream_api.cc
void handle_stream_create(Api& api, ApiCall call);
void handle_stream_update(Api& api, ApiCall call);
void handle_stream_names(Api& api, ApiCall call);
void handle_stream_list(Api& api, ApiCall call);
void handle_stream_info(Api& api, ApiCall call);
void handle_stream_delete(Api& api, ApiCall call);
void handle_stream_purge(Api& api, ApiCall call);

// What clients are shown of a stream beyond what is kept.
void add_version(StreamConfig& config, JetStream& jetstream);

// snapshot_api.cc
void handle_stream_snapshot(Api& api, ApiCall call);
void handle_stream_restore(Api& api, ApiCall call);

// message_api.cc
void handle_message_get(Api& api, ApiCall call);
void handle_message_delete(Api& api, ApiCall call);

// consumer_api.cc
void handle_consumer_create(Api& api, ApiCall call);
void handle_consumer_create_durable(Api& api, ApiCall call);
void handle_consumer_create_named(Api& api, ApiCall call);
void handle_consumer_names(Api& api, ApiCall call);
void handle_consumer_list(Api& api, ApiCall call);
void handle_consumer_info(Api& api, ApiCall call);
void handle_consumer_delete(Api& api, ApiCall call);
void handle_consumer_pause(Api& api, ApiCall call);
void handle_consumer_unpin(Api& api, ApiCall call);
void handle_consumer_reset(Api& api, ApiCall call);

}  // namespace midge::jetstream
