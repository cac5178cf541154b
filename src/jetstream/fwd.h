#pragma once

namespace midge::jetstream {

class Checkpointing;
class Consumer;
class JetStream;
class Shard;
class Stream;
struct Heritage;
struct ConsumerConfig;
struct StreamConfig;

}  // namespace midge::jetstream
