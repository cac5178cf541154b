// Uses a little of each of the client's headers. Takes a URL.
#include <midge/client.h>
#include <midge/key_value.h>
#include <midge/object_store.h>
#include <midge/service.h>
#include <midge/version.h>

#include <cstdio>
#include <string>

int main(int, char** arguments) {
  auto client = midge::Client::connect(arguments[1]).value();
  auto service = midge::Service::start(client, {.name = "guest", .version = "1.0.0"}).value();
  service
      .add_endpoint({.name = "guest"},
                    [](const midge::ServiceRequest& r) { r.respond(r.data()).value(); })
      .value();
  const midge::Message answer = client.request("guest", "request").value();

  midge::JetStream js(client);
  const auto name = "T" + client.new_inbox().substr(7);  // may run beside others
  auto bucket = midge::KeyValueStore(js).create({.bucket = name}).value();
  bucket.put("key", "value").value();
  auto objects = midge::ObjectStores(js).create({.bucket = name}).value();
  objects.put("object", "bytes").value();
  std::printf("%s %s %s\n", std::string(answer.data()).c_str(),
              bucket.get("key").value().value.c_str(), objects.get("object").value().c_str());

  try {
    midge::Client::connect("nats://").value();
  } catch (const midge::ResultError& error) {
    std::printf("caught %d\n", error.error().code() == midge::ErrorCode::kInvalid);
  }
  std::printf("version %s\n", std::string(midge::kVersion).c_str());
}
