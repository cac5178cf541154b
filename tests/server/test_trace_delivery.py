"""Message tracing beside what else goes on: other loops, slow receivers, answers, reloads, claims."""

import gzip
import json
import re

import pytest

from harness.claims import NO_LIMITS, USER_LIMITS, Key, Session, make_token
from harness.server import wait_until
from harness.wire import Wire, client

LOOPS = ["", "loops: 4\nconnection_placement: spread\n"]
DEST = b"Nats-Trace-Dest: t.1\r\n"
ONLY = DEST + b"Nats-Trace-Only: true\r\n"
PARENT = b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"


@pytest.fixture(params=LOOPS, ids=["default", "four loops"])
def loops(request, kind):
    if request.param and kind == "peer":
        pytest.skip("the peer has no loops")
    return request.param


def connect(server, *subscriptions, **options):
    wire = client(server, headers=True, no_responders=True, **options)
    for sid, subscription in enumerate(subscriptions):
        wire.send(f"SUB {subscription} {sid}\r\n".encode())
    wire.barrier()
    return wire


def hpub(wire, subject, headers, body=b"hi", reply=b""):
    block = b"NATS/1.0\r\n" + headers + b"\r\n"
    words = [b"HPUB", subject, *([reply] if reply else []), b"%d %d" % (
        len(block), len(block) + len(body))]
    wire.send(b" ".join(words) + b"\r\n" + block + body + b"\r\n")


def next_frame(wire):
    """The next one that is no PING."""
    while True:
        frame = wire.frame()
        if frame != b"PING":
            return frame
        wire.send(b"PONG\r\n")


def next_event(monitor):
    return json.loads(next_frame(monitor).split(b"\r\n", 1)[1])


def ways(event, kind="eg"):
    return [one for one in event["events"] if one["type"] == kind]


def unpack_snappy(stream: bytes) -> bytes:
    """Reads the framing format, and blocks as Snappy and S2 write them."""
    assert stream[:10] == b"\xff\x06\x00\x00sNaPpY"
    plain, at = b"", 10
    while at < len(stream):
        kind, size = stream[at], int.from_bytes(stream[at + 1:at + 4], "little")
        chunk, at = stream[at + 8:at + 4 + size], at + 4 + size
        plain += chunk if kind == 1 else unpack_block(chunk)
    return plain


