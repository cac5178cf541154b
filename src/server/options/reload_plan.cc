#include "server/options/reload_plan.h"

#include "codec/conf/duration.h"
#include "server/options/reload_jetstream.h"
#include "server/options/reload_security.h"
#include "server/options/table.h"

namespace midge::server {
namespace {

class Show {
 public:
  explicit Show(const Options& options) : options_(options) {}
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(bool Options::*field) const { return options_.*field ? "true" : "false"; }
  std::string operator()(std::string Options::*field) const { return options_.*field; }
  std::string operator()(Duration Options::*field) const {
    return conf::format_duration(options_.*field);
  }
  template <class Integer>
  std::string operator()(Integer Options::*field) const {
    return std::to_string(options_.*field);
  }

 private:
  const Options& options_;
};

std::string shown(const Row& row, const Options& options) {
  return row.show != nullptr ? row.show(options) : std::visit(Show(options), row.field);
}

std::string line_for(const Row& row, const std::string& value) {
  const std::string name(first_name(row.keys));
  if (name == "client_advertise") return "Reload: client_advertise = " + value;  // the peer's verb
  if (name == "server_tags") return "Reloaded: tags";
  if (name == "server_metadata") return "Reloaded: metadata";
  if (name == "no_fast_producer_stall")
    return std::string("Reloaded: fast producers will ") + (value == "true" ? "not " : "") +
           "be stalled";
  return "Reloaded: " + name + " = " + value;
}

}  // namespace

Result<ReloadPlan> plan_reload(const Options& now, const Options& next) {
  ReloadPlan plan;
  TRY(plan_jetstream(now, next, plan));
  for (const Row& row : option_table()) {
    const std::string before = shown(row, now);
    const std::string after = shown(row, next);
    if (before == after) continue;
    if (!row.reloadable)
      return failure("config reload not supported for " + std::string(row.go_name) +
                     ": old=" + before + ", new=" + after);
    plan.lines.push_back(line_for(row, after));
  }
  TRY(plan_security(now, next, plan));
  return plan;
}

}  // namespace midge::server
