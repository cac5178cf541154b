// The end of a run that cannot be trusted: any surprise on the wire ends the program, so that a
// figure is never printed from a run in which messages were lost or a connection closed.
#pragma once

#include <string>

namespace midge::load {

// Status 1.
[[noreturn]] void fail(const std::string& text);
// Appends the text of `errno`.
[[noreturn]] void fail_errno(const std::string& text);
// Status 3: the server does not keep up with a paced rate, which is a result of its own.
[[noreturn]] void fail_overloaded();

}  // namespace midge::load
