#include "io/posix/posix_code_pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "io/posix/posix_disk.h"

namespace midge::io {
namespace {

// A debugger writes its breakpoints into the code: they would be lost.
bool is_traced() {
  const auto status = PosixDisk().read_file("/proc/self/status");
  return !status || status->find("TracerPid:\t0\n") == std::string::npos;
}

// Segments that are not writable are as they are in the file: no relocation is applied there, which
// is what position-independent code is for.
int drop(dl_phdr_info* object, std::size_t, void*) {
  if (std::string_view(object->dlpi_name).starts_with("linux-vdso")) return 0;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // A hint: where the system refuses (locked memory), the pages just stay.
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void drop_code_pages() {
  if (!is_traced()) ::dl_iterate_phdr(&drop, nullptr);
}

}  // namespace midge::io
