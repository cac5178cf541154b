#include "server/system/server_service.h"

#include <utility>

#include "broker/accounts.h"
#include "codec/json_writer.h"
#include "server/system/server_filter.h"

namespace midge::server {
namespace {

constexpr int kOk = 200;
constexpr int kBadRequest = 400;
constexpr int kFailed = 500;

}  // namespace

void ServerService::attach(broker::Worker& worker) {
  worker_ = &worker;
  worker.add_service(*this);
}

void ServerService::on_loop_start() {
  if (!reload_) return;
  worker_->subscribe_internal(broker::kSystemAccount, "$SYS.REQ.SERVER." + facts_().id + ".RELOAD",
                              "", *this);
}

void ServerService::on_message(const broker::Message& message) {
  if (message.reply.empty()) return;  // as with nats-server, who does not ask gets nothing done
  requests_.push_back({std::string(message.reply), std::string(message.body())});
}

void ServerService::on_tick() {
  if (requests_.empty()) return;
  for (const Request& request : std::exchange(requests_, {})) answer(request);
}

void ServerService::answer(const Request& request) {
  const ServerFacts facts = facts_();
  const Result<ServerFilter> filter = ServerFilter::parse(request.body);
  std::string json;
  if (!filter) {
    json = answer_json(facts, kBadRequest, filter.error().text());
  } else if (!filter->matches(facts)) {
    return;
  } else {
    const Result<void> done = reload_();
    json = done ? answer_json(facts_(), kOk, "") : answer_json(facts, kFailed, done.error().text());
  }
  broker::Message message;
  message.account = broker::kSystemAccount;
  message.subject = request.reply;
  message.payload = json;
  worker_->publish_internal(request.reply, message);
}

std::string ServerService::answer_json(const ServerFacts& facts, int code,
                                       const std::string& error) {
  codec::JsonWriter json;
  json.begin_object();
  write_server(json, facts, ++*sequence_, clock_.wall());
  if (code != kOk) {
    json.key("error").begin_object().field("code", code).field("description", error);
    json.end_object();
  }
  return json.end_object().text();
}

}  // namespace midge::server
