#pragma once

namespace midge::jetstream {

class Consumer;
class JetStream;
class Shard;
class Stream;
struct ConsumerConfig;
struct StreamConfig;

}  // namespace midge::jetstream
