// Any bytes as a configuration file: parsing ends soon, in bounded memory, and its result can be
// shown. The text can include itself and refers to variables that exist.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "codec/conf/canonical.h"
#include "codec/conf/duration.h"
#include "codec/conf/parser.h"

namespace {

using midge::conf::Parsed;
using midge::conf::Sources;

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  int reads = 0;  // few, so that a run stays short
  const Sources sources{
      .read_file = [&](const std::string& path) -> midge::Result<std::string> {
        if (path == "self.conf" && ++reads < 20) return text;
        return midge::failure("open " + path + ": no such file or directory");
      },
      .environment = [&text](const std::string& name) -> std::optional<std::string> {
        if (name == "SELF") return text;
        if (name == "LIST") return "[1, 2 ]";
        return std::nullopt;
      },
  };
  const Parsed parsed = midge::conf::parse_text("fuzz.conf", text, sources);
  check(parsed.errors.size() <= midge::conf::kErrorsMax);
  for (const std::string& error : parsed.errors) check(!error.empty());
  if (parsed.errors.empty()) {
    // What was read is JSON now: one object on one line.
    const std::string json = midge::conf::canonical_json(parsed.document.root);
    check(json.starts_with('{') && json.ends_with("}\n"));
  }
  if (const auto duration = midge::conf::parse_duration(text)) {
    const std::string shown = midge::conf::format_duration(*duration);
    const auto again = midge::conf::parse_duration(shown);
    check(again.has_value() && *again == *duration);
  }
  return 0;
}
