// Answers tools and other servers about claims of accounts, in the system account: update, lookup,
// list, delete, pack. What there is depends on the resolver, as with nats-server.
//
// Thread: that of the loop its client is on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "io/clock.h"
#include "server/operator/operator_mode.h"
#include "server/system/server_json.h"
#include "server/system/system_client.h"

namespace midge::server {

class ClaimsService {
 public:
  // All outlive it. Subscribes; before the client starts.
  ClaimsService(OperatorMode& mode, SystemClient& client, ServerFacts facts, io::Clock& clock,
                Log& log);

 private:
  struct Words;  // how this resolver's answers read
  [[nodiscard]] const Words& words() const;

  void update(const SystemRequest& request, std::string_view account);
  void lookup(const SystemRequest& request, std::string_view account);
  void list(const SystemRequest& request);
  void remove(const SystemRequest& request);
  void pack(const SystemRequest& request);

  Result<std::size_t> remove_accounts(std::string_view token, std::string& who);
  void answer_ok(const SystemRequest& request, std::string_view account, std::string_view message);
  void answer_error(const SystemRequest& request, std::string_view account,
                    std::string_view description);
  void answer(const SystemRequest& request, std::string_view json);

  OperatorMode& mode_;
  SystemClient& client_;
  ServerFacts facts_;
  io::Clock& clock_;
  Log& log_;
  std::uint64_t sequence_ = 0;
};

}  // namespace midge::server
