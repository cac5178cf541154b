"""Every page of the monitoring port, field by field, beside nats-server's: the same traffic, then paths, types and, where
all runs of the peer agree on it, the value.

monitor_shapes.json holds what nats-server 2.15.2 answered; to record it anew:

    MIDGE_SERVER=~/go/bin/nats-server python tests/server/test_monitor_shapes.py
"""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import pytest

from harness import server as servers
from harness.wire import client

RECORDED = pathlib.Path(__file__).with_name("monitor_shapes.json")

CONFIG = """
server_name: shapes
http: "127.0.0.1:-1"
jetstream: { store_dir: js, max_mem: 64MB, max_file: 128MB }
server_tags: ["a:1", "b"]
server_metadata: { k: v }
accounts: {
  SYS: { users: [ { user: sys, password: pw } ] }
  A: {
    jetstream: { max_mem: 1MB, max_file: 2MB, max_streams: 5, max_consumers: 7 }
    users: [ { user: a, password: pw } ]
    exports: [ { stream: "out.>" }, { service: "svc", accounts: [B] } ]
    mappings: { "from": "to" }
  }
  B: { users: [ { user: b, password: pw } ], imports: [ { service: { account: A, subject: "svc" } } ] }
}
system_account: SYS
"""

PAGES = [
    "/varz", "/connz", "/connz?auth=1&subs=1", "/connz?subs=detail&sort=cid&limit=1&offset=1", "/connz?state=closed&auth=1",
    "/connz?state=all&sort=start", "/connz?cid=99999", "/connz?user=b&auth=1", "/connz?acc=A&auth=1", "/routez?subs=1",
    "/gatewayz?accs=1", "/leafz?subs=1", "/subsz", "/subsz?subs=1&acc=B", "/subsz?subs=1&test=only.a", "/accountz",
    "/accountz?acc=A", "/accountz?acc=B", "/accstatz", "/accstatz?unused=1", "/jsz", "/jsz?accounts=1",
    "/jsz?acc=A&streams=1", "/jsz?consumers=1&config=1", "/jsz?consumers=1&raft=1&direct-consumers=1", "/healthz",
    "/healthz?details=1", "/healthz?js-server-only=1", "/ipqueuesz", "/debug/vars",
    # Errors: their texts are the bodies.
    "/connz?sort=nope", "/connz?sort=stop", "/connz?state=x", "/connz?subs=x", "/connz?auth=x", "/connz?limit=x", "/connz?offset=x",
    "/connz?cid=x", "/connz?cid=-1", "/subsz?subs=x", "/subsz?test=a.*", "/subsz?offset=x", "/accountz?acc=nope",
    "/accstatz?unused=x", "/jsz?streams=x", "/jsz?limit=x", "/jsz?config=x", "/healthz?details=x", "/healthz?stream=S",
    "/healthz?account=A&consumer=C", "/raftz", "/routez?subs=x", "/gatewayz?accs=x", "/leafz?subs=x", "/ipqueuesz?all=x",
    "/nope", "/varz/", "/metricsz",
]

# Paths whose value, or presence, differs, and why. What docs/deviations.md does not say is said here.
DIFFERENT = [
    (r"/varz .*\.store_dir|/jsz.* .*\.store_dir", "formats of our own, in a folder of our own"),
    (r".* (.*\.)?(go|version_go)$", "there is no Go"),
    (r".*\.sync_always$|.*\.sync_interval$", "acknowledged means synced"),
    (r".*\blimits(\.default_max_consumers)?$", "no limit that nobody asked for"),
    (r".*\[\]\.cid$", "the server's own clients have numbers there, too"),
    (r"/subsz.*acc=B (total|subscriptions_list.*)", "the imports of the server's own services, and how they listen"),
    (r"/varz subscriptions$|/(varz|subsz).* (num_|cache|avg_|max_fanout).*", "the server's own subscriptions and cache"),
    (r"/subsz.* (num_.*|cache_hit_rate|.*_fanout)$", "the same"),
    (r"/varz gomaxprocs$|/varz (cpu|mem|cores)$", "of the machine"),
    (r"/accountz\?acc=. account_detail\.(imports|exports|sublist_stats|subscriptions|responses).*", "docs/deviations.md, /accountz"),
    (r"/(accstatz|connz).* .*rtt$", "measured"),
    (r"/accstatz.* account_statz\[\]\.(num_subscriptions|total_conns|sent|received).*", "the server's own"),
    (r"/ipqueuesz .*", "queues are the implementation's"),
    (r"/debug/vars .*(cmdline|BySize|PauseNs|PauseEnd|EnableGC|DebugGC).*", "there is no collector; arguments may be secrets"),
    (r"/debug/vars memstats\..*", "there is no collector"),
    (r"/varz feature_flags\..*", "of the release"),
    (r"/healthz\?account=A&consumer=C .*", "answered truly"),
    (r"/varz config_digest$", "`loops` stands in the configuration"),
    # Ours alone.
    (r"/varz (midge_version|dropped_msgs|pending_bytes|memory.*|loops.*)$", "Midge's own"),
]


