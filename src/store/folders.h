// Folders that survive a power cut.
#pragma once

#include <string>

#include "io/disk.h"

namespace midge::store {

// Makes the folder and the parents it lacks, and syncs the name of each.
Result<void> make_durable_folder(io::Disk& disk, const std::string& path);

}  // namespace midge::store
