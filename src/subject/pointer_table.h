// A sharded hash table of pointers to nodes that know their own key. Owns its slots, not the nodes.
//
// Readers take no lock. Slots come in buckets of one cache line: six node addresses, and 16 bits of
// each node's hash, the tags, in two words. A search compares all tags of a bucket at once, touches
// only nodes whose tag agrees, and goes on to the next bucket only if this one has no empty slot;
// so what is erased from a bucket without empty slots leaves a tombstone, which the next insertion
// may take. Nothing ever moves under a reader. An address carries 16 more bits of the hash, so that
// a shard is rebuilt without touching any node; shards are small, so a rebuild is short.
//
// Writers hold lock(hash) around insert() and erase(). They write the address before the tag, so a
// reader who sees a tag sees its address, or a later one: find() asks the node itself in any case.
//
// Of a hash, the top bits choose the shard, bits 16 to 31 are the tag, and the low 16 bits, stored
// with the address, choose the bucket.
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
  // At least one bit.
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
    const std::uint64_t tag = tag_of(hash);
    std::size_t i = hash & view.mask;
    // Bounded: for a moment there may be no bucket with an empty slot to end the search.
    for (std::size_t looked = 0; looked <= view.mask; ++looked, i = (i + 1) & view.mask) {
      const Bucket& bucket = view.buckets[i];
      const Tags tags(bucket, std::memory_order_acquire);
      for (std::uint64_t hits = tags.equal_to(tag); hits != 0; hits &= hits - 1) {
        Node* node = node_of(bucket.slots[slot_of(hits)].load(std::memory_order_acquire));
        if (same(*node)) return node;
      }
      if (tags.equal_to(kEmpty) != 0) return nullptr;
    }
    return nullptr;
  }
  // Fetches the bucket that find() will look at first.
  void prefetch(std::uint64_t hash) const {
    View view(buckets_[hash >> shift_].load(std::memory_order_acquire));
    if (view.buckets != nullptr) __builtin_prefetch(&view.buckets[hash & view.mask]);
  }

  // Fetches the node that find() will probably ask. Worth it if the caller has other work first.
  void prefetch_node(std::uint64_t hash) const {
    const Node* node = probable_node(hash);
    if (node == nullptr) return;
    __builtin_prefetch(node);
    __builtin_prefetch(reinterpret_cast<const char*>(node) + 63);  // the text may be in two lines
  }

  // The node that find() will probably ask; it may be another's. Null if there is none.
  const Node* probable_node(std::uint64_t hash) const {
    View view(buckets_[hash >> shift_].load(std::memory_order_acquire));
    if (view.buckets == nullptr) return nullptr;
    const Bucket& bucket = view.buckets[hash & view.mask];
    std::uint64_t hits = Tags(bucket, std::memory_order_acquire).equal_to(tag_of(hash));
    if (hits == 0) return nullptr;
    return node_of(bucket.slots[slot_of(hits)].load(std::memory_order_acquire));
  }

  WriterLock& lock(std::uint64_t hash) { return shards_[hash >> shift_].lock; }
  void insert(std::uint64_t hash, Node* node, LoopId near);
  void erase(std::uint64_t hash, Node* node, LoopId near);

  // Only while nobody writes.
  template <class Visit>
  void for_each(Visit visit) const;
  [[nodiscard]] std::size_t size() const;

 private:
  static constexpr std::uint64_t kEmpty = 0;  // tags
  static constexpr std::uint64_t kTombstone = 1;
  static constexpr std::uint32_t kBucketSize = 6;
  static constexpr std::uint64_t kHashBits = 0xffff'0000'0000'0000U;  // addresses have 48 bits

  using Word = std::atomic<std::uint64_t>;
  struct alignas(64) Bucket {
    Word tags[2];  // four 16-bit lanes each: of slots 0 to 3; of slots 4 and 5, and two unused
    Word slots[kBucketSize];
  };

  // The tags of a bucket at one moment. Sets of slots are words with a bit for each, see slot_of().
  class Tags {
   public:
    Tags(const Bucket& bucket, std::memory_order order)
        : low_(bucket.tags[0].load(order)), high_(bucket.tags[1].load(order)) {}
    [[nodiscard]] std::uint64_t equal_to(std::uint64_t tag) const {
      const std::uint64_t all = tag * 0x0001'0001'0001'0001U;
      return zero_lanes(low_ ^ all) | (zero_lanes(high_ ^ all) & 0x8000'8000U) >> 1;
    }

   private:
    // The top bit of every lane that is zero.
    static std::uint64_t zero_lanes(std::uint64_t lanes) {
      constexpr std::uint64_t kLow = 0x7fff'7fff'7fff'7fffU;
      return ~(((lanes & kLow) + kLow) | lanes | kLow);
    }
    std::uint64_t low_;
    std::uint64_t high_;
  };
  // The slot of the lowest bit of a set: bits 15, 31, 47, 63 are slots 0 to 3; 14 and 30 are 4
  // and 5.
  static std::uint32_t slot_of(std::uint64_t set) {
    auto bit = static_cast<std::uint32_t>(std::countr_zero(set));
    return (bit >> 4) + (~bit & 1) * 4;
  }

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
    // Buckets without an empty slot. They end no search, so there must never be many.
    std::atomic<std::uint32_t> sealed;
  };

  static std::uint64_t tag_of(std::uint64_t hash) {
    std::uint64_t tag = hash >> 16 & 0xffff;
    return tag > kTombstone ? tag : tag + 2;
  }
  static Node* node_of(std::uint64_t slot) { return reinterpret_cast<Node*>(slot & ~kHashBits); }
  static std::uint64_t slot_for(const Node* node, std::uint64_t hash) {
    return reinterpret_cast<std::uint64_t>(node) | hash << 48;
  }
  static std::uint64_t tag_at(const Bucket& bucket, std::uint32_t slot) {
    return bucket.tags[slot / 4].load(std::memory_order_relaxed) >> slot % 4 * 16 & 0xffff;
  }
  static void set_tag(Bucket& bucket, std::uint32_t slot, std::uint64_t tag) {
    Word& word = bucket.tags[slot / 4];
    std::uint32_t lane = slot % 4 * 16;
    std::uint64_t others = word.load(std::memory_order_relaxed) & ~(std::uint64_t{0xffff} << lane);
    word.store(others | tag << lane, std::memory_order_release);
  }

  [[nodiscard]] View view_of(std::size_t shard) const {
    return View(buckets_[shard].load(std::memory_order_relaxed));
  }
  // True if the bucket it went to has no empty slot any more, and had one before.
  static bool place(View view, std::uint64_t slot, std::uint64_t tag);
  void rebuild(std::size_t shard, std::size_t bucket_count, LoopId near);
  void change_live(std::size_t shard, std::int32_t by, LoopId near);

  const unsigned shift_;
  ZeroedArray<Word> buckets_;  // written at rebuilds only
  ZeroedArray<Shard> shards_;
  Reclaimer& reclaimer_;
};

