#include "fail.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace midge::load {

void fail(const std::string& text) {
  std::fprintf(stderr, "midge-load: %s\n", text.c_str());
  std::exit(1);
}

void fail_errno(const std::string& text) { fail(text + ": " + std::strerror(errno)); }

void fail_overloaded() {
  std::fputs("midge-load: the server does not keep up with the rate\n", stderr);
  std::exit(3);
}

}  // namespace midge::load
