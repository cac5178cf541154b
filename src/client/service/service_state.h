// What a service's handles and callbacks share.
//
// Thread: any. Callbacks of subscriptions hold it weakly.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/client_access.h"
#include "io/monitor.h"
#include "midge/service.h"

namespace midge::detail {

struct EndpointState : std::enable_shared_from_this<EndpointState> {
  using Data = std::function<std::string()>;
  EndpointState(EndpointInfo its_info, ServiceHandler its_handler, Data its_data)
      : info(std::move(its_info)), handler(std::move(its_handler)), data(std::move(its_data)) {}

  const EndpointInfo info;
  const ServiceHandler handler;
  const Data data;                   // may be empty
  midge::Subscription subscription;  // set before others know the endpoint

  void handle(const Message& message, const Client& client);
  void count_error(int code, std::string_view description);
  [[nodiscard]] EndpointStats stats();
  void reset();

 private:
  io::Monitor monitor_;
  std::uint64_t requests_ = 0, errors_ = 0;
  std::string last_error_;
  Duration processing_{};
};

struct ServiceState : std::enable_shared_from_this<ServiceState> {
  ServiceState(Client its_client, ServiceConfig its_config);
  ~ServiceState();

  Result<void> start();
  Result<void> add(EndpointConfig endpoint, const std::string& prefix,
                   const std::string& queue_group, ServiceHandler handler);
  Result<void> stop(const Deadline& deadline);
  [[nodiscard]] bool stopped();
  [[nodiscard]] ServiceInfo info();
  [[nodiscard]] ServiceStats stats();
  void reset();

  Client client;
  const ServiceConfig config;

 private:
  using Answer = std::string (ServiceState::*)();
  Result<void> answer_on(const std::string& subject, Answer answer);
  std::string ping_text();
  std::string info_text();
  std::string stats_text();
  std::vector<midge::Subscription> take_subscriptions();

  const std::shared_ptr<Connection> connection_;
  const std::string id_;
  io::Monitor monitor_;
  Time started_{};
  bool stopped_ = false;
  std::vector<midge::Subscription> questions_;
  std::vector<std::shared_ptr<EndpointState>> endpoints_;
};

}  // namespace midge::detail
