// SubjectTree::step: a walk in order, depth first, from behind the last subject on.
#include <algorithm>
#include <string>
#include <vector>

#include "store/subjects/pattern_path.h"
#include "store/subjects/subject_nodes.h"
#include "store/subjects/subject_tree.h"

namespace midge::store {

class SubjectWalker {
 public:
  using Walk = SubjectTree::Walk;
  using Call = SubjectTree::Call;

  SubjectWalker(SubjectTree::State& tree, Walk& walk, std::size_t budget, Call call, void* visit)
      : tree_(tree),
        walk_(walk),
        path_(walk.filter_),
        budget_(budget),
        call_(call),
        visit_(visit) {}

  void run() {
    const PatternPath::Range start = path_.start();
    bool goes_on = true;
    if (!walk_.started_) {
      walk_.started_ = true;
      if (tree_.root) goes_on = enter(tree_.root, start);
    } else if (tree_.root) {
      goes_on = seek(start);
    }
    while (goes_on && !frames_.empty()) goes_on = next();
    walk_.done_ = goes_on;
  }

 private:
  // A node on the way to where the walk is.
  struct Frame {
    SubjectNode* node;
    int place;             // of the next child to look at
    std::size_t key_size;  // of the text up to and with the node's
    PatternPath::Range range;
  };

  // A leaf or node whose text before its own is in key_. False: the step ends here.
  bool enter(ChildRef ref, PatternPath::Range range) {
    if (ref.is_leaf()) return look_at(tree_.leaf(ref), range);
    SubjectNode& node = tree_.node(ref);
    if (!push(node, range)) return true;
    if (!node.own) return true;
    return look_at(tree_.leaf(node.own), frames_.back().range);
  }

  // False: nothing that the filter wants is below.
  bool push(SubjectNode& node, PatternPath::Range range) {
    if (budget_ > 0) --budget_;
    const std::string_view text = node.text();
    const PatternPath::Range inner = path_.extend(range, text);
    if (inner.dead()) return false;
    key_ += text;
    frames_.push_back({&node, 0, key_.size(), inner});
    const int only = path_.only_byte(inner);
    if (only >= 0) {
      frames_.back().place = node.place_from(static_cast<unsigned char>(only));
    } else {
      for (int place = 0; place < kAhead; ++place) prefetch(node, place);
    }
    return true;
  }

  bool look_at(SubjectLeaf& leaf, PatternPath::Range range) {
    if (budget_ > 0) --budget_;
    const std::string_view text = leaf.text();
    const bool wanted = range.all || path_.complete(path_.extend(range, text));
    if (!wanted && budget_ > 0) return true;
    key_ += text;
    const bool goes_on = !wanted || call_(visit_, key_, leaf.state);
    if (goes_on && budget_ > 0) return true;
    return stop(false);
  }

  // The next child of the innermost node, or back out of it.
  bool next() {
    Frame& frame = frames_.back();
    SubjectNode& node = *frame.node;
    key_.resize(frame.key_size);
    const int limit = node.place_limit();
    while (frame.place < limit && !node.children()[frame.place]) ++frame.place;
    if (frame.place >= limit) {
      frames_.pop_back();
      return budget_ > 0 || frames_.empty() || stop(true);
    }
    const int place = frame.place++;
    prefetch(node, place + kAhead);
    return child(frame, place);
  }

  bool child(Frame& frame, int place) {
    const auto byte = static_cast<char>(frame.node->byte_at(place));
    const PatternPath::Range range = path_.extend(frame.range, {&byte, 1});
    if (range.dead()) {
      // Of many bytes only one can match, and it is behind.
      const int only = path_.only_byte(frame.range);
      if (only >= 0 && only < static_cast<unsigned char>(byte)) frame.place = 256;
      return true;
    }
    key_ += byte;
    return enter(frame.node->children()[place], range);
  }

  // Leaves and nodes lie anywhere in memory: those that come next are fetched while others are
  // looked at.
  static constexpr int kAhead = 8;
  void prefetch(SubjectNode& node, int place) const {
    if (place >= node.place_limit() || !node.children()[place]) return;
    const char* const at = tree_.slots.at(node.children()[place].slot());
    __builtin_prefetch(at);
    __builtin_prefetch(at + 63);
  }

  bool stop(bool beyond) {
    walk_.after_ = key_;
    walk_.beyond_ = beyond;
    return false;
  }

  // How the subjects below a leaf or node with this text lie to those that are behind, of which
  // `rest` is what follows the text before it.
  enum class Side { kBehind, kAhead, kAcross };
  [[nodiscard]] Side side_of(std::string_view text, std::string_view rest, bool is_leaf) const {
    const std::size_t limit = std::min(text.size(), rest.size());
    const int order = text.substr(0, limit).compare(rest.substr(0, limit));
    if (order != 0) return order < 0 ? Side::kBehind : Side::kAhead;
    if (rest.size() > text.size()) return is_leaf ? Side::kBehind : Side::kAcross;
    if (walk_.beyond_) return Side::kBehind;
    if (rest.size() < text.size()) return Side::kAhead;
    return is_leaf ? Side::kBehind : Side::kAcross;  // the node's own is behind, its children not
  }

  // Frames down to the first subject ahead.
  bool seek(PatternPath::Range range) {
    std::string_view rest = walk_.after_;
    ChildRef ref = tree_.root;
    for (;;) {
      const std::string_view text = ref.is_leaf() ? tree_.leaf(ref).text() : tree_.node(ref).text();
      const Side side = side_of(text, rest, ref.is_leaf());
      if (side == Side::kBehind) return true;
      if (side == Side::kAhead) return enter(ref, range);
      SubjectNode& node = tree_.node(ref);
      if (!push(node, range)) return true;
      rest.remove_prefix(text.size());
      if (rest.empty()) return true;
      Frame& frame = frames_.back();
      const auto byte = static_cast<unsigned char>(rest.front());
      frame.place = std::max(frame.place, node.place_from(byte));
      if (frame.place >= node.place_limit() || node.byte_at(frame.place) != byte ||
          !node.children()[frame.place])
        return true;
      const int place = frame.place++;
      range = path_.extend(frame.range, rest.substr(0, 1));
      if (range.dead()) return true;
      key_ += rest.front();
      rest.remove_prefix(1);
      ref = node.children()[place];
    }
  }

  SubjectTree::State& tree_;
  Walk& walk_;
  PatternPath path_;
  std::size_t budget_;
  Call call_;
  void* visit_;
  std::vector<Frame> frames_;
  std::string key_;
};

void SubjectTree::step_impl(Walk& walk, std::size_t budget, Call call, void* visit) {
  if (walk.done_) return;
  SubjectWalker(*state_, walk, budget, call, visit).run();
}

}  // namespace midge::store
