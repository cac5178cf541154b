"""Requests in the system account, and what is kept of their answers: paths and types, and the texts of
errors. `record_system.py` fills `system_talk.json` in from nats-server 2.15.2."""

import json
import pathlib

from harness.wire import client

RECORD = pathlib.Path(__file__).with_name("system_talk.json")

CONFIG = """
server_name: paris
server_tags: ["x:1", "y"]
server_metadata: {"rack": "7"}
jetstream { store_dir: "%DIR%/js", domain: "d" }
accounts {
  A { jetstream: enabled, users [{user: a, password: a}] }
  B { users [{user: b, password: b, permissions {subscribe: [">"], publish: {deny: "no.>"}}}] }
  SYS { users [{user: s, password: s}] }
}
system_account: SYS
"""

# Every endpoint, as it is asked of all servers and of one.
ENDPOINTS = ("IDZ", "STATSZ", "VARZ", "SUBSZ", "CONNZ", "ROUTEZ", "GATEWAYZ", "LEAFZ", "ACCOUNTZ", "ACCSTATZ", "JSZ",
             "HEALTHZ", "PROFILEZ", "EXPVARZ", "IPQUEUESZ", "RAFTZ", "NONEZ")
OF_ACCOUNT = ("CONNZ", "LEAFZ", "SUBSZ", "JSZ", "INFO", "STATZ", "CONNS", "NONEZ")

OPTIONS = {
    "CONNZ": [{"auth": True}, {"subscriptions": True}, {"subscriptions_detail": True}, {"cid": 99999}, {"limit": 1},
              {"offset": 1, "limit": 1}, {"offset": -1}, {"state": 1}, {"state": 2}, {"state": 7}, {"sort": "subs"},
              {"sort": "bogus"}, {"sort": "stop"}, {"user": "a", "auth": True}, {"user": "a"},
              {"acc": "A", "auth": True}, {"acc": "A"}, {"acc": "nobody"}, {"filter_subject": "foo"},
              {"filter_subject": "foo", "acc": "A", "subscriptions": True}, {"limit": "x"}, {"state": "open"},
              {"mqtt_client": "m"}, {"unknown": 1}],
    "SUBSZ": [{"subscriptions": True}, {"account": "A", "subscriptions": True}, {"test": "foo", "subscriptions": True},
              {"test": "foo.*", "subscriptions": True}, {"offset": 1, "limit": 2, "subscriptions": True}],
    "ACCOUNTZ": [{"account": "A"}, {"account": "B"}, {"account": "SYS"}, {"account": "$G"}, {"account": "nobody"}],
    "ACCSTATZ": [{"accounts": ["A"]}, {"accounts": ["A", "nobody"]}, {"include_unused": True},
                 {"accounts": ["$G"], "include_unused": True}],
    "JSZ": [{"accounts": True}, {"streams": True}, {"account": "A"}, {"account": "B"}, {"account": "nobody"},
            {"leader_only": True}],
    "HEALTHZ": [{"js-enabled-only": True}, {"js-server-only": True}, {"account": "A"}, {"account": "nobody"},
                {"details": True}],
    "ROUTEZ": [{"subscriptions": True}],
    "GATEWAYZ": [{"accounts": True}],
    "LEAFZ": [{"subscriptions": True}],
    "IPQUEUESZ": [{"all": True}, {"filter": "nothing"}],
    "RAFTZ": [{"account": "A"}],
    "IDZ": [{"server_name": "paris"}, {"server_name": "rome"}],
    "PROFILEZ": [{"name": "bogus"}, {"name": "cpu", "duration": 20000000000}, {"name": "cpu", "duration": -1},
                 {"name": "goroutine", "debug": 0}, {"name": "heap", "debug": 0}, {"name": "cpu", "duration": 10000000}],
    "VARZ": [{"server_name": "rome"}, {"tags": ["y", "x:1"]}, {"tags": ["z"]}, {"host": "127.0.0.1"}, {"domain": "d"},
             {"domain": "e"}, {"cluster": "c"}, {"server_name": "par"}, {"server_name": "par", "exact_match": True}],
}
OPTIONS_OF_ACCOUNT = {
    "CONNZ": [{"auth": True}, {"subscriptions": True}, {"acc": "B"}, {"limit": 1}],
    "SUBSZ": [{"subscriptions": True}],
    "JSZ": [{"streams": True}],
    "STATZ": [{"include_unused": True}, {"accounts": ["B"]}],
    "CONNS": [{"server_name": "rome"}],
}
# What users of other accounts may ask.
OF_USERS = (("a", "$SYS.REQ.ACCOUNT.PING.CONNZ", ""), ("a", "$SYS.REQ.ACCOUNT.PING.CONNZ", {"acc": "B"}),
            ("a", "$SYS.REQ.SERVER.PING.CONNZ", ""), ("a", "$SYS.REQ.ACCOUNT.PING.STATZ", ""),
            ("a", "$SYS.REQ.ACCOUNT.PING.STATZ", {"accounts": ["B"]}),
            ("a", "$SYS.REQ.USER.INFO", ""), ("b", "$SYS.REQ.USER.INFO", ""), ("s", "$SYS.REQ.USER.INFO", ""),
            ("a", "$SYS.REQ.USER.A.INFO", ""), ("a", "$SYS.REQ.ACCOUNT.A.CONNZ", ""), ("a", "$SYS.REQ.SERVER.PING", ""),
            ("a", "$SYS.REQ.SERVER.PING.VARZ", ""), ("a", "$SYS.REQ.ACCOUNT.PING.SUBSZ", ""),
            ("a", "$SYS.DEBUG.SUBSCRIBERS", "foo"), ("s", "$SYS.DEBUG.SUBSCRIBERS", "foo"),
            ("s", "$SYS.REQ.USER.A.INFO", ""), ("a", "$SYS.REQ.ACCOUNT.NSUBS", ""), ("s", "$SYS.REQ.ACCOUNT.NSUBS", ""))

