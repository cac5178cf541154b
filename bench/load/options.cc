#include "options.h"

#include <cstdlib>

#include "fail.h"

namespace midge::load {

Options::Options(int argc, char** argv, int first) {
  for (int i = first; i < argc; ++i) {
    std::string name = argv[i];
    if (!name.starts_with("--")) fail("an option starts with --: " + name);
    name.erase(0, 2);
    if (const auto equals = name.find('='); equals != std::string::npos) {
      values_[name.substr(0, equals)] = name.substr(equals + 1);
    } else if (++i < argc) {
      values_[name] = argv[i];
    } else {
      fail("--" + name + " wants a value");
    }
  }
}

std::string Options::text(const std::string& name, const std::string& otherwise) {
  const auto found = values_.extract(name);
  return found.empty() ? otherwise : found.mapped();
}

double Options::real(const std::string& name, double otherwise) {
  const std::string value = text(name, "");
  if (value.empty()) return otherwise;
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (*end != '\0') fail("--" + name + " wants a number, not " + value);
  return number;
}

std::int64_t Options::number(const std::string& name, std::int64_t otherwise) {
  return static_cast<std::int64_t>(real(name, static_cast<double>(otherwise)));
}

void Options::finish() const {
  if (!values_.empty()) fail("unknown option --" + values_.begin()->first);
}

}  // namespace midge::load
