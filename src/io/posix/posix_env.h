// The real environment: epoll, sockets, files, threads of Linux.
#pragma once

#include <memory>
#include <string>

#include "io/driven_env.h"

namespace midge::io {

struct PosixOptions {
  std::string argv0 = "midge-server";
};

std::unique_ptr<Env> make_posix_env(PosixOptions options = {});
std::unique_ptr<DrivenEnv> make_driven_posix_env(PosixOptions options = {});

}  // namespace midge::io
