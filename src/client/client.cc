#include "midge/client.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "client/client_access.h"
#include "client/patience.h"
#include "client/worker.h"

namespace midge {

// The connection lives as long as a Client does.
struct Client::State {
  State(std::shared_ptr<Runtime> its_runtime, std::shared_ptr<detail::Connection> its_connection)
      : runtime(std::move(its_runtime)), connection(std::move(its_connection)) {}
  ~State() { connection->close(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const std::shared_ptr<Runtime> runtime;
  const std::shared_ptr<detail::Connection> connection;
};

std::shared_ptr<detail::Connection> detail::ClientAccess::connection_of(const Client& client) {
  return client.state_ ? client.state_->connection : nullptr;
}

namespace {

std::unexpected<Error> not_connected() { return failure("not connected", ErrorCode::kClosed); }

}  // namespace

Result<Client> Client::connect(std::string_view servers) {
  Options options;
  options.servers = {std::string(servers)};
  return connect(std::move(options));
}

Result<Client> Client::connect(Options options) {
  if (options.in_process) options.servers = {"nats://in-process"};
  // One list: what may not stand beside each other may not in any of them.
  std::string list;
  for (const std::string& some : options.servers) list.append(some).append(",");
  ASSIGN_OR_RETURN(auto urls, codec::parse_server_urls(list));
  std::optional<codec::ServerUrl> proxy;
  if (!options.proxy.empty()) {
    ASSIGN_OR_RETURN(proxy, codec::parse_proxy_url(options.proxy));
  }
  auto runtime = options.runtime ? std::exchange(options.runtime, nullptr) : Runtime::start();
  auto worker = static_cast<detail::Worker&>(*runtime).shared_from_this();
  auto connection = std::make_shared<detail::Connection>(std::move(worker), std::move(options),
                                                         std::move(urls), std::move(proxy));
  auto state = std::make_shared<State>(std::move(runtime), std::move(connection));
  TRY(state->connection->start());
  return Client(std::move(state));
}

Result<void> Client::publish(std::string_view subject, std::string_view data,
                             std::string_view reply) const {
  if (!state_) return not_connected();
  return state_->connection->publish(subject, reply, nullptr, data, kDefaultTimeout);
}

Result<void> Client::publish(std::string_view subject, const Headers& headers,
                             std::string_view data, std::string_view reply) const {
  if (!state_) return not_connected();
  return state_->connection->publish(subject, reply, &headers, data, kDefaultTimeout);
}

Result<void> Client::respond(const Message& to, std::string_view data) const {
  if (to.reply().empty()) return failure("the message wants no answer", ErrorCode::kInvalid);
  return publish(to.reply(), data);
}

namespace {

// What users hold of a subscription. Without a callback nobody can take its messages once the last
// handle is gone.
std::shared_ptr<detail::Subscription> handle_of(std::shared_ptr<detail::Subscription> state) {
  if (state->callback) return state;
  detail::Subscription* const pointer = state.get();
  return {pointer, [state = std::move(state)](detail::Subscription*) {
            const auto connection = state->has_ended() ? nullptr : state->connection.lock();
            if (connection) connection->unsubscribe(state);
          }};
}

}  // namespace

Result<Subscription> Client::subscribe(std::string_view subject, Subscription::Callback callback,
                                       SubscribeOptions options) const {
  if (!state_) return not_connected();
  ASSIGN_OR_RETURN(auto state,
                   state_->connection->subscribe(subject, std::move(options), std::move(callback)));
  return Subscription(handle_of(std::move(state)));
}

Result<Subscription> Client::subscribe(std::string_view subject, SubscribeOptions options) const {
  return subscribe(subject, nullptr, std::move(options));
}

Result<Message> Client::request(std::string_view subject, std::string_view data,
                                Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->request(subject, nullptr, data, deadline);
}

Result<Message> Client::request(std::string_view subject, const Headers& headers,
                                std::string_view data, Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->request(subject, &headers, data, deadline);
}

Result<void> Client::request_async(std::string_view subject, std::string_view data, OnAnswer done,
                                   Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->request_async(subject, nullptr, data, std::move(done), deadline);
}

Result<void> Client::request_async(std::string_view subject, const Headers& headers,
                                   std::string_view data, OnAnswer done, Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->request_async(subject, &headers, data, std::move(done), deadline);
}

Result<std::vector<Message>> Client::request_many(std::string_view subject, std::string_view data,
                                                  ManyOptions options, Deadline deadline) const {
  const detail::Remaining left(deadline);
  const std::string inbox = new_inbox();
  ASSIGN_OR_RETURN(Subscription answers, subscribe(inbox));
  TRY(state_->connection->publish(subject, inbox, nullptr, data, deadline));
  std::vector<Message> all;
  while (options.count == 0 || all.size() < options.count) {
    Timeout wait = left().timeout;
    if (options.stall.count() > 0 && !all.empty()) wait = std::min(wait, options.stall);
    auto answer = answers.next({std::max(wait, Timeout::zero()), deadline.stop});
    if (!answer && answer.error().code() == ErrorCode::kTimeout) break;
    std::optional<Error> why;
    if (!answer)
      why = std::move(answer).error();
    else if (all.empty() && answer->status() == 503 && answer->data().empty())
      why = Error("no responders", ErrorCode::kNoResponders);
    if (why) {
      (void)answers.unsubscribe();
      return *std::move(why);
    }
    if (options.is_last && options.is_last(*answer)) break;
    all.push_back(*std::move(answer));
  }
  (void)answers.unsubscribe();
  return all;
}

std::string Client::new_inbox() const { return state_ ? state_->connection->new_inbox() : ""; }

Result<void> Client::flush(Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->flush(deadline);
}

Result<void> Client::flush_async(std::function<void(Result<void>)> done, Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->flush_async(std::move(done), deadline);
}

Result<Timeout> Client::rtt(Deadline deadline) const {
  const MonoTime began = io::Monitor::now();
  TRY(flush(std::move(deadline)));
  return Timeout((io::Monitor::now() - began).ns);
}

Result<void> Client::drain(Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->drain(deadline);
}

void Client::close() const {
  if (state_) state_->connection->close();
}

void Client::force_reconnect() const {
  if (state_) state_->connection->force_reconnect();
}

Result<std::size_t> Client::poll(Deadline deadline) const {
  if (!state_) return not_connected();
  return state_->connection->poll(std::move(deadline));
}

Status Client::status() const { return state_ ? state_->connection->status() : Status::kClosed; }

ClientFigures Client::figures() const {
  return state_ ? state_->connection->figures() : ClientFigures{};
}

std::string Client::connected_url() const {
  return state_ ? state_->connection->connected_url() : "";
}

std::string Client::connected_server() const {
  return state_ ? state_->connection->connected_server() : "";
}

ServerInfo Client::server_info() const {
  return state_ ? state_->connection->server_info() : ServerInfo{};
}

std::vector<std::string> Client::servers() const {
  return state_ ? state_->connection->servers() : std::vector<std::string>{};
}

std::size_t Client::max_payload() const { return state_ ? state_->connection->max_payload() : 0; }

std::string Client::last_error() const { return state_ ? state_->connection->last_error() : ""; }

}  // namespace midge
