// The benchmark of clients: libmidge.
#include <midge/client.h>

#include "client_role.h"

namespace midge::bench {
namespace {

class MidgeClient final : public ClientUnderTest {
 public:
  explicit MidgeClient(Client client) : client_(std::move(client)) {}
  void publish(std::string_view subject, std::string_view data) override {
    client_.publish(subject, data).value();
  }
  void flush() override { client_.flush(std::chrono::minutes(1)).value(); }
  void subscribe(std::string_view subject, std::function<void()> on_message) override {
    client_
        .subscribe(subject, [on_message = std::move(on_message)](const Message&) { on_message(); })
        .value();
  }
  void serve(std::string_view subject) override {
    client_.subscribe(subject, [this](const Message& m) { client_.respond(m, m.data()).value(); })
        .value();
  }
  void request(std::string_view subject, std::string_view data) override {
    if (client_.request(subject, data).value().data().size() != data.size()) fail("another answer");
  }

 private:
  Client client_;
};

}  // namespace

std::unique_ptr<ClientUnderTest> connect(const std::string& url) {
  auto client = Client::connect(url);
  if (!client) fail(client.error().text());
  return std::make_unique<MidgeClient>(*std::move(client));
}

}  // namespace midge::bench