template <class Node>
bool PointerTable<Node>::place(View view, std::uint64_t slot, std::uint64_t tag) {
  for (std::size_t i = slot >> 48 & view.mask;; i = (i + 1) & view.mask) {
    Bucket& bucket = view.buckets[i];
    for (std::uint32_t j = 0; j < kBucketSize; ++j) {
      const std::uint64_t before = tag_at(bucket, j);
      if (before > kTombstone) continue;
      bucket.slots[j].store(slot, std::memory_order_release);
      set_tag(bucket, j, tag);
      return before == kEmpty && Tags(bucket, std::memory_order_relaxed).equal_to(kEmpty) == 0;
    }
  }
}

template <class Node>
void PointerTable<Node>::insert(std::uint64_t hash, Node* node, LoopId near) {
  DCHECK((reinterpret_cast<std::uint64_t>(node) & kHashBits) == 0, "an address of over 48 bits");
  std::size_t shard = hash >> shift_;
  change_live(shard, +1, near);
  if (!place(view_of(shard), slot_for(node, hash), tag_of(hash))) return;
  // Under churn every bucket is full once, and keeps tombstones from then on. With over half of
  // them like that a search would not end soon. A fresh table has about 30 % of them at the most.
  const std::uint32_t sealed = shards_[shard].sealed.load(std::memory_order_relaxed) + 1;
  shards_[shard].sealed.store(sealed, std::memory_order_relaxed);
  const std::size_t count = view_of(shard).count();
  if (sealed * std::size_t{2} > count) rebuild(shard, count, near);
}

