// What a scenario prints: one JSON object on one line, fields in the order they were added.
#pragma once

#include <cstdio>
#include <string>

namespace midge::load {

class Report {
 public:
  void add(const std::string& name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.10g", value);
    field(name, text);
  }
  void add(const std::string& name, const Report& nested) { field(name, "{" + nested.body_ + "}"); }
  void print() const { std::printf("{%s}\n", body_.c_str()); }

 private:
  void field(const std::string& name, const std::string& value) {
    if (!body_.empty()) body_ += ", ";
    body_ += "\"" + name + "\": " + value;
  }

  std::string body_;
};

}  // namespace midge::load
