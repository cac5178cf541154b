#include "server/monitor/connz_listing.h"

#include <algorithm>
#include <utility>

#include "broker/call_mail.h"
#include "broker/step_work.h"
#include "broker/worker.h"

namespace midge::server {
namespace {

constexpr std::size_t kDealtPerStep = 2048;
constexpr std::size_t kMergedPerStep = 64 << 10;  // bytes

}  // namespace

void ConnzListing::begin(io::Loop& home, broker::Broker& broker, ConnzTask task, Done done) {
  std::make_shared<ConnzListing>(home, broker, std::move(task), std::move(done))->ask_for_keys();
}

ConnzListing::ConnzListing(io::Loop& home, broker::Broker& broker, ConnzTask task, Done done)
    : home_(home),
      broker_(broker),
      task_(std::make_shared<const ConnzTask>(std::move(task))),
      done_(std::move(done)),
      shares_(broker.workers().size()) {}

void ConnzListing::ask_for_keys() {
  broker_.workers()[asked_]->loop().post(broker::call_worker([its = shared_from_this()](
                                                                 broker::Worker& asked) {
    auto done = [its](ConnzFound found) {
      its->home_.post(broker::call_worker([its, found = std::move(found)](broker::Worker&) mutable {
        its->take_keys(std::move(found));
      }));
    };
    asked.work_in_steps(std::make_unique<ConnzKeys>(its->task_, std::move(done)));
  }));
}

void ConnzListing::take_keys(ConnzFound found) {
  total_ += found.total;
  shares_[asked_].found = std::move(found);
  if (++asked_ < shares_.size()) return ask_for_keys();
  sort();
}

void ConnzListing::sort() {
  std::size_t count = 0;
  for (const Share& share : shares_) count += share.found.keys.size();
  std::vector<Place> places;
  places.reserve(count);
  for (std::uint32_t i = 0; i < shares_.size(); ++i)
    for (std::uint32_t key = 0; key < shares_[i].found.keys.size(); ++key) {
      const ConnzFound::Key& one = shares_[i].found.keys[key];
      places.push_back({.rank = one.rank, .cid = one.cid, .loop = i, .key = key});
    }
  sort_ = StepSort(std::move(places));
  in_steps(&ConnzListing::sort_step);
}

bool ConnzListing::sort_step() {
  if (!sort_.step()) return false;
  page_ = sort_.take();
  const auto size = static_cast<std::int64_t>(page_.size());
  const std::int64_t begin = std::min(task_->request.offset, size);
  page_begin_ = next_ = static_cast<std::size_t>(begin);
  page_end_ = static_cast<std::size_t>(begin + std::min(task_->request.limit, size - begin));
  in_steps(&ConnzListing::deal_step);
  return true;
}

bool ConnzListing::deal_step() {
  const std::size_t end = std::min(next_ + kDealtPerStep, page_end_);
  for (; next_ < end; ++next_) {
    Share& share = shares_[page_[next_].loop];
    const auto& closed = share.found.keys[page_[next_].key].closed;
    share.items.push_back({page_[next_].cid, closed ? share.found.closed[*closed] : nullptr});
  }
  if (next_ < page_end_) return false;
  for (Share& share : shares_) share.found = {};
  asked_ = 0;
  ask_for_texts();
  return true;
}

void ConnzListing::ask_for_texts() {
  while (asked_ < shares_.size() && shares_[asked_].items.empty()) ++asked_;
  if (asked_ == shares_.size()) return put_together();
  broker_.workers()[asked_]->loop().post(
      broker::call_worker([its = shared_from_this(), items = std::move(shares_[asked_].items)](
                              broker::Worker& asked) mutable {
        auto done = [its](ConnzText text) {
          its->home_.post(
              broker::call_worker([its, text = std::move(text)](broker::Worker&) mutable {
                its->take_text(std::move(text));
              }));
        };
        asked.work_in_steps(
            std::make_unique<ConnzTexts>(its->task_, std::move(items), std::move(done)));
      }));
}

void ConnzListing::take_text(ConnzText text) {
  shares_[asked_++].text = std::move(text);
  ask_for_texts();
}

void ConnzListing::put_together() {
  const auto wrote = [](const Share& share) { return !share.text.sizes.empty(); };
  const auto first = std::ranges::find_if(shares_, wrote);
  if (first == shares_.end()) return finish({});
  // From one loop, it is in order as it is.
  if (std::ranges::count_if(shares_, wrote) == 1) return finish(std::move(first->text.pieces));
  next_ = page_begin_;
  in_steps(&ConnzListing::merge_step);
}

bool ConnzListing::merge_step() {
  std::string piece;
  while (next_ < page_end_ && piece.size() < kMergedPerStep) {
    Share& from = shares_[page_[next_++].loop];
    const std::size_t size = from.text.sizes[from.next_size++];
    if (size == 0) continue;
    if (from.at == from.text.pieces[from.next_piece].size()) {
      from.text.pieces[from.next_piece++] = {};
      from.at = 0;
    }
    piece.append(from.text.pieces[from.next_piece], from.at, size);
    from.at += size;
  }
  merged_.push_back(std::move(piece));
  if (next_ < page_end_) return false;
  finish(std::move(merged_));
  return true;
}

void ConnzListing::finish(std::vector<std::string> pieces) {
  ConnzCount count{.total = total_};
  for (const Share& share : shares_) count.shown += share.text.shown;
  ConnzFrame frame = connz_frame(*task_, count);
  if (count.shown > 0) pieces.front().erase(0, 1);  // the comma
  pieces.insert(pieces.begin(), std::move(frame.head));
  pieces.push_back(std::move(frame.tail));
  done_(std::move(pieces));
}

void ConnzListing::in_steps(bool (ConnzListing::*step)()) {
  class Steps final : public broker::StepWork {
   public:
    Steps(std::shared_ptr<ConnzListing> its, bool (ConnzListing::*step)())
        : its_(std::move(its)), step_(step) {}
    bool step(broker::Worker&) override { return ((*its_).*step_)(); }

   private:
    std::shared_ptr<ConnzListing> its_;
    bool (ConnzListing::*step_)();
  };
  for (const auto& worker : broker_.workers())
    if (&worker->loop() == &home_)
      worker->work_in_steps(std::make_unique<Steps>(shared_from_this(), step));
}

}  // namespace midge::server
