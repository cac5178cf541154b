#include "store/subjects/subject_nodes.h"

#include <algorithm>
#include <new>
#include <string>

#include "base/check.h"

namespace midge::store {

ChildRef SubjectTree::State::make_leaf(std::string_view text) {
  const Slots::Ref ref = slots.allocate(SubjectLeaf::bytes(text.size()));
  auto* leaf = new (slots.at(ref)) SubjectLeaf;
  leaf->state = SubjectState{};
  leaf->text_size = static_cast<std::uint16_t>(text.size());
  text.copy(leaf->text_data(), text.size());
  return ChildRef{ref | kLeafBit};
}

ChildRef SubjectTree::State::make_node(std::uint8_t kind, std::string_view text) {
  const Slots::Ref ref = slots.allocate(SubjectNode::bytes(kind, text.size()));
  auto* node = new (slots.at(ref)) SubjectNode;
  node->kind = kind;
  node->count_low = 0;
  node->text_size = static_cast<std::uint16_t>(text.size());
  node->own = ChildRef{};
  if (node->direct()) std::fill_n(node->children(), node->capacity(), ChildRef{});
  text.copy(node->text_data(), text.size());
  return ChildRef{ref};
}

ChildRef SubjectTree::State::with_text(ChildRef ref, std::string_view text) {
  if (ref.is_leaf()) {
    SubjectLeaf& old = leaf(ref);
    if (Slots::same_size(SubjectLeaf::bytes(old.text_size), SubjectLeaf::bytes(text.size()))) {
      std::memmove(old.text_data(), text.data(), text.size());
      old.text_size = static_cast<std::uint16_t>(text.size());
      return ref;
    }
    const ChildRef moved = make_leaf(text);
    leaf(moved).state = old.state;
    free(ref);
    return moved;
  }
  SubjectNode& old = node(ref);
  if (Slots::same_size(SubjectNode::bytes(old.kind, old.text_size),
                       SubjectNode::bytes(old.kind, text.size()))) {
    std::memmove(old.text_data(), text.data(), text.size());
    old.text_size = static_cast<std::uint16_t>(text.size());
    return ref;
  }
  const ChildRef moved = make_node(old.kind, text);
  SubjectNode& fresh = node(moved);
  fresh.count_low = old.count_low;
  fresh.own = old.own;
  std::copy_n(old.children(), old.place_limit(), fresh.children());
  if (!old.direct()) std::copy_n(old.bytes_of_children(), old.count(), fresh.bytes_of_children());
  free(ref);
  return moved;
}

ChildRef SubjectTree::State::with_kind(ChildRef ref, std::uint8_t kind) {
  SubjectNode& old = node(ref);
  const ChildRef moved = make_node(kind, old.text());
  SubjectNode& fresh = node(moved);
  fresh.count_low = old.count_low;
  fresh.own = old.own;
  int next = 0;
  for (int place = 0; place < old.place_limit(); ++place) {
    const ChildRef child = old.children()[place];
    if (!child) continue;
    if (fresh.direct()) {
      fresh.children()[old.byte_at(place)] = child;
    } else {
      fresh.children()[next] = child;
      fresh.bytes_of_children()[next++] = old.byte_at(place);
    }
  }
  free(ref);
  return moved;
}

void SubjectTree::State::add_child(ChildRef& slot, unsigned char byte, ChildRef child) {
  if (node(slot).count() == node(slot).capacity())
    slot = with_kind(slot, static_cast<std::uint8_t>(node(slot).kind + 1));
  SubjectNode& into = node(slot);
  if (into.direct()) {
    into.children()[byte] = child;
  } else {
    const int place = into.place_from(byte);
    const auto behind = static_cast<std::size_t>(into.count() - place);
    std::memmove(into.children() + place + 1, into.children() + place, behind * sizeof(ChildRef));
    std::memmove(into.bytes_of_children() + place + 1, into.bytes_of_children() + place, behind);
    into.children()[place] = child;
    into.bytes_of_children()[place] = byte;
  }
  ++into.count_low;
}

void SubjectTree::State::remove_child(ChildRef& slot, int place) {
  SubjectNode& from = node(slot);
  if (from.count() == 1) {  // then its own leaf is all it holds, and takes its place
    const ChildRef own = from.own;
    const ChildRef moved = with_text(own, from.text());
    free(slot);
    slot = moved;
    return;
  }
  if (from.direct()) {
    from.children()[place] = ChildRef{};
  } else {
    const auto behind = static_cast<std::size_t>(from.count() - place - 1);
    std::memmove(from.children() + place, from.children() + place + 1, behind * sizeof(ChildRef));
    std::memmove(from.bytes_of_children() + place, from.bytes_of_children() + place + 1, behind);
  }
  --from.count_low;
  simplify(slot);
}

void SubjectTree::State::simplify(ChildRef& slot) {
  SubjectNode& idle = node(slot);
  if (idle.count() == 1 && !idle.own) {
    int place = 0;
    while (!idle.children()[place]) ++place;
    const ChildRef child = idle.children()[place];
    std::string text(idle.text());
    text += static_cast<char>(idle.byte_at(place));
    text += child.is_leaf() ? leaf(child).text() : node(child).text();
    free(slot);
    slot = with_text(child, text);
    return;
  }
  // Not as soon as it fits, so that one subject that comes and goes moves nothing each time.
  if (idle.kind > 0 && idle.count() * 4 < SubjectNode::kCapacity[idle.kind - 1] * 3)
    slot = with_kind(slot, static_cast<std::uint8_t>(idle.kind - 1));
}

void SubjectTree::State::split(ChildRef& slot, std::string_view text, std::size_t shared) {
  const ChildRef above = make_node(0, text.substr(0, shared));
  SubjectNode& parent = node(above);
  if (text.size() == shared) {  // only a leaf can end here
    parent.own = with_text(slot, "");
  } else {
    parent.bytes_of_children()[0] = static_cast<unsigned char>(text[shared]);
    parent.children()[0] = with_text(slot, text.substr(shared + 1));
    parent.count_low = 1;
  }
  slot = above;
}

}  // namespace midge::store
