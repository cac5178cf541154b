"""Durable before acknowledged, seen from the system's side: every answer is written after an
fdatasync returned that began after the journal had what it answers for."""

import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import system_calls  # noqa: E402
from api_talk import Talk  # noqa: E402
from test_crash import ask  # noqa: E402

from harness import server as servers  # noqa: E402

MESSAGES = 400
ROUNDS = 8
READS = {"read", "readv", "recvfrom", "recvmsg"}
SOCKET_WRITES = {"write", "writev", "sendto", "sendmsg"}
FILE_WRITES = {"pwrite64", "pwritev", "pwritev2"}


def talk(server, persist_mode):
    """Messages in bursts, each acknowledged; then as many acks, each confirmed."""
    client = Talk(server.port)
    ask(client, "STREAM.CREATE.ORDER", {"name": "ORDER", "subjects": ["order"],
                                        "persist_mode": persist_mode})
    ask(client, "CONSUMER.CREATE.ORDER.c", {"stream_name": "ORDER", "config": {
        "durable_name": "c", "ack_policy": "explicit"}})
    client.subscribe("acks", "_INBOX.o.*")
    client.subscribe("pulled", "_INBOX.p")
    per_round = MESSAGES // ROUNDS
    for first in range(0, MESSAGES, per_round):
        for number in range(first, first + per_round):
            client.publish("order", f"body-{number};".encode(), reply=f"_INBOX.o.m{number};")
        for _ in range(per_round):
            assert b'"seq"' in client.receive("acks", servers.PATIENCE).body
        client.publish("$JS.API.CONSUMER.MSG.NEXT.ORDER.c", b'{"batch":%d}' % per_round,
                       reply="_INBOX.p")
        for number in range(first, first + per_round):
            message = client.receive("pulled", servers.PATIENCE)
            client.publish(message.reply, b"+ACK", reply=f"_INBOX.o.a{number};")
        for _ in range(per_round):
            assert client.receive("acks", servers.PATIENCE).body == b""
    client.close()


class Order:
    """Follows the events: what is in a file, what is durable, what was answered."""

    def __init__(self):
        self.written, self.durable = set(), set()
        self.covered = {}  # by fdatasync's file: what was written when it began
        self.read_at = {}  # acks of deliveries: when they were read
        self.safe = -1  # all that was read before was written, and synced
        self.written_at = -1
        self.sync_began = {}
        self.answered = {"m": 0, "a": 0}
        self.early = []

    def take(self, event):
        name, data = event.name, event.data
        if name in FILE_WRITES and event.ends and event.result > 0:
            self.written.update(re.findall(rb"body-(\d+);", data))
            self.written_at = event.index
        elif name in ("fdatasync", "fsync") and not event.ends:
            self.covered[event.file] = set(self.written)
            self.sync_began[event.file] = self.written_at
        elif name in ("fdatasync", "fsync") and event.result == 0:
            self.durable |= self.covered.pop(event.file, set())
            self.safe = max(self.safe, self.sync_began.pop(event.file, -1))
        elif name in READS and event.ends:
            for number in re.findall(rb"_INBOX\.o\.a(\d+);", data):
                self.read_at.setdefault(number, event.index)
        elif name in SOCKET_WRITES and not event.ends:
            for kind, number in re.findall(rb"MSG _INBOX\.o\.([am])(\d+);", data):
                self.answer(kind.decode(), number, event)

    def answer(self, kind, number, event):
        self.answered[kind] += 1
        if kind == "m" and number not in self.durable:
            self.early.append(f"message {number} at event {event.index}")
        # The journal was written after the ack was read, and that write was synced.
        if kind == "a" and self.safe < self.read_at[number]:
            self.early.append(f"ack {number} at event {event.index}")


def watch(tmp_path, persist_mode):
    """The order of a talk with a stream, and how many fdatasyncs there were."""
    reason = system_calls.why_not()
    if reason:
        pytest.skip(f"NOT PROVEN HERE, the order of effects: {reason}")
    trace_path = tmp_path / "trace"
    with servers.Server(config=f'jetstream {{ store_dir: "{tmp_path}/store" }}\n') as server:
        with system_calls.Trace(server.pid, trace_path) as trace:
            talk(server, persist_mode)
        events = trace.events()
    order = Order()
    for event in events:
        order.take(event)
    assert order.answered == {"m": MESSAGES, "a": MESSAGES}
    return order, sum(event.name == "fdatasync" and event.ends for event in events)


@pytest.mark.rows("JS-S-64", "JS-S-81", "JS-C-54")
def test_answers_follow_the_fdatasync_that_covers_them(tmp_path):
    order, syncs = watch(tmp_path, "default")
    assert not order.early, order.early[:5]
    print(f"{MESSAGES} messages and {MESSAGES} acks answered behind {syncs} fdatasyncs")


@pytest.mark.rows("JS-S-60")
@pytest.mark.skipif(servers.kind() != "midge", reason="nats-server syncs none of it")
def test_an_asynchronous_stream_answers_before_that_and_confirms_acks_behind_it(tmp_path):
    order, syncs = watch(tmp_path, "async")
    assert any(early.startswith("message") for early in order.early)
    assert not any(early.startswith("ack") for early in order.early), order.early[:5]
    assert syncs > 0


def test_an_early_answer_is_found():
    """The judge itself: an answer before its sync ends is early, and one behind it is not."""
    early = system_calls.parse("\n".join([
        '7 pwritev(9, [{iov_base="\\x62\\x6f\\x64\\x79\\x2d\\x31\\x3b", iov_len=7}], 1, 0) = 7',
        "8 fdatasync(9 <unfinished ...>",
        '7 write(5, "' + "".join(f"\\x{b:02x}" for b in b"MSG _INBOX.o.m1; 1 9\r\n") + '", 22) = 22',
        "8 <... fdatasync resumed>)  = 0",
        '7 write(5, "' + "".join(f"\\x{b:02x}" for b in b"MSG _INBOX.o.m1; 1 9\r\n") + '", 22) = 22',
    ]))
    order = Order()
    for event in early:
        order.take(event)
    assert len(order.early) == 1
    assert order.answered["m"] == 2
