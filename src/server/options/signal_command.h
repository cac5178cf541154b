// `--signal <command>[=<pid>]`: finds the processes meant and signals them.
// Thread: the caller's; used instead of a server, in a process of its own.
#pragma once

#include <string>

#include "base/result.h"
#include "io/disk.h"
#include "io/process.h"
#include "server/options/command_line.h"

namespace midge::server {

// The error's text is what goes to stderr after `nats-server: `. `names`: of executables to look
// for when no pid is given.
[[nodiscard]] Result<void> run_signal(const SignalRequest& request, io::Disk& disk,
                                      io::Process& process);

}  // namespace midge::server