def talk():
    """(name, user, subject, body) of all requests; `%ID%` is the server's."""
    def body(options):
        return options if isinstance(options, str) else json.dumps(options)

    for endpoint in ENDPOINTS:
        for scope in ("PING", "%ID%"):
            yield "s", f"$SYS.REQ.SERVER.{scope}.{endpoint}", ""
        yield "s", f"$SYS.REQ.SERVER.PING.{endpoint}", "{bad"
        yield "s", f"$SYS.REQ.SERVER.PING.{endpoint}", "[]"
        for options in OPTIONS.get(endpoint, ()):
            yield "s", f"$SYS.REQ.SERVER.PING.{endpoint}", body(options)
    yield "s", "$SYS.REQ.SERVER.PING", ""
    yield "s", "$SYS.REQ.SERVER.PING", '{"server_name":"rome"}'
    yield "s", "$SYS.REQ.SERVER.%ID%", ""
    yield "s", "$SYS.REQ.SERVER.NOBODY.VARZ", ""
    for endpoint in OF_ACCOUNT:
        for account in ("A", "B", "SYS", "nobody"):
            yield "s", f"$SYS.REQ.ACCOUNT.{account}.{endpoint}", ""
        yield "s", f"$SYS.REQ.ACCOUNT.A.{endpoint}", "{bad"
        for options in OPTIONS_OF_ACCOUNT.get(endpoint, ()):
            yield "s", f"$SYS.REQ.ACCOUNT.A.{endpoint}", body(options)
        yield "s", f"$SYS.REQ.ACCOUNT.PING.{endpoint}", ""
    yield "s", "$SYS.REQ.ACCOUNT.PING.STATZ", '{"include_unused":true}'
    yield "s", "$SYS.REQ.ACCOUNT.PING.STATZ", '{"accounts":["A"]}'
    for user, subject, options in OF_USERS:
        yield user, subject, body(options)
    for what, options in (("KICK", ""), ("KICK", {"cid": 99999}), ("KICK", {"cid": "x"}), ("KICK", {"cid": -1}),
                          ("LDM", ""), ("LDM", {"cid": 99999}), ("LDM", {"cid": "x"})):
        yield "s", f"$SYS.REQ.SERVER.%ID%.{what}", body(options)
        yield "s", f"$SYS.REQ.SERVER.PING.{what}", body(options)


