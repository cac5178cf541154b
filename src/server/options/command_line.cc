#include "server/options/command_line.h"

#include <limits>
#include <optional>
#include <utility>

#include "codec/conf/canonical.h"
#include "codec/conf/parser.h"
#include "crypto/sha256.h"
#include "io/disk.h"
#include "io/process.h"
#include "server/options/check_logins.h"
#include "server/options/explain_auth.h"
#include "server/options/file_options.h"
#include "server/options/findings.h"
#include "server/options/flags.h"
#include "server/options/security_flags.h"
#include "server/options/table.h"
#include "server/options/usage.h"

namespace midge::server {
namespace {

// What scripts look for in front of an error, whatever the executable is called.
constexpr std::string_view kErrorPrefix = "nats-server: ";

CommandLineResult exit_with_output(std::string out) {
  CommandLineResult result;
  result.out = std::move(out);
  return result;
}

CommandLineResult exit_with_error(std::string_view text) {
  CommandLineResult result;
  result.status = 1;
  result.error = text.substr(0, text.find_last_not_of('\n') + 1);
  result.err = std::string(kErrorPrefix) + std::string(text) + "\n";
  return result;
}

std::string lines_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

class FlagWriter {
 public:
  FlagWriter(const FlagValue& flag, Options& options) : flag_(flag), options_(options) {}
  void operator()(std::monostate) const {}
  void operator()(bool Options::*field) const { options_.*field = flag_.boolean; }
  void operator()(std::string Options::*field) const { options_.*field = flag_.text; }
  void operator()(Duration Options::*) const {}  // no flag is a duration
  void operator()(unsigned Options::*) const {}
  template <class Integer>
  void operator()(Integer Options::*field) const {
    const bool fits = flag_.integer <= std::numeric_limits<Integer>::max() &&
                      flag_.integer >= std::numeric_limits<Integer>::min();
    options_.*field =
        fits ? static_cast<Integer>(flag_.integer) : std::numeric_limits<Integer>::max();
  }

