// The pages of the program's file that starting it has read.
#pragma once

namespace midge::io {

// Unmaps code and constants, of this program and its libraries. They belong to the page cache and
// are mapped again where they are used, so that what stays resident is what a running server
// needs, without what only its start did. Any thread; the others may go on meanwhile.
void drop_code_pages();

}  // namespace midge::io
