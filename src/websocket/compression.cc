#include "websocket/compression.h"

#include <utility>

namespace midge::websocket {

LoopCompression::~LoopCompression() {
  used_.fetch_sub(static_cast<std::int64_t>(spares_.size()) * Inflater::kBytes,
                  std::memory_order_relaxed);
}

std::span<char> LoopCompression::raw() {
  if (raw_ == nullptr) raw_ = std::make_unique_for_overwrite<char[]>(kRawSize);
  return {raw_.get(), kRawSize};
}

void LoopCompression::lend(Borrower& borrower) {
  borrower.inflater_ = take_one();
  borrower.older_ = newest_;
  borrower.newer_ = nullptr;
  (newest_ != nullptr ? newest_->newer_ : oldest_) = &borrower;
  newest_ = &borrower;
}

std::unique_ptr<Inflater> LoopCompression::take_one() {
  if (!spares_.empty()) {
    std::unique_ptr<Inflater> spare = std::move(spares_.back());
    spares_.pop_back();
    return spare;
  }
  const std::int64_t now =
      used_.fetch_add(Inflater::kBytes, std::memory_order_relaxed) + Inflater::kBytes;
  // A loop has at least one, or its connections would have none for ever.
  if (now <= budget_ || oldest_ == nullptr) return std::make_unique<Inflater>();
  used_.fetch_sub(Inflater::kBytes, std::memory_order_relaxed);
  Borrower& loser = *oldest_;
  unlink(loser);
  std::unique_ptr<Inflater> inflater = std::move(loser.inflater_);
  inflater->reset();
  loser.on_inflater_lost();
  return inflater;
}

void LoopCompression::give_back(Borrower& borrower) {
  if (!borrower.has_inflater()) return;
  unlink(borrower);
  std::unique_ptr<Inflater> inflater = std::move(borrower.inflater_);
  if (spares_.size() < kSparesMax) {
    inflater->reset();
    spares_.push_back(std::move(inflater));
    return;
  }
  used_.fetch_sub(Inflater::kBytes, std::memory_order_relaxed);
}

void LoopCompression::unlink(Borrower& borrower) {
  (borrower.older_ != nullptr ? borrower.older_->newer_ : oldest_) = borrower.newer_;
  (borrower.newer_ != nullptr ? borrower.newer_->older_ : newest_) = borrower.older_;
}

}  // namespace midge::websocket