 private:
  const FlagValue& flag_;
  Options& options_;
};

// Flags win over the file. Switches that stand for several options come with them.
void apply_flags(const ParsedFlags& flags, Options& options) {
  for (const FlagValue& flag : flags.values) std::visit(FlagWriter(flag, options), flag.row->field);
  const bool is_verbose = flags.is_on("VV") || flags.is_on("DVV");
  if (flags.is_on("DV") || flags.is_on("DVV")) options.debug = true;
  if (flags.is_on("DV") || is_verbose) options.trace = true;
  if (is_verbose) options.trace_verbose = true;
}

// What other options or their absence imply.
void complete(Options& options) {
  const Options defaults;
  if (options.host.empty()) options.host = defaults.host;
  if (options.port == 0) options.port = defaults.port;
  if (options.trace_verbose || options.trace_headers) options.trace = true;
  // With TLS, logging in takes no less than the handshake. Zero is as good as nothing.
  if (!options.auth.timeout_is_set || options.auth.timeout.ns == 0)
    options.auth.timeout = options.tls ? options.tls->timeout + seconds(1) : defaults.auth.timeout;
}

bool asks_for_something(const FlagValue& flag) {
  return flag.boolean || !flag.text.empty() || flag.integer != 0;
}

// The error for a flag of a part that does not exist yet, or nothing.
std::string unsupported_flag(const ParsedFlags& flags) {
  for (const FlagValue& flag : flags.values) {
    if (flag.row->support != Support::kUnsupported) continue;
    if (asks_for_something(flag)) return "flag -" + flag.name + " is not supported yet";
  }
  return "";
}

Result<void> read_config(const std::string& path, const conf::Sources& sources, Options& options,
                         Findings& findings) {
  const conf::Parsed parsed = conf::parse_file(path, sources);
  if (!parsed.errors.empty()) {
    std::string text;
    for (const std::string& error : parsed.errors) text += (text.empty() ? "" : "\n") + error;
    return failure(std::move(text), ErrorCode::kInvalid);
  }
  options.config_file = path;
  options.config_digest =
      "sha256:" + crypto::sha256_hex(conf::canonical_json(parsed.document.root));
  apply_file(parsed.document, sources, options, findings);
  return {};
}

CommandLineResult check_config(const Options& options, const Findings& findings) {
  if (findings.has(Finding::Kind::kWarning))
    return exit_with_error(lines_of(findings.errors_and_warnings()));
  CommandLineResult result;
  result.err = kErrorPrefix;
  result.err +=
      "configuration file " + options.config_file + " is valid (" + options.config_digest + ")\n";
  for (const std::string& note : findings.notes()) result.err += note + "\n";
  return result;
}

CommandLineResult run(const ParsedFlags& flags, const conf::Sources& sources) {
  CommandLineResult result;
  const FlagValue* config = flags.find("config");
  const bool has_config = config != nullptr && !config->text.empty();
  if (flags.is_on("t") && !has_config)
    return exit_with_error("must specify [-c, --config] option to check configuration file syntax");

  Findings findings;
  if (has_config) {
    if (Result<void> read = read_config(config->text, sources, result.options, findings); !read)
      return exit_with_error(read.error().text());
    if (findings.has(Finding::Kind::kError))
      return exit_with_error(lines_of(findings.errors_and_warnings()));
    if (flags.is_on("t")) return check_config(result.options, findings);
  }
  if (std::string error = unsupported_flag(flags); !error.empty()) return exit_with_error(error);
  apply_flags(flags, result.options);
  apply_login_flags(flags, result.options);
  if (Result<void> applied = apply_tls_flags(flags, sources, result.options); !applied)
    return exit_with_error(applied.error().text());
  complete(result.options);
  if (Result<void> checked = check(result.options); !checked)
    return exit_with_error(checked.error().text());

  result.action = CommandLineResult::Action::kRun;
  result.err = lines_of(findings.errors_and_warnings());
  result.notes = findings.notes();
  for (std::string& warning : login_warnings(result.options))
    result.notes.push_back(std::move(warning));
  for (const FlagValue& flag : flags.values)
    if (flag.row->support == Support::kNoEffect && asks_for_something(flag))
      result.notes.push_back("flag -" + flag.name + " has no effect here");
  return result;
}

CommandLineResult signal(const std::string& text) {
  CommandLineResult result;
  result.action = CommandLineResult::Action::kSignal;
  const std::size_t equals = text.find('=');
  result.signal.command = text.substr(0, equals);
  if (equals != std::string::npos) result.signal.target = text.substr(equals + 1);
  return result;
}

}  // namespace

CommandLineResult parse_command_line(std::span<const std::string> given,
                                     const conf::Sources& sources) {
  std::vector<std::string> arguments(given.begin(), given.end());
  const std::optional<ExplainRequest> question = take_explain_request(arguments);
  const Result<ParsedFlags> flags = parse_flags(arguments);
  if (!flags) {
    CommandLineResult result = exit_with_output(usage_text());
    result.error = flags.error().text();
    result.err = result.error + "\n";
    result.status = 1;
    return result;
  }
  if (flags->is_on("version")) return exit_with_output(version_text());
  if (flags->is_on("help")) return exit_with_output(usage_text());
  if (flags->is_on("help_tls")) return exit_with_output(tls_help_text());
  if (flags->is_on("help_options")) return exit_with_output(reference_text());
  if (!flags->arguments.empty()) {
    const std::string& word = flags->arguments.front();
    if (lower_case(word) == "version") return exit_with_output(version_text());
    if (lower_case(word) == "help") return exit_with_output(usage_text());
    return exit_with_error("unrecognized command: \"" + word + "\"");
  }
  if (const FlagValue* request = flags->find("signal"); request && !request->text.empty())
    return signal(request->text);
  if (!question && flags->find("explain-auth") != nullptr)
    return exit_with_error("flag needs two arguments: -explain-auth");
  CommandLineResult result = run(*flags, sources);
  if (!question || result.action != CommandLineResult::Action::kRun) return result;
  Result<std::string> answer = explain_auth(result.options, *question);
  return answer ? exit_with_output(std::move(*answer)) : exit_with_error(answer.error().text());
}

conf::Sources sources_of(io::Disk& disk, io::Process& process) {
  return {
      .read_file = [&disk](const std::string& path) { return disk.read_file(path); },
      .environment = [&process](const std::string& name) { return process.environment(name); },
  };
}

}  // namespace midge::server
