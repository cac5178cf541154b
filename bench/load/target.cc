#include "scenario.h"

namespace midge::load {

Target::Target(Options& options)
    : port(static_cast<std::uint16_t>(options.number("port", 4222))),
      pid(static_cast<pid_t>(options.number("pid", 0))),
      loops(static_cast<int>(options.number("loops", 1))),
      place(options.text("place", "spread")),
      logins{Login::parse(options.text("publisher", "")),
             Login::parse(options.text("subscriber", ""))} {}

}  // namespace midge::load
