#include "io/posix/posix_symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "io/posix/posix_fd.h"

namespace midge::io {
namespace {

constexpr const char* kExecutable = "/proc/self/exe";

std::string executable_path() {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink(kExecutable, path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path;
}

int add_object(dl_phdr_info* object, std::size_t, void* data) {
  auto& ranges = *static_cast<std::vector<CodeRange>*>(data);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    const std::uint64_t start = object->dlpi_addr + part.p_vaddr;
    ranges.push_back({start, start + part.p_memsz, part.p_offset, object->dlpi_name});
  }
  return 0;
}

// How far the executable lies from where it was linked to.
int take_bias(dl_phdr_info* object, std::size_t, void* data) {
  *static_cast<std::uint64_t*>(data) = object->dlpi_addr;
  return 1;  // the executable is the first
}

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

// A file in memory, or nothing.
class MappedFile {
 public:
  explicit MappedFile(const char* path) {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    struct stat facts {};
    if (::fstat(file, &facts) == 0 && facts.st_size > 0) {
      size_ = static_cast<std::size_t>(facts.st_size);
      void* at = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (at == MAP_FAILED) size_ = 0;
      if (size_ > 0) bytes_ = static_cast<const char*>(at);
    }
    ::close(file);
  }
  ~MappedFile() {
    if (size_ > 0) ::munmap(const_cast<char*>(bytes_), size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // `count` things from `offset` on; null if the file has not so much.
  template <class T>
  [[nodiscard]] const T* at(std::uint64_t offset, std::uint64_t count = 1) const {
    if (offset > size_ || count > (size_ - offset) / sizeof(T)) return nullptr;
    return reinterpret_cast<const T*>(bytes_ + offset);
  }

 private:
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

// The executable's functions by address.
class SymbolTable {
 public:
  SymbolTable() : file_(kExecutable) {
    ::dl_iterate_phdr(&take_bias, &bias_);
    const auto* head = file_.at<ElfW(Ehdr)>(0);
    if (head == nullptr || std::string_view(reinterpret_cast<const char*>(head->e_ident), 4) !=
                               std::string_view(ELFMAG, 4))
      return;
    sections_ = file_.at<ElfW(Shdr)>(head->e_shoff, head->e_shnum);
    if (sections_ == nullptr) return;
    for (unsigned i = 0; i < head->e_shnum; ++i)
      if (sections_[i].sh_type == SHT_SYMTAB && sections_[i].sh_link < head->e_shnum)
        add(sections_[i], sections_[sections_[i].sh_link]);
    std::ranges::sort(functions_, {}, [](const ElfW(Sym) * one) { return one->st_value; });
  }

  // Null: none of them is there.
  [[nodiscard]] const char* find(std::uint64_t address) const {
    const std::uint64_t at = address - bias_;
    auto after = std::ranges::upper_bound(functions_, at, {},
                                          [](const ElfW(Sym) * one) { return one->st_value; });
    if (after == functions_.begin()) return nullptr;
    const auto* found = *std::prev(after);
    if (at >= found->st_value + found->st_size || found->st_name >= names_size_) return nullptr;
    return names_ + found->st_name;
  }

 private:
  void add(const ElfW(Shdr) & symbols, const ElfW(Shdr) & names) {
    const std::uint64_t count = symbols.sh_size / sizeof(ElfW(Sym));
    const auto* first = file_.at<ElfW(Sym)>(symbols.sh_offset, count);
    const char* texts = file_.at<char>(names.sh_offset, names.sh_size);
    if (first == nullptr || texts == nullptr || names.sh_size == 0 ||
        texts[names.sh_size - 1] != '\0')
      return;
    names_ = texts;
    names_size_ = names.sh_size;
    for (std::uint64_t i = 0; i < count; ++i)
      if (ELF64_ST_TYPE(first[i].st_info) == STT_FUNC && first[i].st_size > 0)
        functions_.push_back(first + i);
  }

  MappedFile file_;
  std::uint64_t bias_ = 0;
  const ElfW(Shdr) * sections_ = nullptr;
  const char* names_ = nullptr;
  std::uint64_t names_size_ = 0;
  std::vector<const ElfW(Sym)*> functions_;
};

}  // namespace

std::vector<CodeRange> loaded_code() {
  std::vector<CodeRange> ranges;
  ::dl_iterate_phdr(&add_object, &ranges);
  for (CodeRange& range : ranges)
    if (range.file.empty()) range.file = executable_path();
  return ranges;
}

std::vector<std::string> function_names(const std::vector<std::uint64_t>& addresses) {
  const SymbolTable table;
  std::vector<std::string> names;
  names.reserve(addresses.size());
  for (const std::uint64_t address : addresses) {
    const char* name = table.find(address);
    Dl_info info{};
    if (name == nullptr && ::dladdr(reinterpret_cast<void*>(address), &info) != 0)
      name = info.dli_sname;
    names.push_back(name == nullptr ? std::string() : demangled(name));
  }
  return names;
}

}  // namespace midge::io
