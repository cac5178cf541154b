// What a subject tree is made of: leaves and nodes, as bytes in slots.
//
// A leaf holds a subject's state and the end of its text that no node above has. A node holds a
// piece of text that all subjects below share, a sorted array of the bytes that follow it, and a
// child for each. A subject that ends where a node's text ends is the node's `own` leaf. The arrays
// have one of a few capacities; the largest is indexed by the byte itself.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "store/subjects/slots.h"
#include "store/subjects/subject_tree.h"

namespace midge::store {

inline constexpr Slots::Ref kLeafBit = Slots::kRefLimit;

// A leaf or a node; 0 = none.
struct ChildRef {
  std::uint32_t value = 0;
  explicit operator bool() const { return value != 0; }
  bool operator==(const ChildRef&) const = default;
  [[nodiscard]] bool is_leaf() const { return (value & kLeafBit) != 0; }
  [[nodiscard]] Slots::Ref slot() const { return value & ~kLeafBit; }
};

struct SubjectLeaf {
  SubjectState state;
  std::uint16_t text_size;
  // the text

  static std::size_t bytes(std::size_t text_size) {
    return offsetof(SubjectLeaf, text_size) + sizeof(std::uint16_t) + text_size;
  }
  char* text_data() { return reinterpret_cast<char*>(&text_size + 1); }
  std::string_view text() { return {text_data(), text_size}; }
};

struct SubjectNode {
  static constexpr std::uint16_t kCapacity[] = {2, 4, 7, 10, 16, 24, 40, 64, 256};
  static constexpr std::uint8_t kDirect = 8;  // the kind whose children are indexed by their byte
  static constexpr int kNoChild = -1;

  std::uint8_t kind;
  std::uint8_t count_low;  // of 256 children: 0
  std::uint16_t text_size;
  ChildRef own;
  // children: ChildRef[capacity]; their bytes, ascending: [capacity], unless direct; the text

  static std::size_t bytes(std::uint8_t kind, std::size_t text_size) {
    const std::size_t each = kind == kDirect ? sizeof(ChildRef) : sizeof(ChildRef) + 1;
    return sizeof(SubjectNode) + kCapacity[kind] * each + text_size;
  }
  [[nodiscard]] int count() const { return count_low == 0 && direct() ? 256 : count_low; }
  [[nodiscard]] int capacity() const { return kCapacity[kind]; }
  [[nodiscard]] bool direct() const { return kind == kDirect; }
  ChildRef* children() { return reinterpret_cast<ChildRef*>(this + 1); }
  unsigned char* bytes_of_children() {
    return reinterpret_cast<unsigned char*>(children() + capacity());
  }
  char* text_data() {
    return reinterpret_cast<char*>(children() + capacity()) + (direct() ? 0 : capacity());
  }
  std::string_view text() { return {text_data(), text_size}; }

  // Places of children are 0 … place_limit() - 1; in a direct node some are empty.
  [[nodiscard]] int place_limit() const { return direct() ? 256 : count(); }
  unsigned char byte_at(int place) {
    return direct() ? static_cast<unsigned char>(place) : bytes_of_children()[place];
  }
  int place_of(unsigned char byte) {
    if (direct()) return children()[byte] ? byte : kNoChild;
    const unsigned char* const bytes = bytes_of_children();
    const void* const found = std::memchr(bytes, byte, static_cast<std::size_t>(count()));
    return found == nullptr ? kNoChild
                            : static_cast<int>(static_cast<const unsigned char*>(found) - bytes);
  }
  // The first place whose byte is not lower.
  int place_from(unsigned char byte) {
    if (direct()) return byte;
    int place = 0;
    while (place < count() && bytes_of_children()[place] < byte) ++place;
    return place;
  }
};

static_assert(sizeof(SubjectNode) == 8 && sizeof(ChildRef) == 4);

// The leaves and nodes of one tree.
struct SubjectTree::State {
  Slots slots;
  ChildRef root;
  std::size_t size = 0;
  // What was found last, until another one is made or one is erased: a message's subject is looked
  // up several times in a row.
  SubjectState* last = nullptr;
  std::string last_subject;

  void remember(SubjectState& state, std::string_view subject) {
    last = &state;
    last_subject = subject;
  }
  SubjectLeaf& leaf(ChildRef ref) const {
    return *reinterpret_cast<SubjectLeaf*>(slots.at(ref.slot()));
  }
  SubjectNode& node(ChildRef ref) const {
    return *reinterpret_cast<SubjectNode*>(slots.at(ref.slot()));
  }

  ChildRef make_leaf(std::string_view text);
  ChildRef make_node(std::uint8_t kind, std::string_view text);
  void free(ChildRef ref) { slots.free(ref.slot()); }
  // The same leaf or node with another text; `ref` is no more. `text` may be part of its own.
  ChildRef with_text(ChildRef ref, std::string_view text);
  // The same node with room for another number of children; `ref` is no more.
  ChildRef with_kind(ChildRef ref, std::uint8_t kind);

  // These change the node that `slot` holds, and what `slot` holds if it must move.
  void add_child(ChildRef& slot, unsigned char byte, ChildRef child);
  void remove_child(ChildRef& slot, int place);
  // Without its own leaf or with a child less: a node that has become idle gives way.
  void simplify(ChildRef& slot);
  // Puts a node above what `slot` holds, which keeps its text from `shared` on.
  void split(ChildRef& slot, std::string_view text, std::size_t shared);
};

}  // namespace midge::store
