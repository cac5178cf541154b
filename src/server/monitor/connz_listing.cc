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
  const auto workers = broker_.workers();
  missing_ = workers.size();
  for (std::size_t i = 0; i < workers.size(); ++i)
    workers[i]->loop().post(
        broker::call_worker([its = shared_from_this(), i](broker::Worker& asked) {
          auto done = [its, i](ConnzFound found) {
            its->home_.post(
                broker::call_worker([its, i, found = std::move(found)](broker::Worker&) mutable {
                  its->take_keys(i, std::move(found));
                }));
          };
          asked.work_in_steps(std::make_unique<ConnzKeys>(its->task_, std::move(done)));
        }));
}

void ConnzListing::take_keys(std::size_t loop, ConnzFound found) {
  total_ += found.total;
  shares_[loop].found = std::move(found);
  if (--missing_ > 0) return;
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
  ask_for_texts();
  return true;
}

void ConnzListing::ask_for_texts() {
  const auto workers = broker_.workers();
  for (const Share& share : shares_) missing_ += share.items.empty() ? 0 : 1;
  if (missing_ == 0) return finish({});
  for (std::size_t i = 0; i < workers.size(); ++i) {
    Share& share = shares_[i];
    share.found = {};
    if (share.items.empty()) continue;
    workers[i]->loop().post(
        broker::call_worker([its = shared_from_this(), i,
                             items = std::move(share.items)](broker::Worker& asked) mutable {
          auto done = [its, i](ConnzText text) {
            its->home_.post(
                broker::call_worker([its, i, text = std::move(text)](broker::Worker&) mutable {
                  its->take_text(i, std::move(text));
                }));
          };
          asked.work_in_steps(
              std::make_unique<ConnzTexts>(its->task_, std::move(items), std::move(done)));
        }));
  }
}

void ConnzListing::take_text(std::size_t loop, ConnzText text) {
  shares_[loop].text = std::move(text);
  if (--missing_ > 0) return;
  // From one loop, it is in order as it is.
  const auto wrote = [](const Share& share) { return !share.text.sizes.empty(); };
  if (std::ranges::count_if(shares_, wrote) == 1)
    return finish(std::move(shares_[loop].text.pieces));
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
