// A sharded hash table of pointers to nodes that know their own key. Owns its slots, not the nodes.
//
// Readers take no lock. A slot holds a node's address and, in the bits that an address leaves free,
// 20 bits of its hash: a miss touches a node hardly ever, and a shard is rebuilt without touching any
// node. Slots come in buckets of one cache line. A search looks at whole buckets, without a branch per
// slot, and goes on to the next bucket only if this one has no empty slot; so what is erased from a
// bucket without empty slots leaves a tombstone, which the next insertion may take. Nothing ever moves
// under a reader. Shards are small, so a rebuild is short.
//
// Writers hold lock(hash) around insert() and erase(). The hash's top bits choose the shard, its low
// 20 bits are the tag, whose low bits in turn choose the bucket.
//
// All zero is a valid empty table, and its memory is not touched before it is used.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "base/ids.h"
#include "subject/reclaimer.h"
#include "subject/writer_lock.h"
#include "subject/zeroed_array.h"

namespace midge::subject {

template <class Node>
class PointerTable {
 public:
  PointerTable(unsigned shard_bits, Reclaimer& reclaimer)
      : shift_(64 - shard_bits),
        buckets_(std::size_t{1} << shard_bits),
        shards_(std::size_t{1} << shard_bits),
        reclaimer_(reclaimer) {}
  ~PointerTable() {
    for (std::size_t i = 0; i < buckets_.size(); ++i) std::free(view_of(i).buckets);
  }
  PointerTable(const PointerTable&) = delete;
  PointerTable& operator=(const PointerTable&) = delete;

  // The node of this hash for which same(node) holds, or null.
  template <class Same>
  Node* find(std::uint64_t hash, Same same) const {
    View view(buckets_[hash >> shift_].load(std::memory_order_acquire));
    if (view.buckets == nullptr) return nullptr;
    const std::uint64_t want = tag_bits(hash);
    for (std::size_t i = hash & view.mask;; i = (i + 1) & view.mask) {
      const Bucket& bucket = view.buckets[i];
      std::uint32_t hits = 0;
      std::uint32_t empties = 0;
      for (std::uint32_t j = 0; j < kBucketSize; ++j) {
        std::uint64_t slot = bucket.slots[j].load(std::memory_order_acquire);
        hits |= static_cast<std::uint32_t>(((slot ^ want) & kTagBits) == 0) << j;
        empties |= static_cast<std::uint32_t>(slot == kEmpty);
      }
      for (; hits != 0; hits &= hits - 1) {
        // The slot may have changed since, but only to another valid content.
        std::uint64_t slot = bucket.slots[std::countr_zero(hits)].load(std::memory_order_acquire);
        if (slot == kEmpty || slot == kTombstone) continue;
        Node* node = node_of(slot);
        if (same(*node)) return node;
      }
      if (empties != 0) return nullptr;
    }
  }
  // Fetches the bucket that find() will look at first.
  void prefetch(std::uint64_t hash) const {
    View view(buckets_[hash >> shift_].load(std::memory_order_acquire));
    if (view.buckets != nullptr) __builtin_prefetch(&view.buckets[hash & view.mask]);
  }

  WriterLock& lock(std::uint64_t hash) { return shards_[hash >> shift_].lock; }
  void insert(std::uint64_t hash, Node* node, LoopId near);
  void erase(std::uint64_t hash, Node* node, LoopId near);

  // Only while nobody writes.
  template <class Visit>
  void for_each(Visit visit) const;
  [[nodiscard]] std::size_t size() const;

 private:
  // Addresses have 48 bits, and malloc's low four are zero.
  static constexpr std::uint64_t kTagBits = 0xffff'0000'0000'000fU;
  static constexpr unsigned kTagWidth = 20;
  static constexpr std::uint64_t kEmpty = 0;
  static constexpr std::uint64_t kTombstone = 0x10;  // an address where nothing ever lives
  static constexpr std::uint32_t kBucketSize = 8;

  using Slot = std::atomic<std::uint64_t>;
  struct alignas(64) Bucket {
    Slot slots[kBucketSize];
  };

  // A shard's buckets and their number in one word, so that readers get both at once.
  struct View {
    explicit View(std::uint64_t word)
        : buckets(reinterpret_cast<Bucket*>(word & ~kSizeBits)),
          mask((std::size_t{1} << (word >> 56)) - 1) {}
    static std::uint64_t pack(Bucket* buckets, std::size_t count) {
      return reinterpret_cast<std::uint64_t>(buckets) |
             static_cast<std::uint64_t>(std::countr_zero(count)) << 56;
    }
    static constexpr std::uint64_t kSizeBits = 0xff00'0000'0000'0000U;
    [[nodiscard]] std::size_t count() const { return buckets == nullptr ? 0 : mask + 1; }
    Bucket* buckets;
    std::size_t mask;
  };
  struct Shard {  // the writers' part
    WriterLock lock;
    std::atomic<std::uint32_t> live;
  };

