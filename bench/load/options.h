// The command line after the subcommand: `--name value` or `--name=value`, each name asked for at
// most once by the scenario. `finish()` refuses what nobody asked for, so a misspelt option cannot
// silently measure something else.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace midge::load {

class Options {
 public:
  Options(int argc, char** argv, int first);

  std::string text(const std::string& name, const std::string& otherwise);
  std::int64_t number(const std::string& name, std::int64_t otherwise);
  double real(const std::string& name, double otherwise);
  void finish() const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace midge::load
