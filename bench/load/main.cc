// midge-load: a load generator for NATS servers. `midge-load <scenario> --port P --pid PID …`
#include <array>
#include <cstdio>
#include <string_view>

#include "scenario.h"

namespace {

struct Subcommand {
  std::string_view name;
  void (*run)(midge::load::Options&);
};

constexpr std::array kSubcommands{
    Subcommand{"flow", midge::load::run_flow},
    Subcommand{"subjects", midge::load::run_subjects},
    Subcommand{"requests", midge::load::run_requests},
    Subcommand{"churn", midge::load::run_churn},
    Subcommand{"stalled", midge::load::run_stalled},
    Subcommand{"slow-readers", midge::load::run_slow_readers},
    Subcommand{"idle", midge::load::run_idle},
    Subcommand{"handshakes", midge::load::run_handshakes},
    Subcommand{"compare", midge::load::run_compare},
    Subcommand{"storm", midge::load::run_storm},
    Subcommand{"monitoring", midge::load::run_monitoring},
    Subcommand{"js-publish", midge::load::run_js_publish},
    Subcommand{"js-get", midge::load::run_js_get},
    Subcommand{"js-consume", midge::load::run_js_consume},
    Subcommand{"js-subjects", midge::load::run_js_subjects},
    Subcommand{"js-filter", midge::load::run_js_filter},
    Subcommand{"js-consumers", midge::load::run_js_consumers},
    Subcommand{"js-volume", midge::load::run_js_volume},
    Subcommand{"js-fill", midge::load::run_js_fill},
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  for (const auto& [name, run] : kSubcommands) {
    if (name != wanted) continue;
    midge::load::Options options(argc, argv, 2);
    run(options);
    return 0;
  }
  std::fputs(
      "usage: midge-load flow|subjects|requests|churn|stalled|slow-readers|idle|handshakes|compare|"
      "storm|monitoring|js-publish|js-get|js-consume|js-subjects|js-filter|js-consumers|js-volume|"
      "js-fill "
      "--port P --pid PID\n",
      stderr);
  return 2;
}
