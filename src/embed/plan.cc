#include "embed/plan.h"

#include <utility>

#include "server/options/command_line.h"

namespace midge::embed {
namespace {

// What a configuration is called that is no file.
constexpr const char* kTextName = "config_text";

// Flags of the same name come again: the last one counts.
std::vector<std::string> arguments_of(const ServerOptions& asked) {
  std::vector<std::string> arguments = asked.flags;
  const auto add = [&arguments](const char* flag, const std::string& value) {
    if (!value.empty()) arguments.insert(arguments.end(), {flag, value});
  };
  add("--config", asked.config_text.empty() ? asked.config_file : kTextName);
  add("--name", asked.name);
  add("--addr", asked.host);
  add("--port", asked.port == 0 ? "" : std::to_string(asked.port));
  add("--store_dir", asked.store_dir);
  if (asked.jetstream) arguments.emplace_back("--jetstream");
  return arguments;
}

// Two readings of one file (`include`, certificates) are the real ones.
conf::Sources sources_with(const std::string& text, io::Env& env) {
  conf::Sources sources = server::sources_of(env.disk(), env.process());
  if (text.empty()) return sources;
  sources.read_file =
      [text, read = std::move(sources.read_file)](const std::string& path) -> Result<std::string> {
    if (path == kTextName) return text;
    return read(path);
  };
  return sources;
}

}  // namespace

Result<Plan> read_plan(const ServerOptions& asked, io::Env& env) {
  if (!asked.config_file.empty() && !asked.config_text.empty())
    return failure("config_file and config_text: one of them", ErrorCode::kInvalid);
  using Read = server::CommandLineResult;
  Read read = server::parse_command_line(arguments_of(asked), sources_with(asked.config_text, env));
  if (read.action != Read::Action::kRun) {
    if (read.error.empty()) read.error = "flags: these start no server";
    return failure(std::move(read.error), ErrorCode::kInvalid);
  }
  read.options.listens = asked.listen;
  if (!read.err.empty()) read.notes.insert(read.notes.begin(), std::move(read.err));
  return Plan{std::move(read.options), std::move(read.notes)};
}

}  // namespace midge::embed