# "0s", unless the machine is slow.
PASSING = re.compile(r"\b(uptime|idle|rtt)$")


def why_different(key: str):
    return next((why for pattern, why in DIFFERENT if re.fullmatch(pattern, key)), None)


def use(server):
    """The traffic: a stream with two consumers, subscriptions, a connection that has ended."""
    def login(user, **more):
        return client(server, user=user, name=f"name-{user}", lang="py", version="1", headers=True,
                      **{"pass": "pw"}, **more)

    gone, one, two = login("a"), login("a"), login("b")
    gone.send(b"SUB gone 1\r\n")
    gone.barrier()
    gone.finish()
    one.send(b"SUB only.a 1\r\nSUB queue q 2\r\nSUB reply 3\r\n")
    for subject, body in (
            (b"STREAM.CREATE.S", b'{"name":"S","subjects":["s.>"],"storage":"file","retention":"limits"}'),
            (b"STREAM.CREATE.M", b'{"name":"M","subjects":["m"],"storage":"memory"}'),
            (b"CONSUMER.CREATE.S.C", b'{"stream_name":"S","config":'
                                     b'{"durable_name":"C","name":"C","ack_policy":"explicit"}}')):
        one.send(b"PUB $JS.API.%b reply %d\r\n%b\r\n" % (subject, len(body), body))
        assert b'"error"' not in one.frame()
    for body in (b"hello", b"there"):
        one.send(b"PUB s.x reply %d\r\n%b\r\n" % (len(body), body))
        assert b'"seq"' in one.frame()
    two.send(b"SUB x 1\r\nPUB x 3\r\nabc\r\nPUB only.a 3\r\nabc\r\n")
    two.frame()
    one.barrier()
    two.barrier()
    servers.wait_until(lambda: server.json("/connz?state=closed")["num_connections"] == 1, "the end")
    return one, two


def flat(value, path=""):
    """Paths and scalar values; items of lists share a path."""
    if isinstance(value, dict):
        if not value:
            yield path, {}
        for name, inner in value.items():
            yield from flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        if not value:
            yield path, []
        for inner in value:
            yield from flat(inner, path + "[]")
    else:
        yield path, value


def type_of(value) -> str:
    kinds = {bool: "bool", int: "number", float: "number", str: "text", type(None): "null", dict: "object", list: "list"}
    return kinds[type(value)]


def look(server) -> dict:
    """page path → (type, values sorted); page alone → status and, if it is no JSON, the body."""
    seen = {}
    for page in PAGES:
        status, body, headers = server.http(page)
        seen[page] = ["status", [status, headers["Content-Type"]]]
        if status != 200 and not body.startswith("{"):
            seen[page][1].append(body)
            continue
        for path, value in flat(json.loads(body)):
            kind, values = seen.setdefault(f"{page} {path}", [type_of(value), []])
            assert kind == type_of(value) or "null" in (kind, type_of(value)), (page, path)
            values.append(value)
    # The peer lists in the order of hash tables.
    return {key: [kind, sorted(values, key=json.dumps) if key not in PAGES else values]
            for key, (kind, values) in seen.items()}


def record():
    """Of four runs: values on which they agree, else the type alone."""
    runs = []
    for _ in range(4):
        with servers.Server(config=CONFIG) as server:
            wires = use(server)
            runs.append(look(server))
            for wire in wires:
                wire.close()
    shapes = {}
    for key in runs[0]:
        if not all(key in run for run in runs):
            continue
        kind, values = runs[0][key]
        shapes[key] = [kind, values] if all(run[key] == runs[0][key] for run in runs) else [kind]
    RECORDED.write_text("{\n" + ",\n".join(
        f"{json.dumps(key)}: {json.dumps(shape)}" for key, shape in shapes.items()) + "\n}\n")


def differences(recorded: dict, seen: dict) -> list:
    wrong = []
    for key, shape in recorded.items():
        if why_different(key):
            continue
        if key not in seen:
            wrong.append(f"{key}: missing")
        elif seen[key][0] != shape[0]:
            wrong.append(f"{key}: {seen[key][0]} for {shape[0]}")
        elif len(shape) > 1 and seen[key][1] != shape[1] and not PASSING.search(key):
            wrong.append(f"{key}: {seen[key][1]} for {shape[1]}")
    wrong += [f"{key}: not the peer's" for key in seen if key not in recorded and not why_different(key)]
    return wrong


@pytest.mark.rows("MON-03", "MON-04", "MON-05", "MON-06", "MON-07", "MON-08", "MON-09", "MON-10", "MON-11", "MON-13", "MON-14",
                  "MON-16", "MON-17", "MON-18", "MON-19", "MON-20", "MON-21", "MON-22", "MON-23", "MON-24", "MON-26",
                  "MON-27")
@pytest.mark.parametrize("loops", ["", "loops: 4\nconnection_placement: spread\n"])
def test_all_pages_are_as_recorded(start, loops):
    server = start(config=CONFIG + ("" if servers.kind() == "peer" else loops))
    wires = use(server)
    assert differences(json.loads(RECORDED.read_text()), look(server)) == []
    for wire in wires:
        wire.close()


if __name__ == "__main__":
    record()
