// Comes in over TLS, with a credentials file. Takes: URL, CA file, credentials. Prints: let in
#include <midge/client.h>

#include <cstdio>

int main(int count, char** arguments) {
  if (count < 4) return std::puts("usage: login URL CA_FILE CREDENTIALS_FILE"), 2;
  midge::Options options;
  options.servers = {arguments[1]};
  options.tls = {.required = true, .ca_file = arguments[2]};
  options.login = {.credentials_file = arguments[3]};
  auto client = midge::Client::connect(std::move(options));
  if (!client) return std::printf("refused: %s\n", client.error().text().c_str()), 1;
  client->flush().value();
  std::puts("let in");
}
