// Which segment a journal made last, in a file beside them, so that it is missed when it is gone.
// Format: docs/formats/journal.md. Blocking; thread: any, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/disk.h"

namespace midge::store {

class LastMade {
 public:
  LastMade(io::Disk& disk, std::string folder) : disk_(disk), path_(path_in(folder)) {}

  // The segment is there durably, and nothing has been written to it yet; nullopt: from now on the
  // last one may be gone.
  Result<void> note(std::optional<std::uint32_t> number);
  // The last note failed, and may be there all the same.
  [[nodiscard]] bool is_unsure() const { return is_unsure_; }

  // What was noted last; nullopt: nothing, or it cannot be read.
  static Result<std::optional<std::uint32_t>> read(io::Disk& disk, const std::string& folder);
  // A note as it is written, the `count`th.
  static std::string encode(std::uint32_t count, std::optional<std::uint32_t> number);
  static std::string path_in(const std::string& folder) { return folder + "/last"; }

 private:
  io::Disk& disk_;
  const std::string path_;
  std::uint32_t notes_ = 0;  // so far
  bool is_unsure_ = false;
};

}  // namespace midge::store
