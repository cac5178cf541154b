#include "sim/workload/sim_client.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "sim/workload/sim_web_socket.h"

namespace midge::sim {

using io::IoCount;

// Lets events that were planned for a client outlive it.
struct SimClient::Beat {
  SimClient* client;
};

SimClient::SimClient(SimEnv& env, std::unique_ptr<io::PipeClient> socket)
    : env_(env),
      random_(env.fork_random()),
      socket_(std::move(socket)),
      beat_(std::make_shared<Beat>(Beat{this})) {
  plan();
}

SimClient::~SimClient() { beat_->client = nullptr; }

void SimClient::publish(std::string_view subject, std::string_view reply,
                        std::string_view payload) {
  to_send_ += "PUB ";
  to_send_ += subject;
  if (!reply.empty()) (to_send_ += " ") += reply;
  to_send_ += " " + std::to_string(payload.size()) + "\r\n";
  to_send_ += payload;
  to_send_ += "\r\n";
}

void SimClient::publish_with(std::string_view headers, std::string_view subject,
                             std::string_view reply, std::string_view payload) {
  const std::string block = "NATS/1.0\r\n" + std::string(headers) + "\r\n";
  to_send_ += "HPUB ";
  to_send_ += subject;
  if (!reply.empty()) (to_send_ += " ") += reply;
  to_send_ += " " + std::to_string(block.size()) + " ";
  to_send_ += std::to_string(block.size() + payload.size()) + "\r\n";
  to_send_ += block;
  to_send_ += payload;
  to_send_ += "\r\n";
}

void SimClient::subscribe(std::string_view subject, std::string_view queue, int sid) {
  to_send_ += "SUB ";
  to_send_ += subject;
  if (!queue.empty()) (to_send_ += " ") += queue;
  to_send_ += " " + std::to_string(sid) + "\r\n";
}

void SimClient::unsubscribe(int sid, int max) {
  to_send_ += "UNSUB " + std::to_string(sid);
  if (max > 0) to_send_ += " " + std::to_string(max);
  to_send_ += "\r\n";
}

void SimClient::ping() {
  to_send_ += "PING\r\n";
  ++pongs_missing_;
}

void SimClient::disconnect() { socket_.reset(); }

void SimClient::vanish() {
  if (auto* const socket = dynamic_cast<SimSocket*>(socket_.get())) socket->abort();
  if (auto* const socket = dynamic_cast<SimWebSocket*>(socket_.get())) socket->abort();
  disconnect();
}

// Who has nothing to do looks less and less often.
void SimClient::plan() {
  Duration pause = microseconds(random_.between(5, 400)) * (1 << std::min(idle_beats_, 7U));
  if (random_.one_in(50)) pause = pause + milliseconds(random_.between(1, 100));
  env_.after(pause, [beat = beat_] {
    if (beat->client != nullptr) beat->client->act();
  });
}

void SimClient::act() {
  if (!open()) return;
  bool busy = write_some();
  if (!deaf_ && read_some()) busy = true;
  idle_beats_ = busy ? 0 : idle_beats_ + 1;
  if (open()) plan();
}

bool SimClient::write_some() {
  if (to_send_.empty()) return false;
  while (!to_send_.empty()) {
    std::size_t count = to_send_.size();
    if (random_.one_in(3)) count = 1 + random_.below(count);
    const IoCount written = socket_->try_write(std::string_view(to_send_).substr(0, count));
    // Not the end of it: what the server said before it closed is still to be read.
    if (written.status == IoCount::Status::kEnd) to_send_.clear();
    if (!written.ok()) break;
    to_send_.erase(0, written.bytes);
    if (random_.one_in(3)) break;
  }
  return true;
}

bool SimClient::read_some() {
  char chunk[16 * 1024];
  bool any = false;
  while (true) {
    const std::size_t size = random_.one_in(3) ? 1 + random_.below(200) : sizeof chunk;
    const IoCount read = socket_->try_read(std::span(chunk).first(size));
    if (read.status == IoCount::Status::kEnd) {
      lose_connection();
      return true;
    }
    if (!read.ok()) return any;
    any = true;
    input_.append(chunk, read.bytes);
    parse();
    if (random_.one_in(4)) return any;
  }
}

void SimClient::lose_connection() { socket_.reset(); }

void SimClient::parse() {
  while (garbage_.empty()) {
    const auto end = input_.find("\r\n", parsed_);
    if (end == std::string::npos) break;
    const std::string_view line = std::string_view(input_).substr(parsed_, end - parsed_);
    if (!parse_line(line, end + 2)) break;
  }
  input_.erase(0, parsed_);
  parsed_ = 0;
}

// False if the line's payload is not whole yet, or the line is garbage.
bool SimClient::parse_line(std::string_view line, std::size_t after_line) {
  if (line.starts_with("MSG ")) return take_message(line.substr(4), false, after_line);
  if (line.starts_with("HMSG ")) return take_message(line.substr(5), true, after_line);
  if (line == "PING") {
    to_send_ += "PONG\r\n";
  } else if (line == "PONG") {
    --pongs_missing_;
  } else if (line.starts_with("-ERR ")) {
    last_error_ = line;
  } else if (!line.starts_with("INFO {") && line != "+OK") {
    garbage_ = line;
    return false;
  }
  parsed_ = after_line;
  return true;
}

bool SimClient::take_message(std::string_view arguments, bool headers, std::size_t body_at) {
  std::vector<std::string_view> parts;
  while (!arguments.empty()) {
    const auto space = arguments.find(' ');
    parts.push_back(arguments.substr(0, space));
    arguments.remove_prefix(space == std::string_view::npos ? arguments.size() : space + 1);
  }
  const std::size_t numbers = headers ? 2 : 1;
  if (parts.size() < 2 + numbers || parts.size() > 3 + numbers) {
    garbage_ = input_.substr(parsed_, 200);
    return false;
  }
  const auto number = [](std::string_view text) {
    std::size_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const std::size_t size = number(parts.back());
  const std::size_t header_size = headers ? number(parts[parts.size() - 2]) : 0;
  if (input_.size() < body_at + size + 2) return false;
  if (std::string_view(input_).substr(body_at + size, 2) != "\r\n" || header_size > size) {
    garbage_ = input_.substr(parsed_, 200);
    return false;
  }
  Received message;
  message.subject = parts[0];
  message.sid = static_cast<int>(number(parts[1]));
  if (parts.size() == 3 + numbers) message.reply = parts[2];
  message.headers = input_.substr(body_at, header_size);
  message.payload = input_.substr(body_at + header_size, size - header_size);
  received_.push_back(std::move(message));
  parsed_ = body_at + size + 2;
  return true;
}

}  // namespace midge::sim
