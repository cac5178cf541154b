// Workflows of @nats-io/{jetstream,kv,obj,services}: `node jetstream.js NAME URL`; see ../README.md.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { Svcm } from "@nats-io/services";
import { connect, headers } from "@nats-io/transport-node";

globalThis.crypto ??= webcrypto; // Debian 12's Node 18 has none by itself

const client = await connect({ servers: process.argv[3] });

async function take(iterator, count) {
  const taken = [];
  for await (const one of iterator) {
    taken.push(one);
    if (taken.length === count) break;
  }
  return taken;
}

async function filled(name, count) {
  const manager = await jetstreamManager(client);
  await manager.streams.add({ name, subjects: [`${name}.>`], allow_direct: true });
  const js = jetstream(client);
  const acks = await Promise.all(
    Array.from({ length: count }, (_, i) => js.publish(`${name}.${i % 10}`, `${i}`)),
  );
  assert.deepEqual(acks.map((ack) => ack.seq).sort((a, b) => a - b), acks.map((_, i) => i + 1));
  return { manager, js };
}

const scenarios = {
  async stream() {
    const { manager, js } = await filled("NSTREAM", 200);
    const again = await js.publish("NSTREAM.1", "x", { msgID: "a" });
    const twice = await js.publish("NSTREAM.1", "x", { msgID: "a" });
    assert.deepEqual([twice.seq, twice.duplicate], [again.seq, true]);
    await assert.rejects(js.publish("NSTREAM.1", "x", { expect: { lastSequence: 7 } }));
    assert.equal((await manager.streams.getMessage("NSTREAM", { seq: 3 })).string(), "2");
    const direct = await manager.direct.getMessage("NSTREAM", { last_by_subj: "NSTREAM.9" });
    assert.equal(direct.string(), "199");
    const batch = await manager.direct.getBatch("NSTREAM", { seq: 1, batch: 50 });
    assert.equal((await take(batch, 50)).length, 50);
    assert.equal((await manager.streams.purge("NSTREAM", { keep: 5 })).purged, 196);
    const info = await manager.streams.info("NSTREAM", { subjects_filter: ">" });
    assert.equal(info.state.messages, 5);
    assert.equal(Object.keys(info.state.subjects).length, 5);
    assert.ok(await manager.streams.deleteMessage("NSTREAM", 201));
    assert.ok(await manager.streams.delete("NSTREAM"));
    await assert.rejects(manager.streams.info("NSTREAM"));
  },

  async consume() {
    const { manager, js } = await filled("NCONSUME", 1000);
    await manager.consumers.add("NCONSUME", {
      durable_name: "worker",
      ack_policy: AckPolicy.Explicit,
    });
    const consumer = await js.consumers.get("NCONSUME", "worker");
    const first = await consumer.fetch({ max_messages: 100 });
    for (const [i, message] of (await take(first, 100)).entries()) {
      assert.equal(message.string(), `${i}`);
      assert.ok(await message.ackAck());
    }
    const rest = await consumer.consume({ max_messages: 200 });
    const seen = [];
    for await (const message of rest) {
      seen.push(Number(message.string()));
      if (seen.length === 900) {
        assert.ok(await message.ackAck());
        break;
      }
      message.ack();
    }
    assert.deepEqual(seen, Array.from({ length: 900 }, (_, i) => i + 100));
    const info = await consumer.info(false);
    assert.deepEqual([info.num_pending, info.ack_floor.stream_seq], [0, 1000]);
    await js.publish("NCONSUME.0", "again");
    const one = await consumer.next();
    one.nak();
    const same = await consumer.next();
    assert.equal(same.info.deliveryCount, 2);
    same.term();
    assert.ok(await consumer.delete());
  },

  async ordered() {
    const { js } = await filled("NORDERED", 500);
    const all = await js.consumers.get("NORDERED");
    const messages = await take(await all.consume(), 500);
    messages.forEach((m, i) => assert.deepEqual([m.seq, m.string()], [i + 1, `${i}`]));
    const some = await js.consumers.get("NORDERED", {
      filter_subjects: ["NORDERED.3", "NORDERED.4"],
      deliver_policy: DeliverPolicy.LastPerSubject,
    });
    const last = await take(await some.fetch({ max_messages: 2 }), 2);
    assert.deepEqual(last.map((m) => m.string()), ["493", "494"]);
  },

  async push() {
    const { manager, js } = await filled("NPUSH", 300);
    await manager.consumers.add("NPUSH", {
      durable_name: "pushed",
      deliver_subject: "deliver.here",
      ack_policy: AckPolicy.Explicit,
      flow_control: true,
      idle_heartbeat: 5_000_000_000,
    });
    const consumer = await js.consumers.getPushConsumer("NPUSH", "pushed");
    const messages = await take(await consumer.consume(), 300);
    messages.forEach((m, i) => assert.equal(m.string(), `${i}`));
    for (const message of messages) await message.ackAck();
    assert.equal((await consumer.info(false)).num_ack_pending, 0);
  },

  async key_value() {
    const bucket = await new Kvm(client).create("nbucket", { history: 3 });
    for (let i = 1; i <= 5; i++) assert.equal(await bucket.put("k", `${i}`), i);
    assert.equal((await bucket.get("k")).string(), "5");
    assert.equal((await bucket.get("k", { revision: 4 })).string(), "4");
    const history = await take(await bucket.history({ key: "k" }), 3);
    assert.deepEqual(history.map((e) => e.string()), ["3", "4", "5"]);
    assert.equal(await bucket.create("other", "a"), 6);
    await assert.rejects(bucket.create("other", "b"));
    assert.equal(await bucket.update("other", "c", 6), 7);
    await assert.rejects(bucket.update("other", "d", 6));
    const watch = await bucket.watch();
    const seen = (async () => {
      return (await take(watch, 4)).map((e) => [e.key, e.operation]);
    })();
    await bucket.delete("k");
    await bucket.purge("other");
    assert.deepEqual(await seen, [["k", "PUT"], ["other", "PUT"], ["k", "DEL"], [
      "other",
      "PURGE",
    ]]);
    await bucket.put("left", "1");
    const keys = [];
    for await (const key of await bucket.keys()) keys.push(key);
    assert.deepEqual(keys, ["left"]);
    assert.equal((await bucket.status()).history, 3);
    assert.ok(await bucket.destroy());
  },

  async object_store() {
    const store = await new Objm(client).create("nfiles");
    const content = new Uint8Array(700_000).map((_, i) => (i * 13) % 251);
    const info = await store.putBlob({ name: "big", description: "chunks" }, content);
    assert.deepEqual([info.size, info.chunks], [content.length, 6]);
    assert.deepEqual(await store.getBlob("big"), content);
    await store.putBlob({ name: "small" }, new Uint8Array([1, 2, 3]));
    await store.link("alias", await store.info("small"));
    assert.deepEqual([...(await store.getBlob("alias"))], [1, 2, 3]);
    assert.deepEqual((await store.list()).map((i) => i.name).sort(), ["alias", "big", "small"]);
    await store.update("small", { name: "tiny" });
    assert.deepEqual([...(await store.getBlob("tiny"))], [1, 2, 3]);
    assert.ok((await store.delete("big")).purged > 0);
    assert.equal(await store.getBlob("big"), null);
    assert.ok((await store.seal()).sealed);
    await assert.rejects(store.putBlob({ name: "more" }, content));
    assert.ok(await store.destroy());
  },

  async services() {
    const services = new Svcm(client);
    const added = [];
    for (let i = 0; i < 2; i++) {
      const service = await services.add({ name: "echo", version: "1.0.0" });
      service.addGroup("v1").addEndpoint("say", (_, message) => message.respond(message.data));
      added.push(service);
    }
    await client.flush();
    for (let i = 0; i < 20; i++) {
      assert.equal((await client.request("v1.say", `${i}`)).string(), `${i}`);
    }
    const asking = services.client({ maxMessages: 2, maxWait: 5000, strategy: "count" });
    const infos = await take(await asking.ping("echo"), 2);
    assert.deepEqual(infos.map((i) => i.id).sort(), added.map((s) => s.info().id).sort());
    const stats = await take(await asking.stats("echo"), 2);
    assert.equal(stats.reduce((sum, s) => sum + s.endpoints[0].num_requests, 0), 20);
    for (const service of added) await service.stop();
    await client.flush();
    await assert.rejects(client.request("v1.say", "x"));
  },
};

await scenarios[process.argv[2]]();
await client.close();
