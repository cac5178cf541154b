// A web page with @nats-io/nats-core in Chromium: `node browser.js CHROMIUM URL`. It publishes,
// subscribes, asks and is asked, and comes back after the server was away (`step restart`).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, url] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));

// The packages are CommonJS: the page has a `require` of its own, which fetches them.
const page = `<!doctype html><meta charset="utf-8"><title>Midge</title><script>
const mains = {"tweetnacl": "tweetnacl/nacl-fast.js", "@nats-io/nkeys": "@nats-io/nkeys/lib/mod.js",
               "@nats-io/nuid": "@nats-io/nuid/lib/nuid.js",
               "@nats-io/nats-core": "@nats-io/nats-core/lib/mod.js"};
const modules = {};
function load(name, from) {
  const path = name.startsWith(".") ? new URL(name + ".js", "http://x/" + from).pathname.slice(1)
                                    : mains[name];
  if (path in modules) return modules[path].exports;
  const module = modules[path] = {exports: {}};
  const request = new XMLHttpRequest();
  request.open("GET", "/node_modules/" + path, false);
  request.send();
  if (request.status !== 200) throw new Error("no " + name);
  new Function("module", "exports", "require", request.responseText)(
      module, module.exports, (wanted) => load(wanted, path));
  return module.exports;
}
</script>`;

function serve() {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname);
    try {
      const body = path === "/" ? page : await readFile(join(here, path));
      const type = path === "/" ? "text/html" : "text/javascript";
      response.writeHead(200, { "Content-Type": type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

// What follows runs within the page.

async function messages(url) {
  const { wsconnect } = load("@nats-io/nats-core");
  window.connection = await wsconnect({ servers: url, reconnectTimeWait: 50,
                                        maxReconnectAttempts: -1 });
  const { connection } = window;
  const subscription = connection.subscribe("foo.*", { max: 1000 });
  for (let i = 0; i < 1000; i++) connection.publish("foo.bar", `message ${i}`);
  const seen = [];
  for await (const message of subscription) seen.push(message.string());
  return seen;
}

async function requests() {
  const { connection } = window;
  connection.subscribe("echo", { callback: (_, message) => message.respond(message.data) });
  const large = "z".repeat(300000);
  const answer = await connection.request("echo", large, { timeout: 10000 });
  let nobody = false;
  await connection.request("nobody", "", { timeout: 10000 }).catch((error) => {
    nobody = error.isNoResponders();
  });
  return [answer.string() === large, nobody];
}

function watchReconnect() {
  window.back = (async () => {
    for await (const status of window.connection.status())
      if (status.type === "reconnect") return true;
    return false;
  })();
}

async function afterReconnect() {
  await window.back;
  const answer = await window.connection.request("echo", "again", { timeout: 10000 });
  await window.connection.close();
  return answer.string();
}

const server = await serve();
// Containers have no namespaces for Chromium's sandbox, and what it shows here is our own page.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const tab = await browser.newPage();
  tab.on("pageerror", (error) => console.error(error));
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  const seen = await tab.evaluate(messages, url);
  assert.deepEqual(seen, Array.from({ length: 1000 }, (_, i) => `message ${i}`));
  assert.deepEqual(await tab.evaluate(requests), [true, true]);
  await tab.evaluate(watchReconnect);
  console.log("step restart");
  assert.equal(await tab.evaluate(afterReconnect), "again");
} finally {
  await browser.close();
  server.close();
}
