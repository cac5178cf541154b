#include "client/service/service_state.h"

#include <utility>

#include "base/result.h"
#include "client/message_block.h"
#include "client/patience.h"
#include "client/service/service_json.h"
#include "client/service/service_names.h"

namespace midge::detail {
namespace {

std::unexpected<Error> invalid(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

std::string draw_id(Client& client) {
  const std::string inbox = client.new_inbox();
  return inbox.substr(inbox.rfind('.') + 1);
}

}  // namespace

void EndpointState::handle(const Message& message, const Client& client) {
  const MonoTime began = io::Monitor::now();
  handler(ServiceRequest(MessageBlock::lend(message), client, shared_from_this()));
  const io::Monitor::Lock lock(monitor_);
  ++requests_;
  processing_ = processing_ + (io::Monitor::now() - began);
}

void EndpointState::count_error(int code, std::string_view description) {
  const io::Monitor::Lock lock(monitor_);
  ++errors_;
  last_error_ = std::to_string(code) + ":" + std::string(description);
}

EndpointStats EndpointState::stats() {
  std::string told = data ? data() : "";
  const io::Monitor::Lock lock(monitor_);
  const auto requests = static_cast<std::int64_t>(requests_);
  return {.name = info.name,
          .subject = info.subject,
          .queue_group = info.queue_group,
          .requests = requests_,
          .errors = errors_,
          .last_error = last_error_,
          .processing = Timeout(processing_.ns),
          .average_processing = Timeout(requests == 0 ? 0 : processing_.ns / requests),
          .data = std::move(told)};
}

void EndpointState::reset() {
  const io::Monitor::Lock lock(monitor_);
  requests_ = errors_ = 0;
  last_error_.clear();
  processing_ = {};
}

ServiceState::ServiceState(Client its_client, ServiceConfig its_config)
    : client(std::move(its_client)),
      config(std::move(its_config)),
      connection_(ClientAccess::connection_of(client)),
      id_(draw_id(client)) {}

ServiceState::~ServiceState() {
  for (midge::Subscription& subscription : take_subscriptions()) (void)subscription.unsubscribe();
}

// Each verb is asked of all services, of those of one name, and of one instance.
Result<void> ServiceState::start() {
  if (!is_service_name(config.name)) return invalid("invalid service name");
  if (!is_semantic_version(config.version)) return invalid("invalid service version");
  if (!connection_) return failure("not connected", ErrorCode::kClosed);
  started_ = time_of(connection_->wall_now());
  const std::pair<const char*, Answer> kVerbs[] = {{"PING", &ServiceState::ping_text},
                                                   {"INFO", &ServiceState::info_text},
                                                   {"STATS", &ServiceState::stats_text}};
  for (const auto& [verb, answer] : kVerbs) {
    const std::string all = std::string("$SRV.") + verb, named = all + "." + config.name;
    TRY(answer_on(all, answer));
    TRY(answer_on(named, answer));
    TRY(answer_on(named + "." + id_, answer));
  }
  return {};
}

Result<void> ServiceState::answer_on(const std::string& subject, Answer answer) {
  const std::weak_ptr<ServiceState> weak = weak_from_this();
  ASSIGN_OR_RETURN(midge::Subscription subscription,
                   client.subscribe(subject, [weak, answer](const Message& question) {
                     if (const auto self = weak.lock(); self && !question.reply().empty())
                       (void)self->client.respond(question, (self.get()->*answer)());
                   }));
  questions_.push_back(std::move(subscription));
  return {};
}

Result<void> ServiceState::add(EndpointConfig endpoint, const std::string& prefix,
                               const std::string& queue_group, ServiceHandler handler) {
  if (!is_service_name(endpoint.name)) return invalid("invalid endpoint name");
  if (!handler) return invalid("there is no handler");
  const io::Monitor::Lock lock(monitor_);
  if (stopped_) return failure("the service was stopped", ErrorCode::kClosed);
  const std::string& rest = endpoint.subject.empty() ? endpoint.name : endpoint.subject;
  auto added = std::make_shared<EndpointState>(
      EndpointInfo{.name = endpoint.name,
                   .subject = prefix + rest,
                   .queue_group = endpoint.queue_group.value_or(queue_group),
                   .metadata = std::move(endpoint.metadata)},
      std::move(handler), std::move(endpoint.stats_data));
  const std::weak_ptr<ServiceState> weak = weak_from_this();
  ASSIGN_OR_RETURN(added->subscription,
                   client.subscribe(added->info.subject,
                                    [weak, added = added.get()](const Message& message) {
                                      // The service keeps its endpoints.
                                      if (const auto self = weak.lock())
                                        added->handle(message, self->client);
                                    },
                                    {.queue = added->info.queue_group}));
  endpoints_.push_back(std::move(added));
  return {};
}

// Endpoints stay, for what they tell; nothing comes to them any more.
std::vector<midge::Subscription> ServiceState::take_subscriptions() {
  const io::Monitor::Lock lock(monitor_);
  stopped_ = true;
  std::vector<midge::Subscription> all = std::exchange(questions_, {});
  for (const auto& endpoint : endpoints_) all.push_back(std::move(endpoint->subscription));
  return all;
}

Result<void> ServiceState::stop(const Deadline& deadline) {
  if (connection_ && !connection_->may_wait()) return waits_for_itself();
  const MonoTime end = io::Monitor::now() + duration_of(deadline.timeout);
  Result<void> stopped;
  for (midge::Subscription& subscription : take_subscriptions()) {
    if (!subscription.active()) continue;
    auto drained = subscription.drain({Timeout((end - io::Monitor::now()).ns), deadline.stop});
    if (!drained && stopped) stopped = std::move(drained);
  }
  return stopped;
}

ServiceInfo ServiceState::info() {
  const io::Monitor::Lock lock(monitor_);
  ServiceInfo info{.name = config.name,
                   .id = id_,
                   .version = config.version,
                   .description = config.description,
                   .metadata = config.metadata,
                   .endpoints = {}};
  for (const auto& endpoint : endpoints_) info.endpoints.push_back(endpoint->info);
  return info;
}

bool ServiceState::stopped() {
  const io::Monitor::Lock lock(monitor_);
  return stopped_;
}

// What endpoints tell of themselves is asked for without the lock: they may ask us.
ServiceStats ServiceState::stats() {
  io::Monitor::Lock lock(monitor_);
  ServiceStats stats{.name = config.name,
                     .id = id_,
                     .version = config.version,
                     .metadata = config.metadata,
                     .started = started_,
                     .endpoints = {}};
  const auto endpoints = endpoints_;
  lock.unlock();
  for (const auto& endpoint : endpoints) stats.endpoints.push_back(endpoint->stats());
  return stats;
}

void ServiceState::reset() {
  const io::Monitor::Lock lock(monitor_);
  started_ = time_of(connection_->wall_now());
  for (const auto& endpoint : endpoints_) endpoint->reset();
}

std::string ServiceState::ping_text() {
  return codec::write_json_struct(ServiceAnswer{"ping", info()});
}

std::string ServiceState::info_text() {
  return codec::write_json_struct(ServiceAnswer{"info", info()});
}

std::string ServiceState::stats_text() { return stats_answer(stats()); }

}  // namespace midge::detail
