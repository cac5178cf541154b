// What compressed connections share: per loop a deflater, an inflater of whole messages, and
// inflaters that are lent to messages of which a part is still to come. All inflaters together stay
// within a budget: when there is none left, the message that has had one for longest loses it.
//
// Thread: each loop has its own part; only the budget's sum is shared.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.h"
#include "websocket/deflater.h"
#include "websocket/inflater.h"
#include "websocket/whole_inflater.h"

namespace midge::websocket {

// Who has an inflater on loan while a message is under way. Intrusive: a loan allocates nothing.
class Borrower {
 public:
  virtual ~Borrower() = default;
  [[nodiscard]] bool has_inflater() const { return inflater_ != nullptr; }

 protected:
  [[nodiscard]] Inflater& inflater() { return *inflater_; }
  // It was taken away.
  virtual void on_inflater_lost() = 0;

 private:
  friend class LoopCompression;
  std::unique_ptr<Inflater> inflater_;
  Borrower* older_ = nullptr;  // in the list of loans
  Borrower* newer_ = nullptr;
};

class LoopCompression {
 public:
  static constexpr std::size_t kRawSize = 64 * 1024;

  LoopCompression(std::atomic<std::int64_t>& used, std::int64_t budget)
      : used_(used), budget_(budget) {}
  ~LoopCompression();

  Deflater& deflater() { return deflater_; }
  WholeInflater& whole_inflater() { return whole_inflater_; }
  // Room for bytes as they come off the wire, until they are inflated in the same call.
  std::span<char> raw();

  // Gives it a fresh one, until it is given back or lost.
  void lend(Borrower& borrower);
  // No effect if it has none. Before the borrower goes.
  void give_back(Borrower& borrower);

 private:
  static constexpr std::size_t kSparesMax = 2;
  [[nodiscard]] std::unique_ptr<Inflater> take_one();
  void unlink(Borrower& borrower);

  std::atomic<std::int64_t>& used_;
  const std::int64_t budget_;
  Deflater deflater_;
  WholeInflater whole_inflater_;
  std::unique_ptr<char[]> raw_;
  std::vector<std::unique_ptr<Inflater>> spares_;
  Borrower* oldest_ = nullptr;
  Borrower* newest_ = nullptr;
};

class Compression {
 public:
  explicit Compression(std::int64_t budget) : budget_(budget) {}

  // On that loop.
  LoopCompression& of(LoopId loop) {
    auto& part = parts_[loop.value];
    if (part == nullptr) part = std::make_unique<LoopCompression>(used_, budget_);
    return *part;
  }
  // Of all inflaters. Any thread.
  [[nodiscard]] std::int64_t bytes() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::int64_t budget_;
  std::atomic<std::int64_t> used_{0};
  std::array<std::unique_ptr<LoopCompression>, kLoopsMax> parts_;
};

}  // namespace midge::websocket
