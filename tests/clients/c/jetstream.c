/* Workflows of libnats with JetStream: `jetstream NAME URL`; see ../README.md. */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kTimeoutMs = 10000 };

static void ensure(int holds, const char* what, int line) {
  if (holds) return;
  fprintf(stderr, "line %d: not so: %s\n", line, what);
  exit(1);
}

static void must(natsStatus status, const char* what, int line) {
  if (status == NATS_OK) return;
  fprintf(stderr, "line %d: %s: %s\n", line, what, natsStatus_GetText(status));
  nats_PrintLastErrorStack(stderr);
  exit(1);
}

#define ENSURE(condition) ensure((condition), #condition, __LINE__)
#define MUST(call) must((call), #call, __LINE__)

static natsConnection* g_connection;
static jsCtx* g_js;

static void add_stream(const char* name, const char* subject) {
  jsStreamConfig config;
  jsStreamInfo* info = NULL;
  MUST(jsStreamConfig_Init(&config));
  config.Name = name;
  config.Subjects = &subject;
  config.SubjectsLen = 1;
  config.AllowDirect = true;
  MUST(js_AddStream(&info, g_js, &config, NULL, NULL));
  ENSURE(strcmp(info->Config->Name, name) == 0);
  jsStreamInfo_Destroy(info);
}

static void publish_many(const char* subject, int count) {
  for (int i = 0; i < count; i++) {
    char text[32];
    snprintf(text, sizeof text, "%d", i);
    MUST(js_PublishAsync(g_js, subject, text, (int)strlen(text), NULL));
  }
  jsPubOptions options;
  MUST(jsPubOptions_Init(&options));
  options.MaxWait = kTimeoutMs;
  MUST(js_PublishAsyncComplete(g_js, &options));
}

static void check_number(natsMsg* message, int number) {
  char text[32];
  snprintf(text, sizeof text, "%d", number);
  ENSURE(strncmp(natsMsg_GetData(message), text, strlen(text)) == 0);
  ENSURE(natsMsg_GetDataLength(message) == (int)strlen(text));
}

static void stream(void) {
  add_stream("CSTREAM", "cstream.>");
  publish_many("cstream.a", 1000);
  jsStreamInfo* info = NULL;
  MUST(js_GetStreamInfo(&info, g_js, "CSTREAM", NULL, NULL));
  ENSURE(info->State.Msgs == 1000 && info->State.LastSeq == 1000);
  jsStreamInfo_Destroy(info);

  jsPubOptions options;
  jsPubAck* ack = NULL;
  MUST(jsPubOptions_Init(&options));
  options.MsgId = "once";
  MUST(js_Publish(&ack, g_js, "cstream.b", "x", 1, &options, NULL));
  ENSURE(ack->Sequence == 1001 && !ack->Duplicate);
  jsPubAck_Destroy(ack);
  MUST(js_Publish(&ack, g_js, "cstream.b", "x", 1, &options, NULL));
  ENSURE(ack->Sequence == 1001 && ack->Duplicate);
  jsPubAck_Destroy(ack);
  MUST(jsPubOptions_Init(&options));
  options.ExpectLastSeq = 5;
  jsErrCode code = 0;
  ENSURE(js_Publish(NULL, g_js, "cstream.b", "x", 1, &options, &code) != NATS_OK);
  ENSURE(code == JSStreamWrongLastSequenceErr);

  natsMsg* message = NULL;
  MUST(js_GetMsg(&message, g_js, "CSTREAM", 8, NULL, NULL));
  check_number(message, 7);
  natsMsg_Destroy(message);
  jsDirectGetMsgOptions direct;
  MUST(jsDirectGetMsgOptions_Init(&direct));
  direct.LastBySubject = "cstream.a";
  MUST(js_DirectGetMsg(&message, g_js, "CSTREAM", NULL, &direct));
  check_number(message, 999);
  natsMsg_Destroy(message);
  MUST(js_DeleteMsg(g_js, "CSTREAM", 8, NULL, NULL));
  ENSURE(js_GetMsg(&message, g_js, "CSTREAM", 8, NULL, &code) != NATS_OK);
  ENSURE(code == JSNoMessageFoundErr);
  MUST(js_PurgeStream(g_js, "CSTREAM", NULL, NULL));
  MUST(js_DeleteStream(g_js, "CSTREAM", NULL, NULL));
}

