// A program with a NATS server inside, and a connection to it that never touches a socket.
#include <cstdio>

#include "server/server.h"

int main() {
  auto server = midge::server::Server::run({.port = -1});
  if (!server) return std::fprintf(stderr, "%s\n", server.error().text().c_str()), 1;

  auto pipe = (*server)->connect_in_process();
  pipe->write("CONNECT {\"verbose\":false}\r\nSUB greet 1\r\nPUB greet 5\r\nhello\r\nPING\r\n");
  std::string text;
  char buffer[1024];
  while (text.find("PONG\r\n") == std::string::npos) text.append(buffer, pipe->read(buffer));
  const bool delivered = text.find("MSG greet 1 5\r\nhello\r\n") != std::string::npos;
  std::puts(delivered ? "delivered" : "lost");
  return delivered ? 0 : 1;
}
