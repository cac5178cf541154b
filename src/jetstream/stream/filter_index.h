// Which of a stream's consumers a subject concerns: found by its tokens, not by asking each. What
// it costs depends on how many match, not on how many there are. Thread: the stream's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "store/subjects/filter.h"

namespace midge::jetstream {

class Consumer;

class FilterIndex {
 public:
  FilterIndex();
  ~FilterIndex();
  void add(Consumer* consumer, const store::Filter& filter);
  // `filter` is the one it was added with.
  void remove(Consumer* consumer, const store::Filter& filter);

  // Those whose filter matches; each once, if no filter's patterns overlap. Valid until the next
  // call. Order: unspecified, but the same for the same history.
  [[nodiscard]] const std::vector<Consumer*>& matching(std::string_view subject);

 private:
  using Consumers = std::vector<Consumer*>;
  struct Node;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <class Value>
  using TextMap = tsl::robin_map<std::string, Value, TextHash, std::equal_to<>>;

  // Unlinks what nothing hangs on any more; true: `node` may go.
  static bool remove_below(Node& node, std::string_view pattern, Consumer* consumer);
  void collect(const Node& node, std::string_view rest);

  TextMap<Consumers> literals_;
  std::unique_ptr<Node> root_;
  Consumers found_;
};

}  // namespace midge::jetstream
