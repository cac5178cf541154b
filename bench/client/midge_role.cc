// The benchmark of clients: libmidge.
#include <midge/jetstream.h>

#include <optional>

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
  void make_stream() override {
    (void)js_.delete_stream(kStream);
    StreamConfig config{.name = kStream, .subjects = {"stored.>"}};
    config.storage = Storage::kMemory;
    const Stream stream = js_.create_stream(config).value();
    ConsumerConfig consumer;
    consumer.durable_name = kConsumer;
    consumer.max_ack_pending = 10 * kWindow;
    stream.create_consumer(consumer).value();
  }
  void store(std::string_view subject, std::string_view data) override {
    js_.publish_async(subject, data, [](const Result<PubAck>& ack) { ack.value(); }).value();
  }
  void await_stored() override { js_.publish_complete(std::chrono::minutes(1)).value(); }
  void bind() override { consumer_ = js_.stream(kStream).value().consumer(kConsumer).value(); }
  std::size_t fetch() override {
    const auto deliveries = consumer_->fetch(kWindow).value();
    for (const Delivery& delivery : deliveries) delivery.ack().value();
    return deliveries.size();
  }

 private:
  Client client_;
  JetStream js_{client_, {.publish_pending_max = kWindow}};
  std::optional<Consumer> consumer_;
};

}  // namespace

std::unique_ptr<ClientUnderTest> connect(const std::string& url) {
  auto client = Client::connect(url);
  if (!client) fail(client.error().text());
  return std::make_unique<MidgeClient>(*std::move(client));
}

}  // namespace midge::bench
