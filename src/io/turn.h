// Turns: readiness that the OS does not know of.
#pragma once

#include <cstddef>

namespace midge::io {

// Something that is ready without the OS saying so (an in-memory pipe): the loop gives it its turn
// among the ready streams, never from within drain_mail(). Intrusive; destruction takes it off the
// list. The loop's thread.
class Turn {
 public:
  Turn() = default;
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  virtual ~Turn() { cancel_turn(); }
  virtual void on_turn() = 0;
  [[nodiscard]] bool scheduled() const { return next_turn != nullptr; }
  void cancel_turn() {
    if (next_turn == nullptr) return;
    next_turn->previous_turn = previous_turn;
    previous_turn->next_turn = next_turn;
    next_turn = previous_turn = nullptr;
  }

  Turn* next_turn = nullptr;  // the links of TurnList; nobody else touches them
  Turn* previous_turn = nullptr;
};

// The turns due in the next tick, for implementations of Loop.
class TurnList {
 public:
  [[nodiscard]] bool empty() const { return list_.next_turn == &list_; }
  void add(Turn& turn) { insert_before(list_, turn); }
  // Calls all turns that are scheduled now; those scheduled meanwhile wait for the next call.
  std::size_t run() {
    Marker end;
    insert_before(list_, end);
    std::size_t count = 0;
    while (list_.next_turn != &end) {
      Turn& turn = *list_.next_turn;
      turn.cancel_turn();
      turn.on_turn();
      ++count;
    }
    return count;
  }

 private:
  struct Marker final : Turn {
    void on_turn() override {}
  };
  static void insert_before(Turn& place, Turn& turn) {
    if (turn.scheduled()) return;
    turn.next_turn = &place;
    turn.previous_turn = place.previous_turn;
    place.previous_turn->next_turn = &turn;
    place.previous_turn = &turn;
  }
  struct Head final : Turn {
    Head() { next_turn = previous_turn = this; }
    ~Head() override {
      while (next_turn != this) next_turn->cancel_turn();
    }
    void on_turn() override {}
  };
  Head list_;
};

}  // namespace midge::io
