/* Scenarios of libnats: `scenarios NAME URL`; see ../README.md. */
#include <nats/nats.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kTimeoutMs = 10000 };

static void ensure(int holds, const char* what, int line) {
  if (holds) return;
  fprintf(stderr, "line %d: not so: %s\n", line, what);
  exit(1);
}

static void must(natsStatus status, const char* what, int line) {
  if (status == NATS_OK) return;
  fprintf(stderr, "line %d: %s: %s\n", line, what, natsStatus_GetText(status));
  exit(1);
}

#define ENSURE(condition) ensure((condition), #condition, __LINE__)
#define MUST(call) must((call), #call, __LINE__)

static const char* g_url;

static natsConnection* open_connection(void) {
  natsConnection* connection = NULL;
  MUST(natsConnection_ConnectTo(&connection, g_url));
  return connection;
}

static void step(const char* what) {
  printf("step %s\n", what);
  fflush(stdout);
}

static void wait_for(atomic_int* counter, int wanted) {
  for (int i = 0; i < kTimeoutMs && atomic_load(counter) < wanted; i++) nats_Sleep(1);
  ENSURE(atomic_load(counter) >= wanted);
}

static void count_message(natsConnection* connection, natsSubscription* subscription, natsMsg* message,
                          void* closure) {
  (void)connection;
  (void)subscription;
  atomic_fetch_add((atomic_int*)closure, 1);
  natsMsg_Destroy(message);
}

static void publish_subscribe(void) {
  natsConnection *a = open_connection(), *b = open_connection();
  natsSubscription* subscription = NULL;
  MUST(natsConnection_SubscribeSync(&subscription, a, "foo.*"));
  MUST(natsConnection_Flush(a));
  for (int i = 0; i < 1000; i++) {
    char text[32];
    snprintf(text, sizeof text, "message %d", i);
    MUST(natsConnection_PublishString(b, "foo.bar", text));
  }
  MUST(natsConnection_Flush(b));
  for (int i = 0; i < 1000; i++) {
    char text[32];
    natsMsg* message = NULL;
    snprintf(text, sizeof text, "message %d", i);
    MUST(natsSubscription_NextMsg(&message, subscription, kTimeoutMs));
    ENSURE(strcmp(natsMsg_GetData(message), text) == 0);
    ENSURE(strcmp(natsMsg_GetSubject(message), "foo.bar") == 0);
    natsMsg_Destroy(message);
  }
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(a);
  natsConnection_Destroy(b);
}

static void queue(void) {
  natsConnection* connections[3];
  natsSubscription* subscriptions[3];
  static atomic_int counts[3];
  for (int i = 0; i < 3; i++) {
    connections[i] = open_connection();
    MUST(natsConnection_QueueSubscribe(&subscriptions[i], connections[i], "work", "workers",
                                       count_message, &counts[i]));
    MUST(natsConnection_Flush(connections[i]));
  }
  for (int i = 0; i < 600; i++) MUST(natsConnection_PublishString(connections[0], "work", "x"));
  for (int i = 0; i < 3; i++) MUST(natsConnection_Flush(connections[i]));
  int sum = 0;
  for (int waited = 0; waited < kTimeoutMs; waited++) {
    sum = atomic_load(&counts[0]) + atomic_load(&counts[1]) + atomic_load(&counts[2]);
    if (sum >= 600) break;
    nats_Sleep(1);
  }
  ENSURE(sum == 600);
  for (int i = 0; i < 3; i++) ENSURE(atomic_load(&counts[i]) > 50);
  for (int i = 0; i < 3; i++) {
    natsSubscription_Destroy(subscriptions[i]);
    natsConnection_Destroy(connections[i]);
  }
}

static void answer(natsConnection* connection, natsSubscription* subscription, natsMsg* message,
                   void* closure) {
  (void)subscription;
  (void)closure;
  natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                         natsMsg_GetDataLength(message));
  natsMsg_Destroy(message);
}

static void request(void) {
  natsConnection *service = open_connection(), *client = open_connection();
  natsSubscription* subscription = NULL;
  MUST(natsConnection_Subscribe(&subscription, service, "echo", answer, NULL));
  MUST(natsConnection_Flush(service));
  for (int i = 0; i < 200; i++) {
    char text[32];
    natsMsg* reply = NULL;
    snprintf(text, sizeof text, "%d", i);
    MUST(natsConnection_RequestString(&reply, client, "echo", text, kTimeoutMs));
    ENSURE(strcmp(natsMsg_GetData(reply), text) == 0);
    natsMsg_Destroy(reply);
  }
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(service);
  natsConnection_Destroy(client);
}

static void no_responders(void) {
  natsConnection* client = open_connection();
  natsMsg* reply = NULL;
  ENSURE(natsConnection_RequestString(&reply, client, "nobody.there", "x", kTimeoutMs) ==
         NATS_NO_RESPONDERS);
  natsConnection_Destroy(client);
}

