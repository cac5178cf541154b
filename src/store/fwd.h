#pragma once

namespace midge::store {

class Filter;
class Journal;
class Keyring;
class PackedDisk;
class StreamStore;
class SubjectTree;
struct DataKey;
struct KeySettings;
struct StoredMessage;

}  // namespace midge::store
