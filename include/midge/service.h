// A service (ADR-32): endpoints that answer requests, and what everybody may ask of it.
//
//   auto service = midge::Service::start(client, {.name = "sums", .version = "1.0.0"}).value();
//   service.add_endpoint({.name = "double"}, [](const midge::ServiceRequest& r) {
//     r.respond(twice(r.data()));
//   }).value();
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "midge/client.h"
#include "midge/stream_config.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
struct EndpointState;
struct ServiceState;
}  // namespace detail

struct ServiceConfig {
  std::string name;               // letters, digits, `-`, `_`
  std::string version;            // semantic: `1.2.3`
  std::string description;        // for people
  Metadata metadata;              // of the instance; for programs
  std::string queue_group = "q";  // of its endpoints; "" = each instance gets each request
};

// What an endpoint is to be.
struct EndpointConfig {
  std::string name;                        // letters, digits, `-`, `_`
  std::string subject;                     // "" = the name; behind the group's prefix
  std::optional<std::string> queue_group;  // none = the group's
  Metadata metadata;                       // for programs
  // What statistics have as `data`: JSON; else it is told as a text. Called for each who asks,
  // perhaps at the same time.
  std::function<std::string()> stats_data;
};

// An endpoint as its service tells of it.
struct EndpointInfo {
  std::string name, subject, queue_group;
  Metadata metadata;
};

// A service as it tells of itself; `id` is of this instance.
struct ServiceInfo {
  std::string name, id, version, description;
  Metadata metadata;
  std::vector<EndpointInfo> endpoints;
};

// What an endpoint has done since the start, or since reset_stats().
struct EndpointStats {
  std::string name, subject, queue_group;
  std::uint64_t requests = 0, errors = 0;  // answered; of these with an error, or not taken
  std::string last_error;                  // `500:what is wrong`
  std::chrono::nanoseconds processing{}, average_processing{};  // in the handler
  std::string data;  // JSON that the endpoint tells of itself; "" = none
};

// What a service has done.
struct ServiceStats {
  std::string name, id, version;
  Metadata metadata;
  Time started{};
  std::vector<EndpointStats> endpoints;
};

// A request, to be answered at once or later: a copy keeps it.
class ServiceRequest {
 public:
  [[nodiscard]] const Message& message() const { return message_; }
  [[nodiscard]] std::string_view subject() const { return message_.subject(); }
  [[nodiscard]] std::string_view data() const { return message_.data(); }
  // As Message::header().
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return message_.header(name);
  }

  // Errors: as Client::respond().
  Result<void> respond(std::string_view data) const;
  Result<void> respond(const Headers& headers, std::string_view data) const;
  // Counts as an error of the endpoint. Errors: also kInvalid: no code, or no description.
  Result<void> respond_error(int code, std::string_view description,
                             std::string_view data = {}) const;

 private:
  friend struct detail::EndpointState;
  ServiceRequest(Message message, Client client, std::shared_ptr<detail::EndpointState> endpoint)
      : message_(std::move(message)), client_(std::move(client)), endpoint_(std::move(endpoint)) {}

  Message message_;
  mutable Client client_;  // sending changes no request
  std::shared_ptr<detail::EndpointState> endpoint_;
};

// Called on the background thread; must not wait.
using ServiceHandler = std::function<void(const ServiceRequest&)>;

// Endpoints whose subjects have a prefix. A handle, like the service.
class ServiceGroup {
 public:
  // Errors: as Service::add_endpoint().
  Result<void> add_endpoint(EndpointConfig config, ServiceHandler handler) const;
  // `queue_group`: none = this one's.
  [[nodiscard]] ServiceGroup group(std::string_view prefix,
                                   std::optional<std::string> queue_group = {}) const;

 private:
  friend class Service;
  ServiceGroup(std::shared_ptr<detail::ServiceState> state, std::string prefix,
               std::string queue_group)
      : state_(std::move(state)),
        prefix_(std::move(prefix)),
        queue_group_(std::move(queue_group)) {}

  std::shared_ptr<detail::ServiceState> state_;
  std::string prefix_;  // with its dot; "" = none
  std::string queue_group_;
};

// A handle; the service ends with stop(), its connection, or the last handle of it and its groups.
// Thread: any.
class Service {
 public:
  // Errors: kInvalid (name, version), and as Client::subscribe().
  static Result<Service> start(Client client, ServiceConfig config);

  // Errors: kInvalid (name, subject), kClosed (it was stopped).
  Result<void> add_endpoint(EndpointConfig config, ServiceHandler handler) const;
  [[nodiscard]] ServiceGroup group(std::string_view prefix,
                                   std::optional<std::string> queue_group = {}) const;

  [[nodiscard]] ServiceInfo info() const;
  [[nodiscard]] ServiceStats stats() const;
  void reset_stats() const;
  // Requests that the server has sent already are answered before it returns. Errors: as
  // Subscription::drain().
  Result<void> stop(Deadline deadline = kDefaultTimeout) const;
  [[nodiscard]] bool stopped() const;

 private:
  explicit Service(std::shared_ptr<detail::ServiceState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::ServiceState> state_;
};

// Which services are meant, and when enough have answered.
struct DiscoveryOptions {
  std::string name;       // "" = all
  std::string id;         // of one instance, with its name
  std::size_t count = 0;  // 0 = as many as come
  std::chrono::nanoseconds stall = std::chrono::milliseconds(300);  // since the last; 0 = none
};

// Asks services of this or any other library who is there. Thread: any.
class ServiceDiscovery {
 public:
  // Asks nothing yet.
  explicit ServiceDiscovery(Client client) : client_(std::move(client)) {}

  // Who answers; nobody is no error. ping() tells no endpoints. Errors: as Client::request_many();
  // kInvalid (a name, an answer that cannot be read).
  Result<std::vector<ServiceInfo>> ping(DiscoveryOptions options = {},
                                        Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<ServiceInfo>> info(DiscoveryOptions options = {},
                                        Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<ServiceStats>> stats(DiscoveryOptions options = {},
                                          Deadline deadline = kDefaultTimeout) const;

 private:
  Client client_;
};

}  // namespace midge

#pragma GCC visibility pop
