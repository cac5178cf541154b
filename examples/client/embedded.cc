// A server inside this program, and a client that comes in without a socket. Prints: hello, inside
#include <midge/client.h>
#include <midge/server.h>

#include <cstdio>
#include <string>

int main() {
  auto server = midge::Server::run({.config_text = "max_payload: 64KB", .listen = false}).value();
  auto client = midge::Client::connect({.in_process = server.in_process()}).value();
  auto sub = client.subscribe("greet.*").value();
  client.publish("greet.us", "hello, inside").value();
  std::puts(std::string(sub.next().value().data()).c_str());
}
