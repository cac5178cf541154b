#include "server/system/system_client.h"

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "broker/call_mail.h"
#include "codec/json_writer.h"
#include "server/system/system_stream.h"

namespace midge::server {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::optional<std::size_t> to_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

}  // namespace

SystemClient::SystemClient(std::string secret) : secret_(std::move(secret)) {}

void SystemClient::subscribe(std::string subject, Handler handler) {
  subscriptions_.emplace_back(std::move(subject), std::move(handler));
}

void SystemClient::start(io::Loop& loop) {
  wire_->on_bytes = [this] { on_bytes(); };
  codec::JsonWriter connect;
  connect.begin_object()
      .field("verbose", false)
      .field("pedantic", false)
      .field("headers", true)
      .field("auth_token", secret_)
      .end_object();
  say("CONNECT " + connect.text() + "\r\n");
  for (std::size_t sid = 0; sid < subscriptions_.size(); ++sid)
    say("SUB " + subscriptions_[sid].first + " " + std::to_string(sid) + "\r\n");
  loop.post(broker::call_worker(
      [stream = std::make_unique<SystemStream>(wire_)](broker::Worker& worker) mutable {
        worker.adopt(std::move(stream));
      }));
}

void SystemClient::publish(std::string_view subject, std::string_view payload) {
  std::string frame = "PUB ";
  frame.append(subject).append(" ").append(std::to_string(payload.size())).append(kLineEnd);
  say(frame.append(payload).append(kLineEnd));
}

void SystemClient::say(std::string_view text) {
  wire_->to_server += text;
  if (wire_->wake) wire_->wake();
}

void SystemClient::on_bytes() {
  const std::string taken = std::exchange(wire_->from_server, {});
  std::string_view rest = taken;
  while (take_frame(rest)) {
  }
  wire_->from_server.insert(0, rest);
}

bool SystemClient::take_frame(std::string_view& bytes) {
  const std::size_t end = bytes.find(kLineEnd);
  if (end == bytes.npos) return false;
  const std::string_view line = bytes.substr(0, end);
  std::string_view rest = bytes.substr(end + kLineEnd.size());
  const std::vector<std::string_view> words = split(line);
  const bool has_header = line.starts_with("HMSG ");
  if (!has_header && !line.starts_with("MSG ")) {
    if (line == "PING") say("PONG\r\n");
    bytes = rest;  // INFO, errors: nothing to do about them here
    return true;
  }
  const auto size = to_number(words.back());
  const auto header_size = has_header ? to_number(words[words.size() - 2]) : 0;
  if (!size || !header_size || rest.size() < *size + kLineEnd.size()) return false;
  const std::string_view payload = rest.substr(0, *size);
  bytes = rest.substr(*size + kLineEnd.size());
  const std::size_t numbers = has_header ? 2 : 1;
  deliver(std::span(words).subspan(1, words.size() - 1 - numbers), *header_size, payload);
  return true;
}

// `arguments`: subject, sid, and the reply if there is one.
void SystemClient::deliver(std::span<const std::string_view> arguments, std::size_t header_size,
                           std::string_view payload) {
  if (arguments.size() < 2) return;
  const auto sid = to_number(arguments[1]);
  if (!sid || *sid >= subscriptions_.size()) return;
  const std::string_view reply = arguments.size() > 2 ? arguments[2] : std::string_view();
  subscriptions_[*sid].second({arguments[0], reply, payload.substr(header_size)});
}

}  // namespace midge::server
