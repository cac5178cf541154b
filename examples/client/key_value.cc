// Keeps values by key, and changes one only if nobody else did. Prints: blue, then: too late
#include <midge/client.h>
#include <midge/key_value.h>

#include <cstdio>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  midge::JetStream js(client);
  midge::KeyValueStore store(js);
  auto bucket = store.create({.bucket = "colours"}).value();
  const std::uint64_t first = bucket.put("sky", "grey").value();
  bucket.update("sky", "blue", first).value();
  std::puts(bucket.get("sky").value().value.c_str());
  if (!bucket.update("sky", "red", first)) std::puts("too late");
}
