// For tests and the simulator: random accounts, and a model of who may see what in them. Slow, and
// without indexes, caches or ids: it asks the configuration anew for each message.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/account_config.h"
#include "subject/subject.h"

namespace midge::broker {

// Who sees a message. Mappings must be literal and certain.
class AccountModel {
 public:
  struct Subscription {
    std::string account, subject;
    bool live = true;
  };

  AccountModel(const std::vector<AccountConfig>& configs,
               const std::vector<Subscription>& subscriptions)
      : configs_(configs), subscriptions_(subscriptions) {}

  // `account subject slot` of everybody who gets it, sorted.
  std::vector<std::string> reach(const std::string& account, const std::string& subject) {
    reached_.clear();
    served_.clear();
    direct_ = 0;
    visit(account, mapped(config(account), subject), {});
    std::ranges::sort(reached_);
    return reached_;
  }
  // Of what reach() found, those in the account of a service: they may answer.
  [[nodiscard]] const std::vector<std::string>& served() const { return served_; }
  // How many get it in the publisher's account without that anything is imported.
  [[nodiscard]] std::size_t direct() const { return direct_; }

 private:
  using Chain = std::vector<std::string>;

  const AccountConfig& config(const std::string& name) const {
    return *std::ranges::find(configs_, name, &AccountConfig::name);
  }
  static std::string mapped(const AccountConfig& account, const std::string& subject) {
    for (const MappingConfig& mapping : account.mappings)
      if (mapping.source == subject) return mapping.destinations[0].subject;
    return subject;
  }
  bool is_exported(const ImportConfig& import, const std::string& importer) const {
    return std::ranges::any_of(config(import.account).exports, [&](const ExportConfig& one) {
      const bool open =
          one.accounts.empty() || std::ranges::find(one.accounts, importer) != one.accounts.end();
      return one.is_service == import.is_service && one.subject == import.subject && open;
    });
  }
  void deliver(const std::string& account, const std::string& subject) {
    for (std::size_t i = 0; i < subscriptions_.size(); ++i) {
      const Subscription& one = subscriptions_[i];
      if (one.live && one.account == account && subject::matches(subject, one.subject))
        reached_.push_back(account + " " + subject + " " + std::to_string(i));
    }
  }
  void deliver_to_importers(const std::string& account, const std::string& subject) {
    for (const AccountConfig& other : configs_) {
      for (const ImportConfig& import : other.imports) {
        if (import.is_service || import.account != account || !is_exported(import, other.name) ||
            !subject::matches(subject, import.subject))
          continue;
        deliver(other.name, import.prefix.empty() ? subject : import.prefix + "." + subject);
      }
    }
  }
  void visit(const std::string& account, const std::string& subject, Chain chain) {
    if (std::ranges::find(chain, account + " " + subject) != chain.end()) return;
    chain.push_back(account + " " + subject);
    const std::size_t before = reached_.size();
    deliver(account, subject);
    if (chain.size() == 1) direct_ = reached_.size();
    if (chain.size() > 1)
      served_.insert(served_.end(), reached_.begin() + static_cast<std::ptrdiff_t>(before),
                     reached_.end());
    // Requests are for the service alone, not for who imports a stream of its account.
    if (chain.size() == 1) deliver_to_importers(account, subject);
    for (const ImportConfig& import : config(account).imports) {
      if (!import.is_service || !is_exported(import, account)) continue;
      // `r.x` stands here for `s.x` there, or the subject for itself.
      const bool renamed = !import.to.empty();
      if (!subject::matches(subject, renamed ? import.to : import.subject)) continue;
      const std::string there = renamed ? import.subject.substr(0, 1) + subject.substr(1) : subject;
      visit(import.account, mapped(config(import.account), there), chain);
    }
  }

  const std::vector<AccountConfig>& configs_;
  const std::vector<Subscription>& subscriptions_;
  std::vector<std::string> reached_, served_;
  std::size_t direct_ = 0;
};

// Draws accounts `A` to `D`; everything happens on the subjects `r s t` `.` `r s t`.
class AccountMaker {
 public:
  explicit AccountMaker(std::uint64_t seed) : state_(seed) {}

  unsigned below(unsigned limit) {  // splitmix64
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebU;
    return static_cast<unsigned>((mixed ^ mixed >> 31) % limit);
  }
  std::string account() { return std::string(1, static_cast<char>('A' + below(kAccounts))); }
  std::string subject() { return letter() + "." + letter(); }
  std::string pattern() {
    const std::string patterns[] = {letter() + ".*", "*." + letter(), ">", subject(), "p.>"};
    return patterns[below(5)];
  }

  // Imports come from accounts before: no cycles, so that nothing is refused but by its export.
  std::vector<AccountConfig> configs() {
    std::vector<AccountConfig> made(kAccounts);
    for (unsigned i = 0; i < kAccounts; ++i) {
      made[i].name = std::string(1, static_cast<char>('A' + i));
      for (const char first : {'s', 't'}) {
        for (const bool is_service : {false, true}) {
          if (below(3) == 0) continue;
          ExportConfig one;
          one.is_service = is_service;
          one.subject = std::string(1, first) + ".*";
          one.allow_trace = is_service && below(2) == 0;
          if (below(2) == 0) one.accounts = {account()};
          made[i].exports.push_back(std::move(one));
        }
      }
      for (unsigned j = 0; j < i; ++j) add_imports(made[i], made[j].name);
      for (unsigned count = below(3); count > 0; --count) {
        const std::string source = subject();
        const auto same = std::ranges::find(made[i].mappings, source, &MappingConfig::source);
        if (same == made[i].mappings.end())
          made[i].mappings.push_back({source, {{subject(), 100, ""}}});
      }
    }
    return made;
  }

 private:
  static constexpr unsigned kAccounts = 4;

  std::string letter() { return std::string(1, "rst"[below(3)]); }
  void add_imports(AccountConfig& importer, const std::string& exporter) {
    for (const char first : {'s', 't'}) {
      for (const bool is_service : {false, true}) {
        if (below(2) == 0) continue;
        ImportConfig one;
        one.is_service = is_service;
        one.account = exporter;
        one.subject = std::string(1, first) + ".*";
        one.allow_trace = !is_service && below(2) == 0;
        if (!is_service && below(2) == 0) one.prefix = "p";
        if (is_service && below(2) == 0) one.to = "r.*";
        importer.imports.push_back(std::move(one));
      }
    }
  }

  std::uint64_t state_;
};

}  // namespace midge::broker
