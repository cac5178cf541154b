// What a stream knows of each of its subjects: an adaptive radix tree, at most 100 bytes a subject
// for keys of the usual kind. Walks go in the order of the bytes of the subjects.
//
// No operation takes longer for a large tree: memory grows by chunks, and nothing is hashed.
//
// Thread: the loop's. References are valid until the next insert() or erase().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "store/ids.h"
#include "store/subjects/filter.h"

namespace midge::store {

struct SubjectState {
  Sequence first;  // may be too low if first_is_stale
  Sequence last;
  std::uint32_t count = 0;  // messages now in the stream
  bool first_is_stale = false;
};

class SubjectTree {
 public:
  SubjectTree();
  ~SubjectTree();
  SubjectTree(const SubjectTree&) = delete;
  SubjectTree& operator=(const SubjectTree&) = delete;

  static constexpr std::size_t kSubjectMax = 65535;

  // The state of this subject, made (all zero) if it is new. At most kSubjectMax bytes.
  SubjectState& insert(std::string_view subject);
  [[nodiscard]] SubjectState* find(std::string_view subject);
  bool erase(std::string_view subject);
  // The memory goes back in pieces, one with each later insert() or sweep().
  void clear();
  // Frees up to this many pieces (of up to 256 KiB) that clear() left; false when none is left. For
  // large trees, before they are destroyed.
  bool sweep(std::size_t pieces);
  [[nodiscard]] std::size_t size() const;
  // Memory held, in bytes.
  [[nodiscard]] std::size_t memory() const;

  // A walk over the subjects that a filter matches. It visits each at most once, whatever is
  // inserted or erased between steps: it remembers the last subject, not a place in the tree.
  // A walk of a pattern descends only where the pattern can match.
  class Walk {
   public:
    explicit Walk(Filter filter) : filter_(std::move(filter)) {}
    [[nodiscard]] bool done() const { return done_; }
    // Whether `subject`, which the filter matches, was visited already, or would have been.
    [[nodiscard]] bool is_behind(std::string_view subject) const {
      return done_ || (started_ && (subject <= after_ || (beyond_ && subject.starts_with(after_))));
    }

   private:
    friend class SubjectTree;
    friend class SubjectWalker;
    Filter filter_;
    std::string after_;    // all up to this text is behind
    bool beyond_ = false;  // and all that begins with it
    bool started_ = false;
    bool done_ = false;
  };
  // Visits until `budget` nodes were looked at or all is done; visit(subject, state) returns false
  // to stop early (the subject counts as visited). It may change the state, but not the tree.
  template <class Visit>
  void step(Walk& walk, std::size_t budget, Visit&& visit) {
    step_impl(walk, budget, &call<Visit>, &visit);
  }

 private:
  using Call = bool (*)(void* visit, std::string_view subject, SubjectState& state);
  template <class Visit>
  static bool call(void* visit, std::string_view subject, SubjectState& state) {
    return (*static_cast<std::remove_reference_t<Visit>*>(visit))(subject, state);
  }
  SubjectState* search(std::string_view subject);
  SubjectState& search_or_make(std::string_view subject);
  void step_impl(Walk& walk, std::size_t budget, Call call, void* visit);

  friend class SubjectWalker;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::store
