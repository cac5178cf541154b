// Turns account configurations into AccountPlans: who may import what, cycles, transforms.
//
// One use: construct, run(), done. The order of checks is nats-server's, since the first error is
// what an operator reads: exports of all accounts, then stream imports, then service imports.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/account_plan.h"

namespace midge::broker {

class AccountResolver {
 public:
  AccountResolver(std::span<const AccountConfig> configs, Accounts& accounts,
                  std::vector<Error>* skipped)
      : configs_(configs), accounts_(accounts), skipped_(skipped) {}

  Result<std::shared_ptr<AccountPlans>> run();

 private:
  // An import that was taken, for the search for cycles.
  struct Taken {
    std::size_t importer, exporter;  // indexes of configs_
    std::string subject;             // at the exporter
    std::string local;               // at the importer, wildcards as `*`
    bool is_service;
  };

  static constexpr std::size_t kNowhere = ~std::size_t{0};

  [[nodiscard]] std::size_t index_of(std::string_view name) const;
  Result<void> check_export(const ExportConfig& config) const;
  Result<void> add_stream(std::size_t importer, const ImportConfig& config);
  Result<void> add_service(std::size_t importer, const ImportConfig& config);
  [[nodiscard]] bool closes_cycle(const Taken& taken) const;
  [[nodiscard]] bool reaches(std::size_t account, std::string_view subject, bool is_service,
                             std::size_t wanted, unsigned depth) const;
  Result<void> add_mappings(AccountPlan& plan, const AccountConfig& config);
  // Refuses, or leaves out what failed.
  Result<void> settle(Result<void> result);

  std::span<const AccountConfig> configs_;
  Accounts& accounts_;
  std::vector<Error>* skipped_;
  std::vector<Taken> taken_;
  std::shared_ptr<AccountPlans> plans_;
};

}  // namespace midge::broker
