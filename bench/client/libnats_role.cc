// The benchmark of clients: libnats, the C client.
#include <nats/nats.h>

#include <utility>

#include "client_role.h"

namespace midge::bench {
namespace {

void check(natsStatus status) {
  if (status != NATS_OK) fail(natsStatus_GetText(status));
}

class LibnatsClient final : public ClientUnderTest {
 public:
  explicit LibnatsClient(const std::string& url) {
    check(natsConnection_ConnectTo(&connection_, url.c_str()));
  }
  void publish(std::string_view subject, std::string_view data) override {
    check(natsConnection_Publish(connection_, subject.data(), data.data(),
                                 static_cast<int>(data.size())));
  }
  void flush() override { check(natsConnection_FlushTimeout(connection_, 60'000)); }
  void subscribe(std::string_view subject, std::function<void()> on_message) override {
    natsSubscription* subscription = nullptr;
    check(natsConnection_Subscribe(&subscription, connection_, std::string(subject).c_str(),
                                   &LibnatsClient::on_message,
                                   new std::function<void()>(std::move(on_message))));
    check(natsSubscription_SetPendingLimits(subscription, -1, -1));
  }
  void serve(std::string_view subject) override {
    natsSubscription* subscription = nullptr;
    check(natsConnection_Subscribe(&subscription, connection_, std::string(subject).c_str(),
                                   &LibnatsClient::on_request, nullptr));
  }
  void request(std::string_view subject, std::string_view data) override {
    natsMsg* answer = nullptr;
    check(natsConnection_Request(&answer, connection_, subject.data(), data.data(),
                                 static_cast<int>(data.size()), 5000));
    if (natsMsg_GetDataLength(answer) != static_cast<int>(data.size())) fail("another answer");
    natsMsg_Destroy(answer);
  }
  void store(std::string_view subject, std::string_view data) override {
    check(
        js_PublishAsync(js(), subject.data(), data.data(), static_cast<int>(data.size()), nullptr));
  }
  void await_stored() override {
    jsPubOptions options;
    check(jsPubOptions_Init(&options));
    options.MaxWait = 60'000;
    check(js_PublishAsyncComplete(js(), &options));
  }
  void bind() override {
    jsSubOptions options;
    check(jsSubOptions_Init(&options));
    options.Stream = kStream;
    options.Consumer = kConsumer;
    check(js_PullSubscribe(&pull_, js(), nullptr, nullptr, nullptr, &options, nullptr));
  }
  std::size_t fetch() override {
    natsMsgList list{};
    check(natsSubscription_Fetch(&list, pull_, kWindow, 5000, nullptr));
    const auto count = static_cast<std::size_t>(list.Count);
    for (std::size_t i = 0; i < count; ++i) check(natsMsg_Ack(list.Msgs[i], nullptr));
    natsMsgList_Destroy(&list);
    return count;
  }

 private:
  jsCtx* js() {
    if (js_ != nullptr) return js_;
    jsOptions options;
    check(jsOptions_Init(&options));
    options.PublishAsync.MaxPending = kWindow;
    options.PublishAsync.StallWait = 5000;
    options.PublishAsync.AckHandler = &LibnatsClient::on_ack;
    check(natsConnection_JetStream(&js_, connection_, &options));
    return js_;
  }
  static void on_ack(jsCtx*, natsMsg* message, jsPubAck*, jsPubAckErr* error, void*) {
    if (error != nullptr) fail(error->ErrText);
    natsMsg_Destroy(message);
  }
  static void on_message(natsConnection*, natsSubscription*, natsMsg* message, void* closure) {
    (*static_cast<std::function<void()>*>(closure))();
    natsMsg_Destroy(message);
  }
  static void on_request(natsConnection* connection, natsSubscription*, natsMsg* message, void*) {
    check(natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                                 natsMsg_GetDataLength(message)));
    natsMsg_Destroy(message);
  }
  natsConnection* connection_ = nullptr;
  jsCtx* js_ = nullptr;
  natsSubscription* pull_ = nullptr;
};

}  // namespace

std::unique_ptr<ClientUnderTest> connect(const std::string& url) {
  return std::make_unique<LibnatsClient>(url);
}

}  // namespace midge::bench
