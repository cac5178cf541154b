// How a client's doings read in the log.
#include "broker/client.h"
#include "broker/worker.h"

namespace midge::broker {

namespace {

std::string_view verb_text(proto::Verb verb) {
  switch (verb) {
    case proto::Verb::kConnect: return "CONNECT";
    case proto::Verb::kInfo: return "INFO";
    case proto::Verb::kPub: return "PUB";
    case proto::Verb::kHpub: return "HPUB";
    case proto::Verb::kSub: return "SUB";
    case proto::Verb::kUnsub: return "UNSUB";
    case proto::Verb::kPing: return "PING";
    case proto::Verb::kPong: return "PONG";
    case proto::Verb::kOk: return "+OK";
    case proto::Verb::kErr: return "-ERR";
  }
  return "";
}

// Go's %q of bytes: what is not printable ASCII is escaped.
std::string quoted(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '\n': text += "\\n"; continue;
      case '\r': text += "\\r"; continue;
      case '\t': text += "\\t"; continue;
      case '"': text += "\\\""; continue;
      case '\\': text += "\\\\"; continue;
      default: break;
    }
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
    } else {
      text += "\\x";
      text += kHex[byte >> 4];
      text += kHex[byte & 15];
    }
  }
  return text + '"';
}

}  // namespace

std::string Client::log_name() const {
  std::string name;
  if (stream_) name = stream_->in_process() ? "pipe" : stream_->remote().text();
  name += " - cid:" + std::to_string(cid_);
  if (!connected_) return name;
  if (!options_.version.empty() || !options_.lang.empty() || !options_.name.empty()) {
    name += " - \"";
    if (!options_.version.empty()) name += "v" + options_.version + ":";
    name += options_.lang;
    if (!options_.name.empty()) name += ":" + options_.name;
    name += '"';
  }
  name += " - \"$G";
  if (!options_.user.empty()) name += "/user:" + options_.user;
  return name + '"';
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
    if (headers == 0) return;
    payload = payload.substr(0, headers);
  }
  if (payload.empty()) return;
  const auto limit = static_cast<std::size_t>(config.max_traced_msg_len);
  std::string text;
  if (limit > 0 && payload.size() > limit) {
    text = quoted(payload.substr(0, limit));
    text.insert(text.size() - 1, "...");
  } else {
    text = quoted(payload);
  }
  worker_.log().trace(log_name() + " - " + direction + " MSG_PAYLOAD: [" + text + "]");
}

void Client::trace_out(std::string_view text) const {
  worker_.log().trace(log_name() + " - ->> [" + std::string(text) + "]");
}

void Client::debug(std::string_view text) const {
  if (worker_.log().debug_on()) worker_.log().debug(log_name() + " - " + std::string(text));
}

}  // namespace midge::broker
