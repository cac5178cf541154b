// Copies this program into an object store and back, piece by piece. Prints: the same bytes
#include <midge/client.h>
#include <midge/object_store.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  midge::ObjectStores stores{midge::JetStream(client)};
  auto bucket = stores.create({.bucket = "programs"}).value();

  std::ifstream file(arguments[0], std::ios::binary);
  const auto read = [&file](char* into, std::size_t size) -> midge::Result<std::size_t> {
    file.read(into, static_cast<std::streamsize>(size));
    return static_cast<std::size_t>(file.gcount());
  };
  bucket.put({.name = "me"}, read).value();

  std::string copy;
  const auto write = [&copy](std::string_view bytes) -> midge::Result<void> {
    copy.append(bytes);
    return {};
  };
  bucket.get("me", write).value();
  file.clear();
  file.seekg(0);
  const std::string original(std::istreambuf_iterator<char>(file), {});
  std::puts(copy == original ? "the same bytes" : "other bytes");
}