static void headers(void) {
  natsConnection* client = open_connection();
  natsSubscription* subscription = NULL;
  natsMsg *message = NULL, *received = NULL;
  const char** values = NULL;
  int count = 0;
  ENSURE(natsConnection_HasHeaderSupport(client) == NATS_OK);
  MUST(natsConnection_SubscribeSync(&subscription, client, "h"));
  MUST(natsMsg_Create(&message, "h", NULL, "body", 4));
  MUST(natsMsgHeader_Add(message, "Key", "one"));
  MUST(natsMsgHeader_Add(message, "Key", "two"));
  MUST(natsConnection_PublishMsg(client, message));
  MUST(natsSubscription_NextMsg(&received, subscription, kTimeoutMs));
  MUST(natsMsgHeader_Values(received, "Key", &values, &count));
  ENSURE(count == 2 && strcmp(values[0], "one") == 0 && strcmp(values[1], "two") == 0);
  ENSURE(strcmp(natsMsg_GetData(received), "body") == 0);
  free((void*)values);
  natsMsg_Destroy(message);
  natsMsg_Destroy(received);
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(client);
}

static void unsubscribe_after(void) {
  natsConnection* client = open_connection();
  natsSubscription* subscription = NULL;
  static atomic_int count;
  MUST(natsConnection_Subscribe(&subscription, client, "u", count_message, &count));
  MUST(natsSubscription_AutoUnsubscribe(subscription, 3));
  for (int i = 0; i < 10; i++) MUST(natsConnection_PublishString(client, "u", "x"));
  wait_for(&count, 3);
  MUST(natsConnection_Flush(client));
  ENSURE(atomic_load(&count) == 3);
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(client);
}

static void drain(void) {
  natsConnection *a = open_connection(), *b = open_connection();
  natsSubscription* subscription = NULL;
  static atomic_int count;
  MUST(natsConnection_Subscribe(&subscription, a, "d", count_message, &count));
  MUST(natsConnection_Flush(a));
  for (int i = 0; i < 2000; i++) MUST(natsConnection_PublishString(b, "d", "x"));
  MUST(natsConnection_Flush(b));
  MUST(natsSubscription_Drain(subscription));
  MUST(natsSubscription_WaitForDrainCompletion(subscription, kTimeoutMs));
  ENSURE(atomic_load(&count) == 2000);
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(a);
  natsConnection_Destroy(b);
}

static void large(void) {
  natsConnection* client = open_connection();
  natsSubscription* subscription = NULL;
  natsMsg* received = NULL;
  int size = (int)natsConnection_GetMaxPayload(client);
  char* payload = malloc((size_t)size + 1);
  ENSURE(size == 1048576 && payload != NULL);
  memset(payload, 7, (size_t)size + 1);
  MUST(natsConnection_SubscribeSync(&subscription, client, "large"));
  MUST(natsConnection_Publish(client, "large", payload, size));
  MUST(natsSubscription_NextMsg(&received, subscription, kTimeoutMs));
  ENSURE(natsMsg_GetDataLength(received) == size);
  ENSURE(memcmp(natsMsg_GetData(received), payload, (size_t)size) == 0);
  ENSURE(natsConnection_Publish(client, "large", payload, size + 1) == NATS_MAX_PAYLOAD);
  natsMsg_Destroy(received);
  free(payload);
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(client);
}

static void note(natsConnection* connection, void* closure) {
  (void)connection;
  atomic_fetch_add((atomic_int*)closure, 1);
}

static void reconnect(void) {
  natsConnection* client = NULL;
  natsOptions* options = NULL;
  natsSubscription* subscription = NULL;
  static atomic_int reconnected, count;
  MUST(natsOptions_Create(&options));
  MUST(natsOptions_SetURL(options, g_url));
  MUST(natsOptions_SetMaxReconnect(options, -1));
  MUST(natsOptions_SetReconnectWait(options, 50));
  MUST(natsOptions_SetReconnectedCB(options, note, &reconnected));
  MUST(natsConnection_Connect(&client, options));
  MUST(natsConnection_Subscribe(&subscription, client, "again", count_message, &count));
  MUST(natsConnection_Flush(client));
  step("restart");
  wait_for(&reconnected, 1);
  MUST(natsConnection_PublishString(client, "again", "x"));
  wait_for(&count, 1);
  natsSubscription_Destroy(subscription);
  natsConnection_Destroy(client);
  natsOptions_Destroy(options);
}

static void lame_duck(void) {
  natsConnection* client = NULL;
  natsOptions* options = NULL;
  static atomic_int told;
  MUST(natsOptions_Create(&options));
  MUST(natsOptions_SetURL(options, g_url));
  MUST(natsOptions_SetLameDuckModeCB(options, note, &told));
  MUST(natsConnection_Connect(&client, options));
  MUST(natsConnection_Flush(client));
  step("lame duck");
  wait_for(&told, 1);
  MUST(natsConnection_Flush(client));
  natsConnection_Destroy(client);
  natsOptions_Destroy(options);
}

static void rtt(void) {
  natsConnection* client = open_connection();
  int64_t nanoseconds = 0;
  MUST(natsConnection_GetRTT(client, &nanoseconds));
  ENSURE(nanoseconds > 0);
  natsConnection_Destroy(client);
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } kScenarios[] = {{"publish_subscribe", publish_subscribe},
                    {"queue", queue},
                    {"request", request},
                    {"no_responders", no_responders},
                    {"headers", headers},
                    {"unsubscribe_after", unsubscribe_after},
                    {"drain", drain},
                    {"large", large},
                    {"reconnect", reconnect},
                    {"lame_duck", lame_duck},
                    {"rtt", rtt}};
  if (argc != 3) return 2;
  g_url = argv[2];
  for (size_t i = 0; i < sizeof kScenarios / sizeof kScenarios[0]; i++) {
    if (strcmp(argv[1], kScenarios[i].name) == 0) {
      kScenarios[i].run();
      nats_Close();
      return 0;
    }
  }
  return 2;
}
