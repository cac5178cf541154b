// What tests of JetStream share: a server, a client, and ways to wait.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "midge/jetstream.h"
#include "test_server.h"

namespace midge::test {

// Values that callbacks give, for the test to wait for.
template <class T>
class Collected {
 public:
  void add(T value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // So many of them, or fewer when they do not come.
  std::vector<T> wait(std::size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return values_.size() >= count; });
    return values_;
  }
  std::vector<T> now() { return wait(0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

// A folder for a store, gone with it.
class StoreFolder {
 public:
  StoreFolder();
  ~StoreFolder();
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct JetStreamTest {
  StoreFolder store;  // before the server that writes to it
  TestServer server{"jetstream: {store_dir: \"" + store.path() + "\"}"};
  Client client = Client::connect(options()).value();
  JetStream js{client};

  [[nodiscard]] Options options() const {
    Options options;
    options.servers = {server.url()};
    options.reconnect_wait = std::chrono::milliseconds(20);
    options.reconnect_max = -1;
    return options;
  }
  // A stream of `s.>` with so many messages `1`, `2`, … on s.a.
  Stream stream(int messages = 0, StreamConfig config = {}) {
    config.name = "S";
    config.subjects = {"s.>"};
    config.storage = Storage::kMemory;
    auto made = js.create_stream(config).value();
    for (int i = 1; i <= messages; ++i) js.publish("s.a", std::to_string(i)).value();
    return made;
  }
};

}  // namespace midge::test

#define REQUIRE_OK(result)                                             \
  do {                                                                 \
    const auto& result_ = (result);                                    \
    REQUIRE_MESSAGE(result_, (result_ ? "" : result_.error().text())); \
  } while (false)
