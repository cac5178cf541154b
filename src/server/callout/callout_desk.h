// One loop's questions to callout services: each is published in the service's account with a
// reply subject of its own that nobody can guess, and waits for the first answer until logins are
// out of time. A service that is not there yet is asked again as long as there is time.
//
// Thread: the loop's. Answers are judged on the pool.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/inquiry.h"
#include "broker/internal_receiver.h"
#include "broker/worker.h"

namespace midge::server {

class CalloutDesk final : public broker::LoopService {
 public:
  explicit CalloutDesk(broker::Worker& worker);
  ~CalloutDesk() override;

  void inquire(std::uint64_t cid, std::uint32_t question, auth::InquiryPtr inquiry);

  void on_tick() override;
  void on_loop_stop() override;

 private:
  class Case;
  class JudgeJob;

  void look_at(Case& login);
  void publish(Case& login);
  void judge(Case& login);
  void tell_refused(AccountId account, const broker::Client& client, std::string_view why);
  void refuse_late(Case& login);
  // The end of a case: its client is told, if it is still there.
  void close(Case& login, auth::Verdict verdict);
  void note(const Case& login);

  broker::Worker& worker_;
  std::map<std::uint64_t, std::unique_ptr<Case>> cases_;  // by number
  std::vector<std::uint64_t> due_;                        // what on_tick() looks at
  std::uint64_t last_number_ = 0;
};

}  // namespace midge::server
