#include "midge/service.h"

#include <utility>

#include "base/result.h"
#include "client/service/service_state.h"

namespace midge {

Result<void> ServiceRequest::respond(std::string_view data) const {
  return client_.respond(message_, data);
}

Result<void> ServiceRequest::respond(const Headers& headers, std::string_view data) const {
  if (message_.reply().empty()) return failure("the message wants no answer", ErrorCode::kInvalid);
  return client_.publish(message_.reply(), headers, data);
}

Result<void> ServiceRequest::respond_error(int code, std::string_view description,
                                           std::string_view data) const {
  if (code == 0 || description.empty())
    return failure("an error has a code and a description", ErrorCode::kInvalid);
  Headers headers;
  headers.add("Nats-Service-Error", description);
  headers.add("Nats-Service-Error-Code", std::to_string(code));
  endpoint_->count_error(code, description);
  return respond(headers, data);
}

Result<void> ServiceGroup::add_endpoint(EndpointConfig config, ServiceHandler handler) const {
  return state_->add(std::move(config), prefix_, queue_group_, std::move(handler));
}

ServiceGroup ServiceGroup::group(std::string_view prefix,
                                 std::optional<std::string> queue_group) const {
  std::string whole = prefix_ + std::string(prefix);
  if (!prefix.empty()) whole += '.';
  return {state_, std::move(whole), std::move(queue_group).value_or(queue_group_)};
}

Result<Service> Service::start(Client client, ServiceConfig config) {
  auto state = std::make_shared<detail::ServiceState>(std::move(client), std::move(config));
  TRY(state->start());
  return Service(std::move(state));
}

Result<void> Service::add_endpoint(EndpointConfig config, ServiceHandler handler) const {
  return group("").add_endpoint(std::move(config), std::move(handler));
}

ServiceGroup Service::group(std::string_view prefix, std::optional<std::string> queue_group) const {
  return ServiceGroup(state_, "", state_->config.queue_group).group(prefix, std::move(queue_group));
}

ServiceInfo Service::info() const { return state_->info(); }

ServiceStats Service::stats() const { return state_->stats(); }

void Service::reset_stats() const { state_->reset(); }

bool Service::stopped() const { return state_->stopped(); }

Result<void> Service::stop(Deadline deadline) const { return state_->stop(deadline); }

}  // namespace midge
