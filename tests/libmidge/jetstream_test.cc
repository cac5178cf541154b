#include "jetstream_test.h"

#include <cstdlib>
#include <filesystem>

namespace midge::test {

StoreFolder::StoreFolder()
    : path_((std::filesystem::temp_directory_path() / "midge-store-XXXXXX").string()) {
  REQUIRE(mkdtemp(path_.data()) != nullptr);
}

StoreFolder::~StoreFolder() { std::filesystem::remove_all(path_); }

}  // namespace midge::test
