// Scenarios of @nats-io/transport-node, and of @nats-io/nats-core over WebSocket where the URL says
// so: `node scenarios.js NAME URL`; see ../README.md.
import assert from "node:assert/strict";
import { wsconnect } from "@nats-io/nats-core";
import { connect as tcp, Empty, headers } from "@nats-io/transport-node";
import { WebSocket } from "ws";

const url = process.argv[3];
const connect = url.startsWith("ws") ? wsconnect : tcp;
globalThis.WebSocket ??= WebSocket; // browsers have one, and Node from 22 on
const text = new TextDecoder();
const open = (options = {}) => connect({ servers: url, ...options });
const step = (what) => console.log(`step ${what}`);

async function collect(subscription, count) {
  const messages = [];
  for await (const message of subscription) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

async function event(connection, type) {
  for await (const status of connection.status()) {
    if (status.type === type) return status;
  }
  throw new Error(`the connection ended without ${type}`);
}

const scenarios = {
  async publish_subscribe() {
    const [a, b] = [await open(), await open()];
    const subscription = a.subscribe("foo.*", { max: 1000 });
    await a.flush();
    for (let i = 0; i < 1000; i++) b.publish("foo.bar", `message ${i}`);
    await b.flush();
    const messages = await collect(subscription, 1000);
    messages.forEach((m, i) => assert.equal(m.string(), `message ${i}`));
    assert.equal(messages[0].subject, "foo.bar");
    assert.equal(a.info.version, "2.15.2");
    await a.close();
    await b.close();
  },

  async queue() {
    const connections = await Promise.all([open(), open(), open()]);
    const counts = [0, 0, 0];
    let all;
    const done = new Promise((resolve) => (all = resolve));
    for (const [i, connection] of connections.entries()) {
      connection.subscribe("work", {
        queue: "workers",
        callback: () => {
          counts[i]++;
          if (counts.reduce((sum, n) => sum + n) === 600) all();
        },
      });
      await connection.flush();
    }
    for (let i = 0; i < 600; i++) connections[0].publish("work");
    await done;
    await Promise.all(connections.map((connection) => connection.flush()));
    assert.equal(counts.reduce((sum, n) => sum + n), 600);
    assert.ok(Math.min(...counts) > 50, `${counts}`);
    await Promise.all(connections.map((connection) => connection.close()));
  },

  async request() {
    const [service, client] = [await open(), await open()];
    service.subscribe("echo", { callback: (_, m) => m.respond(m.data) });
    await service.flush();
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, i) => client.request("echo", `${i}`, { timeout: 5000 })));
    replies.forEach((m, i) => assert.equal(text.decode(m.data), `${i}`));
    const single = await client.request("echo", "x", { noMux: true, timeout: 5000 });
    assert.equal(single.string(), "x");
    await service.close();
    await client.close();
  },

  async no_responders() {
    const client = await open();
    await assert.rejects(client.request("nobody.there", Empty, { timeout: 5000 }),
      (error) => /no responders/i.test(`${error} ${error.cause}`));
    await client.close();
  },

  async headers() {
    const client = await open();
    const subscription = client.subscribe("h", { max: 1 });
    const sent = headers();
    sent.append("Key", "one");
    sent.append("Key", "two");
    sent.set("other", "ü");
    client.publish("h", "body", { headers: sent });
    const [message] = await collect(subscription, 1);
    assert.deepEqual(message.headers.values("Key"), ["one", "two"]);
    assert.equal(message.headers.get("other"), "ü");
    assert.equal(message.string(), "body");
    await client.close();
  },

  async unsubscribe_after() {
    const client = await open();
    const subscription = client.subscribe("u", { max: 3 });
    for (let i = 0; i < 10; i++) client.publish("u");
    assert.equal((await collect(subscription)).length, 3);
    await client.close();
  },

  async drain() {
    const [a, b] = [await open(), await open()];
    let count = 0;
    a.subscribe("d", { callback: () => count++ });
    await a.flush();
    for (let i = 0; i < 2000; i++) b.publish("d");
    await b.flush();
    await a.drain();
    assert.equal(count, 2000);
    assert.ok(a.isClosed());
    await b.close();
  },

  async large() {
    const client = await open();
    const payload = new Uint8Array(client.info.max_payload).fill(7);
    const subscription = client.subscribe("large", { max: 1 });
    client.publish("large", payload);
    const [message] = await collect(subscription, 1);
    assert.deepEqual(message.data, payload);
    assert.throws(() => client.publish("large", new Uint8Array(payload.length + 1)));
    await client.close();
  },

  async reconnect() {
    const client = await open({ maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    let received;
    const arrived = new Promise((resolve) => (received = resolve));
    client.subscribe("again", { callback: (_, m) => received(m.string()) });
    await client.flush();
    const reconnected = event(client, "reconnect");
    step("restart");
    await reconnected;
    client.publish("again", "after");
    assert.equal(await arrived, "after");
    await client.close();
  },

  async lame_duck() {
    const client = await open();
    const told = event(client, "ldm");
    await client.flush();
    step("lame duck");
    await told;
    await client.flush();
    await client.close();
  },

  async credentials_not_asked() {
    const client = await open({ user: "somebody", pass: "secret" });
    await client.flush();
    await client.close();
  },

  async rtt() {
    const client = await open();
    assert.ok((await client.rtt()) < 5000);
    await client.close();
  },
};

await scenarios[process.argv[2]]();
