// Follows the keys of a bucket. Prints: sky is grey, that was all, sky is blue
#include <midge/client.h>
#include <midge/key_value.h>

#include <cstdio>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  midge::KeyValueStore store{midge::JetStream(client)};
  auto bucket = store.create({.bucket = "weather"}).value();
  bucket.put("sky", "grey").value();

  auto watcher = bucket.watch({"sky"}).value();
  for (int told = 0; told < 3; ++told) {
    const auto entry = watcher.next().value();
    if (entry) {
      std::printf("%s is %s\n", entry->key.c_str(), entry->value.c_str());
    } else {
      std::puts("that was all");
      bucket.put("sky", "blue").value();
    }
  }
}