def unpack_block(block: bytes) -> bytes:
    size, at, shift = 0, 0, 0
    while True:
        size, shift, at = size | (block[at] & 127) << shift, shift + 7, at + 1
        if block[at - 1] < 128:
            break
    plain, offset = bytearray(), 0
    while at < len(block):
        tag, at = block[at], at + 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                more, length = length - 59, int.from_bytes(block[at:at + length - 59], "little")
                at += more
            plain += block[at:at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, next_offset, at = (tag >> 2 & 7), (tag & 0xe0) << 3 | block[at], at + 1
            if next_offset == 0 and length >= 5:  # S2's long repeats
                more = length - 4
                length = int.from_bytes(block[at:at + more], "little") + (4, 256, 65536)[more - 1]
                at += more
            length += 4
        else:
            width = 2 if tag & 3 == 2 else 4
            next_offset, at = int.from_bytes(block[at:at + width], "little"), at + width
            length = (tag >> 2) + 1
        offset = next_offset or offset
        for _ in range(length):
            plain.append(plain[-offset])
    assert len(plain) == size
    return bytes(plain)


@pytest.mark.rows("CORE-86")
@pytest.mark.parametrize("accepted, told, unpack", [
    (b"gzip", b"gzip", gzip.decompress), (b"snappy", b"snappy", unpack_snappy),
    (b"S2", b"snappy", unpack_snappy), (b"br", b"identity", bytes)])
def test_events_are_packed(start, accepted, told, unpack):
    server = start()
    monitor = connect(server, "t.>")
    hpub(connect(server), b"foo", DEST + b"Accept-Encoding: " + accepted + b"\r\n")
    head, _, rest = next_frame(monitor).partition(b"\r\n")
    header, _, body = rest.partition(b"\r\n\r\n")
    assert head.startswith(b"HMSG t.1 0 ")
    assert header == b"NATS/1.0\r\nContent-Encoding: " + told
    event = json.loads(unpack(body))
    assert event["request"]["header"]["Accept-Encoding"] == [accepted.decode()]


@pytest.mark.rows("CORE-80", "CORE-85")
def test_an_event_comes_after_the_message(loops, start):
    server = start(config=loops)
    both = connect(server, "foo", "t.>")
    hpub(connect(server), b"foo", DEST)
    assert b"HMSG foo" in next_frame(both)
    assert ways(next_event(both))[0]["sub"] == "foo"


@pytest.mark.rows("CORE-80", "CORE-85")
def test_traced_messages_keep_their_place(loops, start):
    server = start(config=loops)
    receivers = [connect(server, "foo") for _ in range(5)]
    monitor, publisher = connect(server, "t.>"), connect(server)
    for number in range(300):
        body = b"%d" % number
        if number % 3 == 0:
            hpub(publisher, b"foo", DEST, body)
        else:
            publisher.send(b"PUB foo %d\r\n%s\r\n" % (len(body), body))
    for receiver in receivers:
        for number in range(300):
            assert next_frame(receiver).rsplit(b"\r\n", 1)[1] == b"%d" % number
    for _ in range(100):
        event = next_event(monitor)
        cids = [one["cid"] for one in ways(event)]
        assert len(set(cids)) == 5


@pytest.mark.rows("CORE-81", "CORE-85")
def test_members_that_come_and_go(loops, start):
    """However a queue group changes: one event for each message, and one delivery that it tells."""
    server = start(config=loops)
    monitor, publisher = connect(server, "t.>"), connect(server)
    steady = connect(server, "foo q")
    others = [connect(server) for _ in range(4)]
    taken, told = [], []
    for number in range(200):
        other = others[number % 4]
        other.send(b"SUB foo q 9\r\n" if number % 8 < 4 else b"UNSUB 9\r\n")
        hpub(publisher, b"foo", ONLY if number % 5 == 0 else DEST, b"%d" % number)
    while len(told) < 200:
        event = next_event(monitor)
        assert [one.get("error") for one in ways(event)] == [None]
        told.append("Nats-Trace-Only" in event["request"]["header"])
    for wire in [steady, *others]:
        taken += [int(frame.rsplit(b"\r\n", 1)[1]) for frame in wire.barrier()]
    assert told.count(True) == 40
    assert sorted(taken) == [number for number in range(200) if number % 5]


@pytest.mark.rows("CORE-81")
def test_trace_only_counts_for_no_automatic_unsubscribe(loops, start):
    server = start(config=loops)
    receiver, monitor, publisher = connect(server, "foo"), connect(server, "t.>"), connect(server)
    receiver.send(b"UNSUB 0 1\r\n")
    receiver.barrier()
    for headers, ends in (ONLY, 1), (ONLY, 1), (DEST, 1), (DEST, 0):
        hpub(publisher, b"foo", headers)
        assert len(ways(next_event(monitor))) == ends
    assert len(receiver.barrier()) == 1


SERVICE = """
accounts {
  A { users: [ { user: a, password: pw } ], exports: [ { service: svc, allow_trace: true } ] }
  B { users: [ { user: b, password: pw } ], imports: [ { service: { account: A, subject: svc } } ] }
}
"""


@pytest.mark.rows("CORE-81", "CORE-83", "CORE-85", "ACCT-32")
def test_the_trace_of_an_answer_ends_at_the_boundary(loops, start):
    server = start(config=loops + SERVICE)
    login = {"user": "a", "pass": "pw"}, {"user": "b", "pass": "pw"}
    service, requester = connect(server, "svc", **login[0]), connect(server, "in", **login[1])
    monitors = [connect(server, "t.>", **one) for one in login]

    def answer(headers):
        requester.send(b"PUB svc in 1\r\nq\r\n")
        reply = re.search(rb" (_R_\.\S+) ", next_frame(service)).group(1)
        hpub(service, reply, headers)
        event = next_event(monitors[0])
        assert [list(one) for one in event["events"][1:]] == [["type", "ts", "acc", "from", "to"]]
        step = event["events"][1]
        assert (step["type"], step["acc"], step["from"], step["to"]) == (
            "si", "B", reply.decode(), "in")

    answer(ONLY)
    assert requester.barrier() == []
    answer(DEST)
    assert b"Nats-Trace-Dest: trace disabled\r\n" in next_frame(requester)
    assert monitors[1].barrier() == []


@pytest.mark.rows("CORE-87")
@pytest.mark.parametrize("policy, why", [
    ("slow_consumer_policy: drop_new",
     "Not delivered because fast producer not stalled and consumer is slow"),
    ("no_fast_producer_stall: false", "Not delivered because client is closed")])
def test_receivers_that_do_not_read(loops, start, kind, policy, why):
    if kind == "peer" and "policy" in policy:
        pytest.skip("the peer has one policy")
    server = start(config=f"{loops}max_payload: 95000\nmax_pending: 100000\n{policy}\n")
    slow = Wire(server.host, server.port, receive_buffer=4096)
    slow.send(b'CONNECT {"verbose":false,"name":"slow"}\r\nSUB foo 1\r\nPING\r\n')
    slow.until(b"PONG\r\n")
    monitor, publisher = connect(server, "t.>"), connect(server)
    body, seen = b"x" * 90000, set()
    for _ in range(200):
        hpub(publisher, b"foo", DEST, body)
        seen |= {one.get("error") for one in ways(next_event(monitor))}
        if why in seen:
            return
    raise AssertionError(seen)


def reload(server, config):
    count = server.log().count("Reloaded server configuration")
    server.config_path.write_text(config)
    server.signal("HUP")
    wait_until(lambda: server.log().count("Reloaded server configuration") > count, "the reload")


@pytest.mark.rows("ACCT-31", "ACCT-32", "CONF-121")
def test_a_reload_changes_what_is_traced(loops, start):
    base = """
accounts {
  A {
    users: [ { user: a, password: pw } ]
    exports: [ { service: svc%s } ]
    %s
  }
  B { users: [ { user: b, password: pw } ], imports: [ { service: { account: A, subject: svc } } ] }
}
"""
    server = start(config=loops + base % ("", ""))
    login = {"user": "a", "pass": "pw"}, {"user": "b", "pass": "pw"}
    service = connect(server, "svc", **login[0])
    monitor, asked = connect(server, "t.>", **login[0]), connect(server, "t.>", **login[1])
    publishers = [connect(server, **one) for one in login]

    def end_of_message():
        hpub(publishers[1], b"svc", DEST)
        event = next_event(asked)
        assert next_frame(service)
        return len(ways(event))

    hpub(publishers[0], b"foo", PARENT)
    publishers[0].barrier()
    assert end_of_message() == 0
    reload(server, loops + base % (", allow_trace: true", "msg_trace: t.one"))
    hpub(publishers[0], b"foo", PARENT)
    assert next_frame(monitor).startswith(b"MSG t.one ")
    assert end_of_message() == 1
    reload(server, loops + base % ("", "trace_dest: { dest: t.two, sampling: 100 }"))
    hpub(publishers[0], b"foo", PARENT)
    assert next_frame(monitor).startswith(b"MSG t.two ")
    assert end_of_message() == 0
    assert monitor.barrier() == []


@pytest.mark.rows("ACCT-31", "ACCT-32", "AUTH-22")
def test_claims_say_what_is_traced(start):
    operator, system = Key("O", "operator"), Key("A", "system")
    exporter, importer, user = Key("A", "exporter"), Key("A", "importer"), Key("U", "user")

    def account(key, **body):
        return make_token("account", key, operator, {"limits": NO_LIMITS, **body}, name=key.public)

    tokens = {
        system.public: account(system),
        exporter.public: account(
            exporter, trace={"dest": "t.acc"},
            exports=[{"name": "svc", "subject": "svc", "type": "service", "allow_trace": True},
                     {"name": "str", "subject": "str.>", "type": "stream"}]),
        importer.public: account(importer, imports=[
            {"name": "svc", "subject": "svc", "account": exporter.public, "type": "service"},
            {"name": "str", "subject": "str.a", "account": exporter.public, "type": "stream",
             "allow_trace": True}])}
    preload = "\n".join(f"{key}: {token}" for key, token in tokens.items())
    token = make_token("operator", operator, operator, {"system_account": system.public})
    server = start(config=f"operator: {token}\nresolver: MEMORY\n"
                          f"resolver_preload {{\n{preload}\n}}\n")

    def log_in(key):
        session = Session(server.port)
        credentials = make_token("user", user, key, USER_LIMITS, name="u")
        assert session.login(credentials, user, headers=True) == "PONG"
        return session

    def told(publisher, subject, monitor, headers):
        block = f"NATS/1.0\r\n{headers}\r\n\r\n"
        publisher.send(f"HPUB {subject} {len(block)} {len(block)}\r\n{block}\r\n")
        assert monitor.next_line().startswith("MSG t.")
        return [one["type"] for one in json.loads(monitor.next_line())["events"]]

    def listen(key, subject):
        session = log_in(key)
        session.send(f"SUB {subject} 1\r\nPING\r\n")
        assert session.next_line() == "PONG"
        return session

    asked, served = listen(importer, "t.>"), listen(exporter, "t.>")
    receivers = listen(exporter, "svc"), listen(importer, "str.a")
    assert told(log_in(importer), "svc", asked, "Nats-Trace-Dest: t.1") == ["in", "si", "eg"]
    parent = PARENT.decode().strip()
    assert told(log_in(exporter), "str.a", served, parent) == ["in", "se", "eg"]
    for receiver in receivers:
        receiver.close()
