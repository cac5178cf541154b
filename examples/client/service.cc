// A service with one endpoint, and somebody who asks it. Prints: 5
#include <midge/client.h>
#include <midge/service.h>

#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  auto service = midge::Service::start(client, {.name = "length", .version = "1.0.0"}).value();
  service
      .add_endpoint({.name = "length"},
                    [](const midge::ServiceRequest& request) {
                      (void)request.respond(std::to_string(request.data().size()));
                    })
      .value();
  std::puts(std::string(client.request("length", "midge").value().data()).c_str());
}