template <class Node>
void PointerTable<Node>::erase(std::uint64_t hash, Node* node, LoopId near) {
  std::size_t shard = hash >> shift_;
  View view = view_of(shard);
  ENSURE(view.buckets != nullptr, "erasing from an empty shard");
  for (std::size_t i = hash & view.mask;; i = (i + 1) & view.mask) {
    Bucket& bucket = view.buckets[i];
    const Tags tags(bucket, std::memory_order_relaxed);
    bool ends_here = tags.equal_to(kEmpty) != 0;
    for (std::uint64_t hits = tags.equal_to(tag_of(hash)); hits != 0; hits &= hits - 1) {
      std::uint32_t j = slot_of(hits);
      if (node_of(bucket.slots[j].load(std::memory_order_relaxed)) != node) continue;
      set_tag(bucket, j, ends_here ? kEmpty : kTombstone);
      return change_live(shard, -1, near);
    }
    ENSURE(!ends_here, "erasing a node that is not in the table");
  }
}

// Keeps a shard between an eighth and 70 % full; one bucket stays, or a lonely node that comes and
// goes would make and drop it each time. Tombstones take no room: they are taken
// first, and only a bucket that was full has any.
template <class Node>
void PointerTable<Node>::change_live(std::size_t shard, std::int32_t by, LoopId near) {
  std::atomic<std::uint32_t>& stored = shards_[shard].live;
  std::uint32_t live = stored.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(by);
  stored.store(live, std::memory_order_relaxed);
  std::size_t count = view_of(shard).count();
  std::size_t capacity = count * kBucketSize;
  if (live * std::size_t{10} > capacity * 7)
    rebuild(shard, count == 0 ? 1 : count * 2, near);
  else if (count > 1 && live * std::size_t{8} < capacity)
    rebuild(shard, count / 2, near);
}

template <class Node>
void PointerTable<Node>::rebuild(std::size_t shard, std::size_t bucket_count, LoopId near) {
  ENSURE(bucket_count <= 1U << 16, "an index shard outgrew the hash bits that it stores");
  View old = view_of(shard);
  std::uint64_t word = 0;
  std::uint32_t sealed = 0;
  if (bucket_count > 0) {
    auto* buckets = static_cast<Bucket*>(zeroed_lines(bucket_count * sizeof(Bucket)));
    word = View::pack(buckets, bucket_count);
    for (std::size_t i = 0; i < old.count(); ++i) {
      const Bucket& bucket = old.buckets[i];
      for (std::uint32_t j = 0; j < kBucketSize; ++j) {
        std::uint64_t tag = tag_at(bucket, j);
        if (tag > kTombstone)
          sealed += place(View(word), bucket.slots[j].load(std::memory_order_relaxed), tag);
      }
    }
  }
  shards_[shard].sealed.store(sealed, std::memory_order_relaxed);
  buckets_[shard].store(word, std::memory_order_release);
  if (old.buckets != nullptr) reclaimer_.retire(near, old.buckets);
}

template <class Node>
template <class Visit>
void PointerTable<Node>::for_each(Visit visit) const {
  for (std::size_t shard = 0; shard < buckets_.size(); ++shard) {
    View view = view_of(shard);
    for (std::size_t i = 0; i < view.count(); ++i) {
      const Bucket& bucket = view.buckets[i];
      for (std::uint32_t j = 0; j < kBucketSize; ++j)
        if (tag_at(bucket, j) > kTombstone)
          visit(*node_of(bucket.slots[j].load(std::memory_order_relaxed)));
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
