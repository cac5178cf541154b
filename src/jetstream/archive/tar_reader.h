// A tar archive that comes in pieces, as Go's archive/tar writes it (PAX). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::jetstream {

struct TarEntry {
  std::string name;
  std::uint64_t size = 0;
  bool is_file = false;
};

class TarReader {
 public:
  // Views of content() end here.
  void feed(std::string_view bytes);
  // The entry that it is at. Null: more must be fed, or is_at_end(). Errors: malformed.
  Result<const TarEntry*> entry();
  // What is there of the entry's content, less what was used.
  [[nodiscard]] std::string_view content() const;
  void use(std::size_t bytes);
  // All of the content that is still to come, too.
  [[nodiscard]] std::uint64_t left() const { return left_; }
  // All is used: on to the next one.
  void next();

  // The archive says that it ends.
  [[nodiscard]] bool is_at_end() const { return ended_; }
  // It may end here: nothing of a further entry has come.
  [[nodiscard]] bool may_end() const {
    return ended_ || (!entry_ && padding_ == 0 && begin_ == waiting_.size() && name_.empty());
  }

 private:
  // False: more must be fed.
  Result<bool> read_head();
  Result<bool> read_extension(std::size_t size);
  Result<void> read_attributes(std::string_view records);

  std::string waiting_;
  std::size_t begin_ = 0;  // of what is not used
  std::optional<TarEntry> entry_;
  std::uint64_t left_ = 0;
  std::size_t padding_ = 0;
  bool ended_ = false;
  // Said ahead of the next entry.
  std::string name_;
  std::optional<std::uint64_t> size_;
};

}  // namespace midge::jetstream
