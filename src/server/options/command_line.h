// The command line of midge-server: from arguments to what main has to do.
//
// Nothing here prints, exits, or asks the OS: files and the environment come in through
// conf::Sources, texts go out in the result. Thread: any; blocking (it reads files), so at start
// and at reload only. A reload is the same call with the same arguments again.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/conf/sources.h"
#include "server/options/options.h"

namespace midge::io {
class Disk;
class Process;
}  // namespace midge::io

namespace midge::server {

// `--signal reload=1234`: the rest is run_signal()'s work (signal_command.h).
struct SignalRequest {
  std::string command;  // as written; not checked yet
  std::string target;   // a pid, a path of a pid file, a pid with `*`, or empty: whoever runs
};

struct CommandLineResult {
  enum class Action {
    kRun,     // start a server with `options`
    kExit,    // print `out` and `err`, exit with `status`
    kSignal,  // send `signal`, then exit
  };
  Action action = Action::kExit;
  Options options;
  SignalRequest signal;
  int status = 0;
  std::string out;  // for stdout, newlines included
  std::string
      err;  // for stderr, newlines included; with kRun the warnings, to be printed as they are
  // With status 1: what is wrong, without prefix and last newlines, as a failed reload says it.
  std::string error;
  // With kRun: what is accepted but has no effect here. For the log, once it is there.
  std::vector<std::string> notes;
};

// `arguments` without the program's name.
[[nodiscard]] CommandLineResult parse_command_line(std::span<const std::string> arguments,
                                                   const conf::Sources& sources);

// Files and environment of the real world (or the simulated one). Both must outlive the result.
[[nodiscard]] conf::Sources sources_of(io::Disk& disk, io::Process& process);

}  // namespace midge::server
