// Hears of its connection, and loses it on purpose. Prints: connected, disconnected, reconnected
#include <midge/client.h>

#include <cstdio>
#include <future>

int main(int count, char** arguments) {
  std::promise<void> back;
  midge::Options options;
  options.servers = {count > 1 ? arguments[1] : "nats://127.0.0.1:4222"};
  options.reconnect_wait = std::chrono::milliseconds(10);
  options.on_event = [&back](const midge::Event& event) {
    if (event.kind == midge::EventKind::kConnected) std::puts("connected");
    if (event.kind == midge::EventKind::kDisconnected) std::puts("disconnected");
    if (event.kind == midge::EventKind::kReconnected) std::puts("reconnected");
    if (event.kind == midge::EventKind::kReconnected) back.set_value();
  };
  auto client = midge::Client::connect(std::move(options)).value();
  client.force_reconnect();
  back.get_future().wait();
}
