"""Clients that do not read: what becomes of them, and that nobody else pays for it."""

import os
import re

import pytest

from harness import server as servers
from harness.wire import Wire, client

MEBIBYTE = 1 << 20
SIZE = 100_000  # of one message
COUNT = 200  # messages: 20 MB, more than the kernel's buffers and max_pending together
CONFIG = "max_pending: 4MB\n"

midge_only = pytest.mark.skipif(
    os.path.exists(servers.executable()) and servers.kind() == "peer",
    reason="the peer does not have this")


def stalled_subscriber(server, subject=b"slow"):
    """Subscribes with a small receive buffer, and then does not read."""
    wire = Wire(server.host, server.port, receive_buffer=16384)
    wire.line()
    wire.send(b'CONNECT {"verbose":false,"pedantic":false}\r\nSUB %s 1\r\n' % subject)
    wire.barrier()
    return wire


def publish(wire, count=COUNT, first=0, subject=b"slow"):
    """Messages that begin with their number."""
    for number in range(first, first + count):
        wire.send(b"PUB %s %d\r\n%08d%s\r\n" % (subject, SIZE, number, b"x" * (SIZE - 8)))
    wire.barrier()


def numbers_until_pong(wire):
    """The numbers of whole messages that come before a PONG."""
    wire.send(b"PING\r\n")
    numbers = []
    while True:
        frame = wire.frame()
        if frame == b"PONG":
            return numbers
        if frame == b"PING":
            continue
        head, _, payload = frame.partition(b"\r\n")
        assert re.fullmatch(rb"MSG slow 1 %d" % SIZE, head), head
        assert len(payload) == SIZE and payload[8:] == b"x" * (SIZE - 8)
        numbers.append(int(payload[:8]))


@pytest.mark.rows("CORE-40", "CORE-69")
def test_a_reader_that_stands_still_is_closed_by_bytes(start, bystander):
    server = start("-m", "-1", config=CONFIG)
    other = bystander(server)
    before = server.resident_bytes()
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher)
    other.check()
    assert b"-ERR" not in slow.until_closed()
    closed = servers.wait_until(
        lambda: server.json("/connz?state=closed")["connections"], "the closed connection")
    assert closed[0]["reason"] == "Slow Consumer (Pending Bytes)"
    assert server.resident_bytes() - before < 96 * MEBIBYTE


@pytest.mark.rows("CORE-41", "CORE-69")
def test_a_reader_that_stands_still_is_closed_by_time(start, bystander):
    server = start("-m", "-1", config='write_deadline: "300ms"\n')
    other = bystander(server)
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher)
    closed = servers.wait_until(
        lambda: server.json("/connz?state=closed")["connections"], "the closed connection")
    assert closed[0]["reason"] == "Slow Consumer (Write Deadline)"
    other.check()
    slow.close()


@pytest.mark.rows("CORE-40")
def test_one_that_floods_and_never_reads(start, bystander):
    """PINGs without end, and no PONG is ever taken."""
    server = start(config=CONFIG + 'write_deadline: "500ms"\n')
    other = bystander(server)
    before = server.resident_bytes()
    wire = Wire(server.host, server.port, receive_buffer=16384)
    wire.line()
    wire.send(b'CONNECT {"verbose":false}\r\n')
    flood = b"PING\r\n" * 100_000
    wire.socket.settimeout(2 * servers.PATIENCE)
    try:
        for _ in range(400):
            wire.socket.sendall(flood)
    except (ConnectionResetError, BrokenPipeError, TimeoutError):
        pass
    other.check()
    assert server.resident_bytes() - before < 128 * MEBIBYTE
    wire.close()


@pytest.mark.rows("CORE-64")
def test_a_half_open_peer_is_found(start, bystander):
    """A client whose machine is gone: it neither reads nor writes nor closes."""
    server = start("-m", "-1", config='ping_interval: "200ms"\nping_max: 2\n')
    wires = [stalled_subscriber(server, b"nothing") for _ in range(10)]
    reasons = servers.wait_until(
        lambda: (c := server.json("/connz?state=closed")["connections"]) and len(c) == 10 and c,
        "all ten to be closed")
    assert {c["reason"] for c in reasons} == {"Stale Connection"}
    for wire in wires:
        wire.close()
    bystander(server)


@pytest.mark.rows("CORE-40")
def test_many_slow_readers_and_a_healthy_one(start):
    server = start(config=CONFIG)
    healthy = client(server)
    healthy.send(b"SUB slow 1\r\n")
    healthy.barrier()
    slow = [stalled_subscriber(server) for _ in range(20)]
    publisher = client(server)
    seen = []
    for round_number in range(20):
        publish(publisher, 5, round_number * 5)
        seen += numbers_until_pong(healthy)
    assert seen == list(range(100))
    for wire in slow:
        wire.close()


@pytest.mark.rows("CORE-42", "MON-07")
@pytest.mark.parametrize("stalls", [True, False])
def test_producers_stall_only_where_it_is_asked_for(start, stalls):
    server = start("-m", "-1", config=CONFIG + (
        f"no_fast_producer_stall: {'false' if stalls else 'true'}\n"))
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher, 150)
    assert (server.json("/varz")["stalled_clients"] > 0) == stalls
    slow.close()


@midge_only
def test_producers_do_not_stall_by_default(start):
    server = start("-m", "-1", config=CONFIG)
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher)
    assert server.json("/varz")["stalled_clients"] == 0
    slow.close()


@midge_only
def test_policy_close(start):
    server = start(config=CONFIG + "slow_consumer_policy: close\n")
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher)
    assert b"-ERR" not in slow.until_closed()


@midge_only
@pytest.mark.parametrize("policy", ["drop_new", "drop_old"])
def test_policy_drop_keeps_whole_frames_in_order(start, bystander, policy):
    server = start("-m", "-1", config=CONFIG + f"slow_consumer_policy: {policy}\n")
    other = bystander(server)
    before = server.resident_bytes()
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher)
    other.check()
    assert server.resident_bytes() - before < 64 * MEBIBYTE
    numbers = numbers_until_pong(slow)
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 0
    assert 10 < len(numbers) < COUNT, "nothing was dropped, or all"
    if policy == "drop_new":
        assert numbers == list(range(len(numbers))), "the oldest stay"
    else:
        assert numbers[-1] == COUNT - 1, "the newest stay"
    publish(publisher, 3, first=COUNT)
    assert numbers_until_pong(slow) == [COUNT, COUNT + 1, COUNT + 2]
    assert server.json("/varz")["slow_consumers"] >= 1


@midge_only
@pytest.mark.parametrize("policy", ["drop_new", "drop_old"])
def test_policy_never_drops_what_is_no_message(start, policy):
    """PONGs and -ERR reach a reader whose messages are dropped."""
    server = start(config=CONFIG + f"slow_consumer_policy: {policy}\n")
    slow, publisher = stalled_subscriber(server), client(server)
    publish(publisher, 150)
    slow.send(b"PING\r\n" * 10 + b"SUB bad..subject 9\r\n" + b"PING\r\n")
    slow.wait_consumed()
    publish(publisher, 50, first=150)
    lines = []
    while len(lines) < 12:
        frame = slow.frame()
        if not frame.startswith(b"MSG "):
            lines.append(frame)
    assert lines == [b"PONG"] * 10 + [b"-ERR 'Invalid Subject'", b"PONG"]


@midge_only
def test_a_bad_policy_is_refused(start):
    server = start(config="port: -1\nslow_consumer_policy: maybe\n", ready=False)
    assert server.wait_exit() == 1
    assert "slow_consumer_policy" in server.log()
