#include "server/system/asset_service.h"

#include <algorithm>
#include <utility>

#include "broker/accounts.h"
#include "codec/json_writer.h"
#include "server/system/server_filter.h"

namespace midge::server {
namespace {

constexpr std::string_view kServers = "$SYS.REQ.SERVER.";
constexpr std::string_view kAccounts = "$SYS.REQ.ACCOUNT.";
constexpr std::string_view kJsz = ".JSZ", kHealthz = ".HEALTHZ";
constexpr int kBadRequest = 400, kFailed = 500;

// As over HTTP, with the status inside, behind the word for it.
std::string with_status(std::string body, int status) {
  constexpr std::string_view kStart = "{\"status\":\"";
  const std::size_t end = body.find('"', kStart.size()) + 1;
  return body.insert(end, ",\"status_code\":" + std::to_string(status));
}

}  // namespace

void AssetService::attach(broker::Broker& broker, jetstream::JetStream* jetstream) {
  broker_ = &broker;
  jetstream_ = jetstream;
  worker_ = broker.workers()[0].get();
  worker_->add_service(*this);
}

void AssetService::on_loop_start() {
  const auto listen = [this](const std::string& subject) {
    worker_->subscribe_internal(broker::kSystemAccount, subject, "", *this);
  };
  for (const std::string_view what : {kJsz, kHealthz})
    for (const std::string& server : {std::string("PING"), facts_().id})
      listen(std::string(kServers).append(server).append(what));
  listen(std::string(kAccounts).append("*").append(kJsz));
}

void AssetService::on_message(const broker::Message& message) {
  if (message.reply.empty()) return;  // as with nats-server, who does not ask gets nothing done
  requests_.push_back(
      {std::string(message.subject), std::string(message.reply), std::string(message.body())});
}

void AssetService::on_tick() {
  if (requests_.empty()) return;
  for (const Request& request : std::exchange(requests_, {})) take(request);
}

void AssetService::take(const Request& request) {
  const ServerFacts facts = facts_();
  const Result<ServerFilter> filter = ServerFilter::parse(request.body);
  if (!filter) return fail(request.reply, kBadRequest, filter.error().text(), false);
  if (!filter->matches(facts)) return;
  if (request.subject.ends_with(kHealthz)) return take_healthz(request);
  if (request.subject.starts_with(kAccounts)) return take_account_jsz(request);
  take_jsz(request, facts);
}

void AssetService::take_jsz(const Request& request, const ServerFacts& facts) {
  const auto wanted = parse_jsz_body(request.body);
  if (!wanted) return fail(request.reply, kBadRequest, wanted.error().text(), false);
  report([this, to = request.reply, wanted = *wanted, facts](const jetstream::Report& report) {
    answer(to, [&](codec::JsonWriter& json) {
      json.key("data");
      write_jsz(json, wanted, jsz(facts), report);
    });
  });
}

void AssetService::take_account_jsz(const Request& request) {
  const std::string name = request.subject.substr(
      kAccounts.size(), request.subject.size() - kAccounts.size() - kJsz.size());
  const auto wanted = parse_jsz_body(request.body);
  if (!wanted) return fail(request.reply, kBadRequest, wanted.error().text(), false);
  if (jetstream_ == nullptr) return fail(request.reply, kFailed, "jetstream not enabled", true);
  const bool is_known = broker_->accounts().find(name).has_value();
  report([this, to = request.reply, name, wanted = *wanted,
          is_known](const jetstream::Report& report) {
    const auto found = std::ranges::find(report.accounts, name, &jetstream::AccountReport::name);
    if (found == report.accounts.end())
      return fail(to, kFailed,
                  "account \"" + name + "\" not " + (is_known ? "jetstream enabled" : "found"),
                  true);
    answer(to, [&](codec::JsonWriter& json) {
      json.key("data");
      write_account_jsz(json, wanted, jsz(facts_()), report, *found);
    });
  });
}

void AssetService::take_healthz(const Request& request) {
  const auto wanted = parse_healthz_body(request.body);
  if (!wanted) return fail(request.reply, kBadRequest, wanted.error().text(), false);
  const auto tell = [this, to = request.reply](const HealthAnswer& health) {
    answer(to, [&](codec::JsonWriter& json) {
      const HttpResponse& response = health.response;
      json.key("data").raw(with_status(response.body, response.status));
    });
  };
  const HealthAnswer health = compose_healthz(*wanted, true);
  if (!health.failure.empty() || jetstream_ == nullptr || wanted->account.empty())
    return tell(health);
  report([tell, wanted = *wanted, health](const jetstream::Report& report) {
    const auto fault = find_asset_fault(wanted, &report);
    tell(fault ? unhealthy_asset(wanted, *fault) : health);
  });
}

void AssetService::report(std::function<void(const jetstream::Report&)> done) {
  if (jetstream_ == nullptr) return done({});
  jetstream::make_report(*jetstream_, std::move(done));
}

Jsz AssetService::jsz(const ServerFacts& facts) const {
  Jsz jsz{facts.id, clock_.wall(), nullptr, {}};
  if (jetstream_ == nullptr) return jsz;
  jsz.settings = &jetstream_->settings();
  jsz.store = jetstream_->folder().path();
  return jsz;
}

void AssetService::answer(std::string_view to, const Write& write) {
  codec::JsonWriter json;
  json.begin_object();
  write_server(json, facts_(), ++*sequence_, clock_.wall());
  write(json);
  const std::string text = json.end_object().take();
  broker::Message message;
  message.account = broker::kSystemAccount;
  message.subject = to;
  message.payload = text;
  worker_->publish_internal(to, message);
}

void AssetService::fail(std::string_view to, int code, std::string_view why, bool with_data) {
  answer(to, [&](codec::JsonWriter& json) {
    if (with_data) json.key("data").null();
    json.key("error").begin_object().field("code", code).field("description", why).end_object();
  });
}

}  // namespace midge::server
