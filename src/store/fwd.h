#pragma once

namespace midge::store {

class Filter;
class Journal;
class StreamStore;
class SubjectTree;
struct StoredMessage;

}  // namespace midge::store
