#include "fail.h"
#include "scenario.h"

namespace midge::load {

Target::Target(Options& options)
    : port(static_cast<std::uint16_t>(options.number("port", 4222))),
      pid(static_cast<pid_t>(options.number("pid", 0))),
      loops(static_cast<int>(options.number("loops", 1))),
      place(options.text("place", "spread")),
      logins{Login::parse(options.text("publisher", "")),
             Login::parse(options.text("subscriber", ""))} {
  const std::string kind = options.text("web-socket", "");
  if (!kind.empty() && kind != "plain" && kind != "compressed")
    fail("--web-socket is plain or compressed");
  for (Login* login : {&logins.publisher, &logins.subscriber}) {
    if (kind == "plain") login->web_socket = WebSocketKind::kPlain;
    if (kind == "compressed") login->web_socket = WebSocketKind::kCompressed;
  }
}

}  // namespace midge::load
