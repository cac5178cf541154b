// Answers requests in a callback, and asks. Prints: 42, then: nobody there
#include <midge/client.h>

#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  using namespace std::chrono_literals;
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  auto server = client
                    .subscribe("answer.*",
                               [&client](const midge::Message& request) {
                                 client.respond(request, "42").value();
                               })
                    .value();
  std::puts(std::string(client.request("answer.all", "", 2s).value().data()).c_str());
  const auto nobody = client.request("elsewhere", "", 2s);
  if (nobody.error().code() == midge::ErrorCode::kNoResponders) std::puts("nobody there");
}