  static std::uint64_t tag_bits(std::uint64_t hash) {
    return (hash & 0xf) | (hash >> 4) << 48;
  }
  static std::uint64_t tag_of(std::uint64_t slot) { return (slot & 0xf) | slot >> 48 << 4; }
  static Node* node_of(std::uint64_t slot) { return reinterpret_cast<Node*>(slot & ~kTagBits); }
  static bool is_node(std::uint64_t slot) { return slot != kEmpty && slot != kTombstone; }

  [[nodiscard]] View view_of(std::size_t shard) const {
    return View(buckets_[shard].load(std::memory_order_relaxed));
  }
  static void place(View view, std::uint64_t start, std::uint64_t slot);
  static bool has_empty(const Bucket& bucket);
  void rebuild(std::size_t shard, std::size_t bucket_count, LoopId near);
  void change_live(std::size_t shard, std::int32_t by, LoopId near);

  const unsigned shift_;
  ZeroedArray<std::atomic<std::uint64_t>> buckets_;  // written at rebuilds only
  ZeroedArray<Shard> shards_;
  Reclaimer& reclaimer_;
};

template <class Node>
void PointerTable<Node>::place(View view, std::uint64_t start, std::uint64_t slot) {
  for (std::size_t i = start & view.mask;; i = (i + 1) & view.mask) {
    for (Slot& place : view.buckets[i].slots) {
      if (is_node(place.load(std::memory_order_relaxed))) continue;
      place.store(slot, std::memory_order_release);
      return;
    }
  }
}

template <class Node>
void PointerTable<Node>::insert(std::uint64_t hash, Node* node, LoopId near) {
  DCHECK((reinterpret_cast<std::uint64_t>(node) & kTagBits) == 0, "an address with odd bits");
  std::size_t shard = hash >> shift_;
  change_live(shard, +1, near);
  place(view_of(shard), hash, reinterpret_cast<std::uint64_t>(node) | tag_bits(hash));
}

template <class Node>
void PointerTable<Node>::erase(std::uint64_t hash, Node* node, LoopId near) {
  std::size_t shard = hash >> shift_;
  View view = view_of(shard);
  ENSURE(view.buckets != nullptr, "erasing from an empty shard");
  const std::uint64_t wanted = reinterpret_cast<std::uint64_t>(node) | tag_bits(hash);
  for (std::size_t i = hash & view.mask;; i = (i + 1) & view.mask) {
    Bucket& bucket = view.buckets[i];
    bool ends_here = has_empty(bucket);
    for (Slot& slot : bucket.slots) {
      if (slot.load(std::memory_order_relaxed) != wanted) continue;
      slot.store(ends_here ? kEmpty : kTombstone, std::memory_order_relaxed);
      return change_live(shard, -1, near);
    }
    ENSURE(!ends_here, "erasing a node that is not in the table");
  }
}

template <class Node>
bool PointerTable<Node>::has_empty(const Bucket& bucket) {
  for (const Slot& slot : bucket.slots)
    if (slot.load(std::memory_order_relaxed) == kEmpty) return true;
  return false;
}

// Keeps the table between an eighth and two thirds full. Tombstones take no room: they are taken
// first, and only a bucket that was full has any.
template <class Node>
void PointerTable<Node>::change_live(std::size_t shard, std::int32_t by, LoopId near) {
  std::atomic<std::uint32_t>& stored = shards_[shard].live;
  std::uint32_t live = stored.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(by);
  stored.store(live, std::memory_order_relaxed);
  std::size_t count = view_of(shard).count();
  std::size_t capacity = count * kBucketSize;
  if (live * std::size_t{3} > capacity * 2) rebuild(shard, count == 0 ? 1 : count * 2, near);
  else if (live == 0) rebuild(shard, 0, near);
  else if (count > 1 && live * std::size_t{8} < capacity) rebuild(shard, count / 2, near);
}

template <class Node>
void PointerTable<Node>::rebuild(std::size_t shard, std::size_t bucket_count, LoopId near) {
  ENSURE(bucket_count <= std::size_t{1} << kTagWidth, "an index shard outgrew its tags");
  View old = view_of(shard);
  std::uint64_t word = 0;
  if (bucket_count > 0) {
    auto* buckets = static_cast<Bucket*>(zeroed_lines(bucket_count * sizeof(Bucket)));
    word = View::pack(buckets, bucket_count);
    for (std::size_t i = 0; i < old.count(); ++i) {
      for (const Slot& from : old.buckets[i].slots) {
        std::uint64_t slot = from.load(std::memory_order_relaxed);
        if (is_node(slot)) place(View(word), tag_of(slot), slot);
      }
    }
  }
  buckets_[shard].store(word, std::memory_order_release);
  if (old.buckets != nullptr) reclaimer_.retire(near, old.buckets);
}

template <class Node>
template <class Visit>
void PointerTable<Node>::for_each(Visit visit) const {
  for (std::size_t shard = 0; shard < buckets_.size(); ++shard) {
    View view = view_of(shard);
    for (std::size_t i = 0; i < view.count(); ++i) {
      for (const Slot& from : view.buckets[i].slots) {
        std::uint64_t slot = from.load(std::memory_order_relaxed);
        if (is_node(slot)) visit(*node_of(slot));
      }
    }
  }
}

template <class Node>
std::size_t PointerTable<Node>::size() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    sum += shards_[i].live.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace midge::subject
