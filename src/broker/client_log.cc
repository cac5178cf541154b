// How a client's doings read in the log.
#include <algorithm>

#include "broker/client.h"
#include "broker/worker.h"
#include "codec/go_quoted.h"
#include "crypto/nkey.h"

namespace midge::broker {

namespace {

std::string_view verb_text(proto::Verb verb) {
  switch (verb) {
    case proto::Verb::kConnect:
      return "CONNECT";
    case proto::Verb::kInfo:
      return "INFO";
    case proto::Verb::kPub:
      return "PUB";
    case proto::Verb::kHpub:
      return "HPUB";
    case proto::Verb::kSub:
      return "SUB";
    case proto::Verb::kUnsub:
      return "UNSUB";
    case proto::Verb::kPing:
      return "PING";
    case proto::Verb::kPong:
      return "PONG";
    case proto::Verb::kOk:
      return "+OK";
    case proto::Verb::kErr:
      return "-ERR";
  }
  return "";
}

}  // namespace

std::string Client::log_name() const {
  std::string name;
  if (stream_) name = stream_->in_process() ? "pipe" : stream_->remote().text();
  const io::WebSocketVisitor* visitor = is_web_socket() ? web_socket_->visitor() : nullptr;
  if (visitor != nullptr && !visitor->forwarded_for.empty()) {
    const bool is_ipv6 = visitor->forwarded_for.find(':') != std::string::npos;
    name.insert(0, is_ipv6 ? '[' + visitor->forwarded_for + "]/" : visitor->forwarded_for + '/');
  }
  name += (is_web_socket() ? " - wid:" : " - cid:") + std::to_string(cid_);
  if (!connected_) return name;
  std::string says = options_.version.empty() ? "" : "v" + options_.version;
  for (const std::string* part : {&options_.lang, &options_.name}) {
    if (part->empty()) continue;
    if (!says.empty()) says += ':';
    says += *part;
  }
  if (!says.empty()) name += " - \"" + says + '"';
  if (const std::string user = entered_user(); !user.empty()) name += " - \"" + user + '"';
  return name;
}

std::string Client::entered_user() const {
  if (!is_in_) return "";
  const std::string& account = worker_.broker().accounts().name(account_);
  const std::string& named = options_.nkey.empty() ? options_.user : options_.nkey;
  const std::string& user = identity_ ? identity_->user : named;
  if (!user.empty()) {
    const bool is_nkey = crypto::is_public_nkey(crypto::NkeyKind::kUser, user);
    return account + (is_nkey ? "/nkey:" : "/user:") + user;
  }
  return options_.auth_token.empty() ? "" : account + "/token";
}

std::string Client::claimed_user() const {
  if (!options_.nkey.empty()) return "Nkey \"" + options_.nkey + '"';
  if (!options_.user.empty()) return "User \"" + options_.user + '"';
  if (!options_.auth_token.empty()) return "Token \"[REDACTED]\"";
  return identity_ && !identity_->user.empty() ? "User \"" + identity_->user + '"' : "";
}

std::string Client::shown_user() const {
  if (identity_ && !identity_->user.empty()) return identity_->user;
  if (!options_.nkey.empty()) return options_.nkey;
  if (!options_.user.empty() || options_.auth_token.empty()) return options_.user;
  return "[REDACTED]";
}

void Client::trace_in(const proto::Frame& frame) const {
  std::string line = log_name() + " - <<- [";
  line += verb_text(frame.verb);
  if (frame.verb == proto::Verb::kConnect) {
    line += ' ' + proto::redact_connect(frame.args);
  } else if (!frame.args.empty()) {
    line.append(" ").append(frame.args);
  }
  worker_.log().trace(line + ']');
}

void Client::trace_payload(const char* direction, std::string_view payload,
                           std::uint32_t headers) const {
  const BrokerConfig& config = worker_.config();
  if (config.trace_headers) {
    constexpr std::size_t kBlankLines = 4;  // the CRLF CRLF that ends the block
    if (headers <= kBlankLines) return;
    payload = payload.substr(0, headers - kBlankLines);
  }
  if (payload.empty()) return;
  const auto limit = static_cast<std::size_t>(config.max_traced_msg_len);
  std::string text;
  if (limit > 0 && payload.size() > limit) {
    text = codec::go_quoted(payload.substr(0, limit));
    text.insert(text.size() - 1, "...");
  } else {
    text = codec::go_quoted(payload);
  }
  worker_.log().trace(log_name() + " - " + direction + " MSG_PAYLOAD: [" + text + "]");
}

void Client::log_wrong(std::string_view text) const {
  worker_.log().error(log_name() + " - " + std::string(text));
}

void Client::log_parse_error(const proto::Frame& frame, std::string_view input) const {
  const std::string what = parser_.error_text();
  switch (parser_.error()) {
    case proto::ParseError::kUnknownOperation: {
      constexpr std::size_t kShown = 32;
      // The last byte is left out, as the peer leaves it out.
      const std::size_t shown = std::min(kShown, input.size() - 1);
      return log_wrong(what + ", state=0, i=0: proto='" + codec::go_quoted(input.substr(0, shown)) +
                       "...'");
    }
    case proto::ParseError::kBadArguments:
      return log_wrong(frame.args.empty() ? what : what + ": " + codec::go_quoted(frame.args));
    case proto::ParseError::kPayloadTooLarge: {
      const std::string_view size = frame.args.substr(frame.args.find_last_of(" \t") + 1);
      return log_wrong("maximum payload exceeded: " + std::string(size) + " vs " +
                       std::to_string(limits_->max_payload));
    }
    case proto::ParseError::kClientError:
      return log_wrong("Client Error " + std::string(frame.args));
    default:
      return log_wrong(what);
  }
}

void Client::trace_out(std::string_view text) const {
  worker_.log().trace(log_name() + " - ->> [" + std::string(text) + "]");
}

void Client::debug(std::string_view text) const {
  if (worker_.log().debug_on()) worker_.log().debug(log_name() + " - " + std::string(text));
}

}  // namespace midge::broker
