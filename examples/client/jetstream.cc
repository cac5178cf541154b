// Stores messages in a stream, and works through them. Prints: 10 done
#include <midge/client.h>
#include <midge/jetstream.h>

#include <cstdio>
#include <string>

int main(int count, char** arguments) {
  auto client = midge::Client::connect(count > 1 ? arguments[1] : "nats://127.0.0.1:4222").value();
  midge::JetStream js(client);
  auto stream = js.create_stream({.name = "ORDERS", .subjects = {"orders.>"}}).value();
  for (int i = 0; i < 10; ++i) js.publish("orders.new", "order " + std::to_string(i)).value();
  auto consumer = stream.create_consumer({.durable_name = "work"}).value();
  int done = 0;
  const auto deliveries = consumer.fetch(10).value();
  for (const midge::Delivery& delivery : deliveries)
    if (delivery.ack_and_wait()) ++done;
  std::printf("%d done\n", done);
}
