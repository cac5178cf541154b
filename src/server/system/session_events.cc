#include "server/system/session_events.h"

#include <algorithm>
#include <utility>

#include "broker/client.h"
#include "codec/base62.h"
#include "codec/json_writer.h"

namespace midge::server {
namespace {

using broker::ConnectionInfo;
using codec::JsonWriter;

void write_client(JsonWriter& json, const ConnectionInfo& info) {
  json.key("client").begin_object().field("start", info.start);
  json.field_unless_empty("host", info.ip);
  json.field("id", info.cid).field("acc", info.account);
  json.field_unless_empty("user", info.authorized_user);
  json.field_unless_empty("name", info.name);
  json.field_unless_empty("lang", info.lang);
  json.field_unless_empty("ver", info.version);
  json.field_unless_empty("rtt", info.rtt.ns);
  if (info.stop) json.field("stop", *info.stop);
  json.field_unless_empty("jwt", info.jwt);
  json.field_unless_empty("issuer_key", info.issuer_key);
  json.field_unless_empty("name_tag", info.name_tag.empty() ? info.account : info.name_tag);
  json.field_unless_empty("tags", info.tags);
  json.field("kind", "Client").field("client_type", info.web_socket ? "websocket" : "nats");
  json.end_object();
}

void write_flow(JsonWriter& json, std::string_view name, std::uint64_t messages,
                std::uint64_t bytes) {
  json.key(name).begin_object().field("msgs", messages).field("bytes", bytes).end_object();
}

}  // namespace

std::string session_event(broker::Worker& worker, const ConnectionInfo& info,
                          std::optional<std::string_view> reason) {
  const WallTime now = worker.wall();
  JsonWriter json;
  json.begin_object();
  json.field("type", reason ? "io.nats.server.advisory.v1.client_disconnect"
                            : "io.nats.server.advisory.v1.client_connect");
  json.field("id", codec::random_base62(22, [&worker] { return worker.random(); }));
  json.field("timestamp", info.stop.value_or(now));
  worker.config().sign_event(json, now);
  write_client(json, info);
  if (reason) {
    write_flow(json, "sent", info.out_msgs, info.out_bytes);
    write_flow(json, "received", info.in_msgs, info.in_bytes);
    json.field("reason", *reason);
  }
  return json.end_object().take();
}

std::vector<std::string> connections_subjects(std::string_view account) {
  const std::string name(account);
  return {"$SYS.SERVER.ACCOUNT." + name + ".CONNS", "$SYS.ACCOUNT." + name + ".SERVER.CONNS"};
}

SessionEvents::SessionEvents(broker::Worker& worker, std::string server_id, Changed changed)
    : worker_(worker), server_id_(std::move(server_id)), changed_(std::move(changed)) {
  worker_.add_service(*this);
  worker_.watch_sessions(*this);
}

// Whoever imports a stream of the system account may be anywhere.
bool SessionEvents::has_listeners() const {
  const broker::AccountPlan* plan = worker_.plans().find(broker::kSystemAccount);
  return (plan != nullptr && !plan->stream_uses.empty()) ||
         worker_.broker().accounts().connections(broker::kSystemAccount) > 0;
}

void SessionEvents::on_session_begin(const broker::Client& client) {
  if (has_listeners()) note(Kind::kConnect, client.info(false));
}

void SessionEvents::on_login_refused(const broker::Client& client) {
  if (!has_listeners()) return;
  ConnectionInfo info = client.info(false);
  info.stop = worker_.wall();
  info.reason = broker::CloseReason::kAuthenticationFailure;
  note(Kind::kRefused, std::move(info));
}

void SessionEvents::on_session_end(const ConnectionInfo& info) {
  if (has_listeners()) note(Kind::kDisconnect, info);
}

void SessionEvents::note(Kind kind, ConnectionInfo info) {
  events_.push_back({kind, std::move(info)});
  worker_.loop().tick_again();
}

void SessionEvents::on_tick() {
  if (events_.empty()) return;
  for (const Event& event : std::exchange(events_, {})) {
    if (event.kind != Kind::kRefused) {
      const auto is_wanted = [this](const std::string& subject) {
        return worker_.has_interest(broker::kSystemAccount, subject);
      };
      if (std::ranges::any_of(connections_subjects(event.info.account), is_wanted))
        changed_(event.info.account);
    }
    tell(event);
  }
}

std::string SessionEvents::subject_of(const Event& event) const {
  switch (event.kind) {
    case Kind::kConnect:
      return "$SYS.ACCOUNT." + event.info.account + ".CONNECT";
    case Kind::kDisconnect:
      return "$SYS.ACCOUNT." + event.info.account + ".DISCONNECT";
    case Kind::kRefused:
      return "$SYS.SERVER." + server_id_ + ".CLIENT.AUTH.ERR";
  }
  return {};
}

void SessionEvents::tell(const Event& event) {
  const std::string subject = subject_of(event);
  if (!worker_.has_interest(broker::kSystemAccount, subject)) return;
  std::optional<std::string_view> reason;
  if (event.kind != Kind::kConnect) reason = broker::to_text(event.info.reason);
  const std::string text = session_event(worker_, event.info, reason);
  broker::Message message;
  message.account = broker::kSystemAccount;
  message.subject = subject;
  message.payload = text;
  worker_.publish_internal(subject, message);
}

}  // namespace midge::server
