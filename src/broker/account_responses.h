// Replies to requests that went through service imports: where `_R_.…` subjects lead.
//
// A request crosses with a reply subject of our own, `_R_.` and 22 letters: the loop that keeps the
// entry, its slot and generation, and 64 random bits that nobody can guess. Whoever publishes to it
// in the exporter's account answers the requester; anybody else reaches nobody by it.
//
// Owned by the loop of the requester; other loops mail what is published on `_R_.` there. Thread:
// the loop's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "broker/account_config.h"
#include "broker/account_latency.h"
#include "io/entropy.h"

namespace midge::broker {

inline constexpr std::string_view kResponsePrefix = "_R_.";

inline bool is_response_subject(std::string_view subject) {
  return subject.starts_with(kResponsePrefix);
}

// What a response subject says, right or forged.
struct ResponseToken {
  LoopId loop;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 24 bits
  std::uint64_t check = 0;

  static std::optional<ResponseToken> parse(std::string_view subject);
  void append_to(std::string& subject) const;
};

struct ResponseEntry {
  AccountId responder;  // where the `_R_.` subject is published
  AccountId requester;  // where the reply goes
  std::string reply;    // "" = the slot is free
  std::uint64_t cid = 0;
  MonoTime expires{};
  std::uint64_t check = 0;
  std::uint32_t generation = 0;
  ResponseType type = ResponseType::kSingleton;
  std::unique_ptr<LatencyTrack> latency;  // null: nobody wants to know
};

class ResponseTable {
 public:
  ResponseTable(LoopId loop, io::Entropy& entropy) : loop_(loop), entropy_(entropy) {}

  // Takes `entry` in (its check and generation are chosen here) and writes its subject to
  // `subject`. With too many entries open it writes nothing: the request goes without a reply.
  void open(ResponseEntry entry, std::string& subject);
  // Null: unknown, forged, used up or expired. Whoever asks compares the account.
  ResponseEntry* find(const ResponseToken& token, MonoTime now);
  // Closes it and hands out what it was; empty if it was closed before.
  ResponseEntry close(const ResponseToken& token);
  // Goes through a share of the entries and closes those that expired, which on_expired() gets, and
  // those that nobody waits for any more, by is_idle().
  template <class IsIdle, class OnExpired>
  void sweep(MonoTime now, IsIdle is_idle, OnExpired on_expired);

  [[nodiscard]] std::size_t size() const { return entries_.size() - free_.size(); }

 private:
  // Beyond this something asks and asks and nobody answers.
  static constexpr std::size_t kEntriesMax = 1 << 22;

  [[nodiscard]] std::uint64_t next_check();
  ResponseEntry release(std::uint32_t slot);

  LoopId loop_;
  io::Entropy& entropy_;
  std::vector<ResponseEntry> entries_;
  std::vector<std::uint32_t> free_;
  std::size_t cursor_ = 0;  // where the next sweep begins
  std::array<std::uint64_t, 64> checks_{};
  std::size_t checks_left_ = 0;
};

template <class IsIdle, class OnExpired>
void ResponseTable::sweep(MonoTime now, IsIdle is_idle, OnExpired on_expired) {
  constexpr std::size_t kShareMin = 4096;
  constexpr std::size_t kIdleChecksMax = 1024;
  std::size_t idle_checks = 0;
  std::size_t count = std::min(entries_.size(), std::max(kShareMin, entries_.size() / 8));
  for (; count > 0; --count) {
    if (cursor_ >= entries_.size()) cursor_ = 0;
    const auto slot = static_cast<std::uint32_t>(cursor_++);
    const ResponseEntry& entry = entries_[slot];
    if (entry.reply.empty()) continue;
    if (entry.expires <= now) {
      on_expired(release(slot));
    } else if (!entry.latency && idle_checks++ < kIdleChecksMax && is_idle(entry)) {
      release(slot);
    }
  }
}

}  // namespace midge::broker
