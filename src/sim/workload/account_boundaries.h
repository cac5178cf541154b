// Random accounts with imports, exports and mappings, reloaded again and again, against a model of
// who may see what: every message reaches exactly those that the model says, and answers to
// requests reach the one who asked. Some messages are traced, some of them only: each is told of
// once, with every delivery in its own account, and trace-only reaches nobody.
//
// A round: perhaps other accounts, by a reload; subscriptions change; everyone gets a PONG;
// everyone publishes at once; what came is compared; whoever was asked through an import answers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/account_model.h"
#include "sim/sim_env.h"
#include "sim/workload/sim_client.h"
#include "sim/workload/workload.h"

namespace midge::sim {

class AccountBoundaries final : public Workload {
 public:
  using Connect = std::function<std::unique_ptr<io::PipeClient>()>;
  using Reload = std::function<Result<void>(std::vector<broker::AccountConfig>)>;

  // The server has a user for each of the accounts `A` to `D`, with its name for a password.
  AccountBoundaries(SimEnv& env, Connect connect, Reload reload);
  ~AccountBoundaries() override;

  Result<void> setup() override;
  Result<void> step() override;
  Result<void> check() override { return {}; }

 private:
  struct Peer {
    std::string account;
    std::unique_ptr<SimClient> client;
    std::vector<int> subscriptions;  // indexes of subscriptions_, which are the sids too
  };
  enum class Tracing : std::uint8_t { kNone, kTraced, kOnly };
  struct Published {
    std::string account, subject;
    Peer* by = nullptr;
    bool asks = false;
    Tracing tracing = Tracing::kNone;
  };
  struct Asked {
    Peer* peer;
    std::string as;     // `account subject sid`
    std::string reply;  // `_R_.…`
  };

  Result<void> barrier();
  Result<void> change_accounts();
  void change_subscriptions(Peer& peer);
  void publish_some(Peer& peer);
  Result<void> compare();
  Result<void> compare_event(const std::string& payload, const std::string& event);
  Result<void> answer();

  SimEnv& env_;
  Connect connect_;
  Reload reload_;
  broker::AccountMaker make_;
  std::vector<broker::AccountConfig> configs_;
  std::vector<broker::AccountModel::Subscription> subscriptions_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::map<std::string, Published> messages_;        // of this round, by payload
  std::map<std::string, std::vector<Asked>> asked_;  // by payload
  std::map<std::string, bool> answerable_;           // by payload: somebody asked may answer
  std::map<std::string, std::string> events_;        // by payload of the traced message
  int next_message_ = 0;
};

}  // namespace midge::sim
