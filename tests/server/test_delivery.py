"""Many connections at once: nothing is lost, doubled or out of order.

For Midge also across loops: connections of one test are then spread over four of them.
"""

import re
import threading

import pytest

from harness import server as servers
from harness.wire import client

PUBLISHERS = 4
SUBSCRIBERS = 4
MESSAGES = 3000  # of each publisher
BATCH = 100

LOOPS = ["", "loops: 1\n", "loops: 4\nconnection_placement: spread\n"]


@pytest.fixture(params=LOOPS, ids=["default", "one loop", "four loops"])
def server(request, start, kind):
    if request.param and kind == "peer":
        pytest.skip("the peer has no loops")
    return start(config=request.param) if request.param else start()


def publish(server, number, subject, count=MESSAGES):
    """`count` messages `PUBLISHER SEQUENCE` on `subject`, in batches."""
    wire = client(server)
    for first in range(0, count, BATCH):
        batch = bytearray()
        for sequence in range(first, first + BATCH):
            payload = b"%d %d" % (number, sequence)
            batch += b"PUB %s %d\r\n%s\r\n" % (subject, len(payload), payload)
        wire.send(bytes(batch))
    wire.barrier()
    wire.finish()


def together(*jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def subscribed(server, subject, queue=b"", **options):
    wire = client(server, **options)
    wire.send(b"SUB %s %s 1\r\n" % (subject, queue))
    wire.barrier()
    return wire


def sequences(frames):
    """Publisher → its sequence numbers in the order of arrival."""
    arrived = {}
    for frame in frames:
        number, sequence = map(int, frame.split(b"\r\n", 1)[1].split())
        arrived.setdefault(number, []).append(sequence)
    return arrived


@pytest.mark.rows("CORE-66", "CORE-37")
def test_every_subscriber_gets_each_publishers_messages_in_order(server):
    readers = [subscribed(server, b"d.>") for _ in range(SUBSCRIBERS)]
    results = [[] for _ in readers]

    def read(index):
        while len(results[index]) < PUBLISHERS * MESSAGES:
            results[index].append(readers[index].frame())

    together(*(lambda n=n: publish(server, n, b"d.%d" % n) for n in range(PUBLISHERS)),
             *(lambda i=i: read(i) for i in range(SUBSCRIBERS)))
    for index, frames in enumerate(results):
        assert readers[index].barrier() == []
        arrived = sequences(frame for frame in frames if frame.startswith(b"MSG d."))
        assert arrived == {n: list(range(MESSAGES)) for n in range(PUBLISHERS)}


@pytest.mark.rows("CORE-50", "CORE-66")
def test_a_queue_group_gets_every_message_once(server):
    members = [subscribed(server, b"q", b"workers") for _ in range(SUBSCRIBERS)]
    together(*(lambda n=n: publish(server, n, b"q") for n in range(PUBLISHERS)))
    shares = [sequences(member.barrier()) for member in members]
    for number in range(PUBLISHERS):
        parts = [share[number] for share in shares]
        assert all(part == sorted(part) for part in parts)
        assert sorted(sum(parts, [])) == list(range(MESSAGES))
    counts = [sum(map(len, share.values())) for share in shares]
    assert min(counts) > PUBLISHERS * MESSAGES / SUBSCRIBERS / 2, counts


@pytest.mark.rows("CORE-32", "CORE-50")
def test_auto_unsubscribe_under_concurrent_publishers_is_exact(server):
    reader = subscribed(server, b"u")
    reader.send(b"UNSUB 1 1000\r\n")
    reader.barrier()
    member = subscribed(server, b"u", b"workers")
    member.send(b"UNSUB 1 777\r\n")
    member.barrier()
    together(*(lambda n=n: publish(server, n, b"u", 1000) for n in range(PUBLISHERS)))
    assert len(reader.barrier()) == 1000
    assert len(member.barrier()) == 777


@pytest.mark.rows("CORE-31", "CORE-48", "CORE-77")
def test_churn_of_subscriptions_disturbs_nobody(server):
    steady = subscribed(server, b"d.>")
    stop = threading.Event()

    def churn(number):
        wire, round_number = client(server), 0
        while not stop.is_set():
            round_number += 1
            subject = (b"d.0", b"d.*", b"*.1", b"_INBOX.%d.%d" % (number, round_number))[
                round_number % 4]
            wire.send(b"SUB %s %d\r\nUNSUB %d\r\n" % (subject, round_number, round_number))
            wire.barrier()
        wire.finish()

    churners = [threading.Thread(target=churn, args=(n,)) for n in range(2)]
    for thread in churners:
        thread.start()
    try:
        frames = []

        def read():
            while len(frames) < PUBLISHERS * MESSAGES:
                frames.append(steady.frame())

        together(read, *(lambda n=n: publish(server, n, b"d.%d" % n) for n in range(PUBLISHERS)))
    finally:
        stop.set()
        for thread in churners:
            thread.join()
    assert sequences(f for f in frames if f.startswith(b"MSG")) == {
        n: list(range(MESSAGES)) for n in range(PUBLISHERS)}


@pytest.mark.rows("CORE-70", "CORE-52")
def test_a_subscription_is_seen_as_soon_as_its_pong_is_there(server):
    """Over and over: SUB and PING here, and after the PONG a message from another connection."""
    a, b = client(server), client(server)
    b.barrier()
    for number in range(500):
        a.send(b"SUB v.%d %d\r\n" % (number, number))
        assert a.barrier() == []
        b.send(b"PUB v.%d 1\r\nx\r\n" % number)
        assert b.barrier() == []
        assert a.barrier() == [b"MSG v.%d %d 1\r\nx" % (number, number)]
        a.send(b"UNSUB %d\r\n" % number)
        assert a.barrier() == []
        b.send(b"PUB v.%d 1\r\nx\r\n" % number)
        assert b.barrier() == []
        assert a.barrier() == []


@pytest.mark.rows("CORE-53", "CORE-50")
def test_requests_are_answered_once_while_responders_come_and_go(server):
    stop = threading.Event()

    def serve_until_pong(wire):
        while (frame := wire.frame()) != b"PONG":
            if frame.startswith(b"MSG svc"):
                wire.send(b"PUB %s 2\r\nok\r\n" % frame.split(b" ")[3])

    def come_and_go():
        while not stop.is_set():
            wire = client(server)
            wire.send(b"SUB svc workers 1\r\nPING\r\n")
            serve_until_pong(wire)
            wire.send(b"UNSUB 1\r\nPING\r\n")
            serve_until_pong(wire)
            wire.finish()

    steady = client(server)
    steady.send(b"SUB svc workers 1\r\n")
    thread = threading.Thread(target=serve_until_pong, args=(steady,))
    thread.start()
    churner = threading.Thread(target=come_and_go)
    churner.start()
    requester = client(server, headers=True, no_responders=True)
    requester.send(b"SUB re.* 1\r\n")
    requester.barrier()
    servers.wait_until(lambda: _answered(requester, b"re.first"), "the first answer")
    try:
        for number in range(400):
            assert _answered(requester, b"re.%d" % number), number
    finally:
        stop.set()
        churner.join()
        steady.send(b"PING\r\n")
        thread.join()
    assert requester.barrier() == []


def _answered(requester, reply) -> bool:
    """Sends a request; False if there was no responder. Any second answer is found at the end."""
    requester.send(b"PUB svc %s 1\r\nq\r\n" % reply)
    frame = requester.frame()
    while frame in (b"PING", b"PONG"):
        frame = requester.frame()
    if re.match(rb"HMSG %s 1 \d+ \d+\r\nNATS/1\.0 503" % re.escape(reply), frame):
        return False
    assert frame == b"MSG %s 1 2\r\nok" % reply, frame
    return True
