// Goal: what a client writes under the name of a header of the server's never reaches a service,
// however a reader of headers there takes lines and names. Method: a table. [ACCT-11]
#include "broker/account_request_info.h"

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

std::string with_header(const std::string& block, const std::string& body = "x") {
  const std::string payload = block + body;
  Message message;
  message.payload = payload;
  message.header_size = static_cast<std::uint32_t>(block.size());
  std::string into;
  const std::uint32_t size = set_header(message, "Info", "true", into);
  CHECK(into.substr(size) == body);
  return into.substr(0, size);
}

TEST_CASE("request info: the server's header is the only one of its name") {
  const std::string own = "Info: true\r\n\r\n";
  CHECK(with_header("") == "NATS/1.0\r\n" + own);
  CHECK(with_header("NATS/1.0\r\n\r\n") == "NATS/1.0\r\n" + own);
  CHECK(with_header("NATS/1.0\r\nA: b\r\nC:d\r\n\r\n") == "NATS/1.0\r\nA: b\r\nC:d\r\n" + own);
  for (const char* forged :
       {"Info: evil\r\n", "info: evil\r\n", "INFO:evil\r\n", "Info : evil\r\n", "Info\t: evil\r\n",
        "Info: evil\n", "Info: evil\r", "Info: evil\r\n folded\r\n\tand again\r\n",
        "Info: evil\r\nInfo: evil\r\n", "Info\r\n", "\r\nInfo: evil\r\n", "\n\nInfo: evil\n\n",
        "Info: evil\n\r\n"}) {
    CAPTURE(forged);
    const std::string text(forged);
    CHECK(with_header("NATS/1.0\r\nA: b\r\n" + text + "\r\n") == "NATS/1.0\r\nA: b\r\n" + own);
    CHECK(with_header("NATS/1.0\r\nA: b\n" + text + "\r\n") == "NATS/1.0\r\nA: b\r\n" + own);
    CHECK(with_header("NATS/1.0\r\n" + text + "A: b\r\n\r\n") == "NATS/1.0\r\nA: b\r\n" + own);
  }
  for (const char* other : {"X-Info: 1\r\n", "A: Info: evil\r\n", "Infos: 1\r\n", "Inf: o\r\n"})
    CHECK(with_header("NATS/1.0\r\n" + std::string(other) + "\r\n") ==
          "NATS/1.0\r\n" + std::string(other) + own);
}

}  // namespace
}  // namespace midge::broker