class Asker:
    """A user's connection that asks and waits for one answer."""

    def __init__(self, server, user):
        self.user = user
        self.wire = client(server, user=user, **{"pass": user}, headers=True, no_responders=True, name=f"{user}sker",
                           lang="py", version="1.0")
        self.wire.send(b"SUB _INBOX.here 1\r\n")
        self.wire.barrier()
        self.id = self.wire.info["server_id"]

    def publish(self, subject: str, body: str = "", headers: str = "", reply="_INBOX.here"):
        subject = subject.replace("%ID%", self.id)
        head = f"NATS/1.0\r\n{headers}\r\n".encode() if headers else b""
        payload = head + body.encode()
        sizes = f"{len(head)} {len(payload)}" if head else f"{len(payload)}"
        verb = "HPUB" if head else "PUB"
        self.wire.send(f"{verb} {subject} {reply} {sizes}\r\n".encode() + payload + b"\r\n")

    def frame(self, patience: float = 0.0) -> bytes:
        frame = self.wire.frame(patience)
        while frame == b"PING":
            self.wire.send(b"PONG\r\n")
            frame = self.wire.frame(patience)
        return frame

    def is_silent(self, subject: str, body: str = "") -> bool:
        """Whether the server does not answer: what is asked behind it, and takes longer, is answered
        first."""
        self.wire.send(b"SUB _INBOX.after 2\r\n")
        self.publish(subject, body)
        self.publish("$SYS.REQ.SERVER.PING", reply="_INBOX.after")
        answered = self.frame().startswith(b"MSG _INBOX.after ")
        self.wire.send(b"UNSUB 2\r\n")
        return answered and self.wire.barrier() == []

    def ask(self, subject: str, body: str = "", headers: str = "", patience: float = 0.0):
        """(header block, payload) of the answer; None where nobody is there."""
        self.publish(subject, body, headers)
        line, _, payload = self.frame(patience).partition(b"\r\n")
        if line.startswith(b"HMSG"):
            size = int(line.split()[-2])
            if payload[:size].startswith(b"NATS/1.0 503"):
                return None
            return payload[:size].decode(), payload[size:]
        if not line.startswith(b"MSG"):
            raise AssertionError(f"{subject}: {line!r}")
        return "", payload


# Objects with a member for each of something: only their values' types matter.
MAPS = ("http_req_stats", "tls_ocsp_peer_verify", "feature_flags", "memstats", "BySize", "metadata")


def shape(value, path="", into=None):
    """Paths and types: {"data.connections[].cid": "number"}; of lists all members together."""
    into = {} if into is None else into
    kinds = {dict: "object", list: "list", str: "text", bool: "bool", type(None): "null", int: "number", float: "number"}
    kind = kinds[type(value)]
    known = into.get(path or ".")
    into[path or "."] = kind if known in (None, kind) else "|".join(sorted(set(known.split("|")) | {kind}))
    if isinstance(value, dict):
        for name, member in value.items():
            if path.rsplit(".", 1)[-1] in MAPS:
                name = "*"
            shape(member, f"{path}.{name}" if path else name, into)
    elif isinstance(value, list):
        for member in value:
            shape(member, path + "[]", into)
    return into


def kept(answer):
    """What is recorded of an answer."""
    if answer is None or answer == "silence":
        return "nobody" if answer is None else answer
    headers, payload = answer
    if headers:
        return {"headers": headers, "size": len(payload) > 0}
    try:
        value = json.loads(payload)
    except ValueError:
        return {"text": payload.decode()}
    if isinstance(value, dict) and "error" in value and value["error"]:
        return {"error": value["error"], "shape": {k: v for k, v in shape(value).items() if not k.startswith("error")}}
    return {"shape": shape(value)}


def populate(server):
    """Somebody to be seen: of A with a stream and subscriptions, of B, and one that has gone."""
    js = client(server, user="a", **{"pass": "a"}, headers=True, no_responders=True, name="worker", lang="py",
                version="1.0")
    js.send(b"SUB foo 1\r\nSUB bar.* q 2\r\nSUB _INBOX.js 3\r\n")
    stream = b'{"name":"S","subjects":["s.>"]}'
    js.barrier()
    js.send(b"PUB $JS.API.STREAM.CREATE.S _INBOX.js %d\r\n%s\r\n" % (len(stream), stream))
    js.frame()
    js.send(b"PUB foo 5\r\nhello\r\n")
    js.frame()
    b = client(server, user="b", **{"pass": "b"}, name="other", lang="py", version="1.0")
    b.barrier()
    b.send(b"SUB baz 1\r\nPUB baz 2\r\nhi\r\n")
    b.frame()
    gone = client(server, user="b", **{"pass": "b"}, name="gone", lang="py", version="1.0")
    gone.barrier()
    gone.close()
    return js, b
