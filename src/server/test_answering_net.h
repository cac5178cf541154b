// A network for tests: whoever is asked answers what the test says, in pieces of a size.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/clock.h"
#include "io/net.h"

namespace midge::server {

class AnsweringNet final : public io::Net {
 public:
  // One for each connection, the last one for all that follow.
  std::vector<Result<std::string>> answers = {std::string()};
  std::size_t piece = 1 << 20;
  io::Address asked;
  std::string request;  // of the last connection
  std::size_t connections = 0;

  Result<std::unique_ptr<io::BlockingStream>> dial(const io::Address& address, Duration) override {
    asked = address;
    request.clear();
    const auto& answer = answers[std::min(connections++, answers.size() - 1)];
    if (!answer) return std::unexpected(answer.error());
    return std::make_unique<Stream>(*this, *answer);
  }
  Result<std::unique_ptr<io::Listener>> listen(io::Loop&, const io::Address&,
                                               io::ListenerEvents&) override {
    return failure("nobody listens here");
  }
  Result<std::unique_ptr<io::Stream>> connect(const io::Address&, Duration) override {
    return failure("nobody is here");
  }
  std::vector<std::string> interface_addresses() override { return {}; }

 private:
  class Stream final : public io::BlockingStream {
   public:
    Stream(AnsweringNet& net, std::string answer) : net_(net), answer_(std::move(answer)) {}
    Result<void> send(std::string_view bytes) override {
      net_.request.append(bytes);
      return {};
    }
    Result<std::size_t> receive(std::span<char> into) override {
      const std::size_t count = std::min({into.size(), net_.piece, answer_.size() - at_});
      std::memcpy(into.data(), answer_.data() + at_, count);
      at_ += count;
      return count;
    }

   private:
    AnsweringNet& net_;
    std::string answer_;
    std::size_t at_ = 0;
  };
};

class StandingClock final : public io::Clock {
 public:
  MonoTime time{};
  MonoTime now() override { return time; }
  WallTime wall() override { return {time.ns}; }
};

}  // namespace midge::server