static void fetch(void) {
  add_stream("CFETCH", "cfetch");
  publish_many("cfetch", 500);
  natsSubscription* subscription = NULL;
  MUST(js_PullSubscribe(&subscription, g_js, "cfetch", "worker", NULL, NULL, NULL));
  int seen = 0;
  while (seen < 500) {
    natsMsgList list;
    MUST(natsSubscription_Fetch(&list, subscription, 100, kTimeoutMs, NULL));
    for (int i = 0; i < list.Count; i++) {
      check_number(list.Msgs[i], seen++);
      MUST(natsMsg_AckSync(list.Msgs[i], NULL, NULL));
    }
    natsMsgList_Destroy(&list);
  }
  jsConsumerInfo* info = NULL;
  MUST(js_GetConsumerInfo(&info, g_js, "CFETCH", "worker", NULL, NULL));
  ENSURE(info->NumPending == 0 && info->NumAckPending == 0 && info->AckFloor.Stream == 500);
  jsConsumerInfo_Destroy(info);
  natsSubscription_Destroy(subscription);
}

static void ordered(void) {
  add_stream("CORDERED", "cordered");
  publish_many("cordered", 500);
  jsSubOptions options;
  natsSubscription* subscription = NULL;
  MUST(jsSubOptions_Init(&options));
  options.Ordered = true;
  MUST(js_SubscribeSync(&subscription, g_js, "cordered", NULL, &options, NULL));
  for (int i = 0; i < 500; i++) {
    natsMsg* message = NULL;
    MUST(natsSubscription_NextMsg(&message, subscription, kTimeoutMs));
    check_number(message, i);
    natsMsg_Destroy(message);
  }
  natsSubscription_Destroy(subscription);
}

static void expect_entry(kvWatcher* watcher, const char* key, kvOperation operation) {
  kvEntry* entry = NULL;
  MUST(kvWatcher_Next(&entry, watcher, kTimeoutMs));
  if (key == NULL) {
    ENSURE(entry == NULL);
    return;
  }
  ENSURE(strcmp(kvEntry_Key(entry), key) == 0 && kvEntry_Operation(entry) == operation);
  kvEntry_Destroy(entry);
}

static void key_value(void) {
  kvConfig config;
  kvStore* bucket = NULL;
  kvEntry* entry = NULL;
  uint64_t revision = 0;
  MUST(kvConfig_Init(&config));
  config.Bucket = "cbucket";
  config.History = 3;
  MUST(js_CreateKeyValue(&bucket, g_js, &config));
  for (int i = 1; i <= 5; i++) {
    MUST(kvStore_PutString(&revision, bucket, "k", "value"));
    ENSURE(revision == (uint64_t)i);
  }
  MUST(kvStore_GetRevision(&entry, bucket, "k", 4));
  ENSURE(strcmp(kvEntry_ValueString(entry), "value") == 0);
  kvEntry_Destroy(entry);
  MUST(kvStore_CreateString(&revision, bucket, "other", "a"));
  ENSURE(kvStore_CreateString(NULL, bucket, "other", "b") != NATS_OK);
  MUST(kvStore_UpdateString(&revision, bucket, "other", "c", revision));
  ENSURE(kvStore_UpdateString(NULL, bucket, "other", "d", 1) != NATS_OK);
  kvEntryList history;
  MUST(kvStore_History(&history, bucket, "k", NULL));
  ENSURE(history.Count == 3);
  kvEntryList_Destroy(&history);

  kvWatcher* watcher = NULL;
  MUST(kvStore_WatchAll(&watcher, bucket, NULL));
  expect_entry(watcher, "k", kvOp_Put);
  expect_entry(watcher, "other", kvOp_Put);
  expect_entry(watcher, NULL, kvOp_Unknown);
  MUST(kvStore_Delete(bucket, "k"));
  expect_entry(watcher, "k", kvOp_Delete);
  MUST(kvStore_Purge(bucket, "other", NULL));
  expect_entry(watcher, "other", kvOp_Purge);
  kvWatcher_Destroy(watcher);
  ENSURE(kvStore_Get(&entry, bucket, "k") == NATS_NOT_FOUND);
  kvStore_Destroy(bucket);
  MUST(js_DeleteKeyValue(g_js, "cbucket"));
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } kScenarios[] = {
      {"stream", stream}, {"fetch", fetch}, {"ordered", ordered}, {"key_value", key_value}};
  if (argc != 3) return 2;
  for (size_t i = 0; i < sizeof kScenarios / sizeof kScenarios[0]; i++) {
    if (strcmp(argv[1], kScenarios[i].name) != 0) continue;
    jsOptions options;
    MUST(natsConnection_ConnectTo(&g_connection, argv[2]));
    MUST(jsOptions_Init(&options));
    options.Wait = kTimeoutMs;
    MUST(natsConnection_JetStream(&g_js, g_connection, &options));
    kScenarios[i].run();
    jsCtx_Destroy(g_js);
    natsConnection_Destroy(g_connection);
    nats_Close();
    return 0;
  }
  return 2;
}
