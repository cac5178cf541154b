// The port for profiles (`prof_port`): what Go's net/http/pprof serves on nats-server's, as far as
// it means something here, so that `go tool pprof http://host:port/debug/pprof/profile` works.
//
// Thread: the loop's; listen() also before it runs.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "io/address.h"
#include "io/env.h"
#include "server/monitor/http_server.h"
#include "server/system/profile_desk.h"

namespace midge::server {

class ProfilePort final : public HttpHandler {
 public:
  // `desk` outlives this, and is on the same loop.
  ProfilePort(io::Env& env, io::Loop& loop, Log& log, ProfileDesk& desk)
      : env_(env), desk_(desk), http_(env, loop, log, *this) {}
  ~ProfilePort() override { door_->port = nullptr; }

  Result<void> listen(const io::Address& address) { return http_.listen(address); }
  [[nodiscard]] io::Address address() const { return http_.address(); }
  void stop() { http_.stop(); }

  void on_request(ExchangeId exchange, const HttpRequest& request) override;

 private:
  struct Page;
  static const Page kPages[];
  // Profiles find this by it when they are made; null once it is gone.
  struct Door {
    ProfilePort* port = nullptr;
  };

  [[nodiscard]] static std::string index();
  void serve(ExchangeId exchange, const HttpRequest& request, const Page& page);
  void make(ExchangeId exchange, const HttpRequest& request, const Page& page);
  void name_symbols(ExchangeId exchange, std::string_view query);
  void answer(ExchangeId exchange, HttpResponse response) {
    http_.answer(exchange, std::move(response));
  }

  io::Env& env_;
  ProfileDesk& desk_;
  std::shared_ptr<Door> door_ = std::make_shared<Door>(Door{this});
  HttpServer http_;
};

}  // namespace midge::server
