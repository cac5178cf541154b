// A server and clients in one program: one comes in without a socket, one by the port.
#include <midge/client.h>
#include <midge/server.h>

#include <cstdio>
#include <string>

int main() {
  auto server = midge::Server::run({.host = "127.0.0.1", .port = -1}).value();
  auto inside = midge::Client::connect({.in_process = server.in_process()}).value();
  auto outside = midge::Client::connect(server.client_url()).value();
  auto sub = outside.subscribe("word").value();
  outside.flush().value();
  inside.publish("word", "passed on").value();
  std::puts(std::string(sub.next().value().data()).c_str());
  server.shut_down().value();
}
