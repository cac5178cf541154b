"""memory_limit: the process stays below it whatever clients do, serves those who keep up, and says
what it refuses."""

import json
import pathlib
import re

import pytest

from harness.server import PATIENCE, Server, kind, wait_until
from harness.wire import Closed, Wire

pytestmark = pytest.mark.skipif(kind() != "midge", reason="nats-server has no memory_limit")

MIB = 1 << 20
LIMIT = 128 * MIB
CONFIG = "memory_limit: 128MB\nhttp: \"127.0.0.1:-1\"\n"
REFUSED = b"-ERR 'memory limit reached'"


def peak(server):
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024


def connect(server, **arguments):
    wire = Wire(server.host, server.port, **arguments)
    wire.line()
    wire.send(b'CONNECT {"verbose":false}\r\n')
    return wire


def memory(server):
    return server.json("/varz")["memory"]


@pytest.fixture
def server():
    with Server(config=CONFIG) as one:
        yield one
        assert one.process.poll() is None
        assert peak(one) <= LIMIT


def test_shown(server):
    shown = memory(server)
    assert shown["limit"] == LIMIT and 0 < shown["used"] < LIMIT and shown["state"] == "easy"
    assert server.http("/healthz")[0] == 200


def test_too_small():
    server = Server(config="memory_limit: 1MB", ready=False)
    assert server.wait_exit() == 1
    assert "memory_limit must be at least 64MB" in server.log()
    server.stop()


def test_readers_that_do_not_read(server):
    """They go, and whoever keeps up gets everything."""
    slow = [connect(server, receive_buffer=4096) for _ in range(20)]
    for wire in slow:
        wire.send(b"SUB x 1\r\n")
        wire.barrier()
    good = connect(server)
    good.send(b"SUB x 1\r\n")
    good.barrier()
    publisher = connect(server)
    message = b"PUB x 1024\r\n" + b"." * 1024 + b"\r\n"
    frame = b"MSG x 1 1024\r\n" + b"." * 1024
    for _ in range(1000):
        publisher.send(message * 64)
        for _ in range(64):
            came = good.frame()
            assert came == frame or came == b"PING" and good.frame() == frame
        if memory(server)["closed"] >= 10:
            break
    assert memory(server)["closed"] >= 10
    assert "Memory limit reached" in server.log()
    wait_until(lambda: memory(server)["state"] == "easy", "the memory to be free again")
    for wire in [*slow, good, publisher]:
        wire.close()


def test_messages_of_which_a_part_came(server):
    """Whoever holds the most is refused; others are served meanwhile."""
    other = connect(server)
    half = b"PUB x 1000000\r\n" + b"." * 900_000
    wires = []
    refused = 0
    for _ in range(250):
        wire = connect(server)
        wires.append(wire)
        wire.send(half)
        other.barrier()
    for wire in wires:
        try:
            wire.send(b"." * 100_000 + b"\r\n")
            wire.barrier()
        except Closed as closed:
            refused += 1
            assert closed.rest == b"" or REFUSED in closed.rest
        except AssertionError:
            refused += 1
    # Either they were closed, or those who came later were not let in.
    shown = memory(server)
    assert refused > 0 and shown["closed"] + shown["refused"] > 0
    wait_until(lambda: memory(server)["state"] == "easy", "the memory to be free again")
    for wire in [*wires, other]:
        wire.close()


def test_subscriptions_without_end():
    """They are refused at the limit, and so are new connections, until there is room."""
    with Server(config=CONFIG.replace("128", "64")) as server:
        other = connect(server)
        greedy = [connect(server) for _ in range(20)]  # before it is full: then none may come
        count = 0
        full = False
        while not full:
            wire = greedy[count // 10_000 % len(greedy)]
            wire.send(b"".join(
                b"SUB some.subject.%d.which.is.long.enough.to.need.room %d\r\n" % (i, i)
                for i in range(count, count + 10_000)))
            full = REFUSED in wire.barrier()
            count += 10_000
            assert count < 2_000_000
        assert memory(server)["state"] == "full" and memory(server)["refused"] > 0
        status, body, _ = server.http("/healthz")
        assert status == 503 and "memory limit reached" in json.loads(body)["error"]
        late = Wire(server.host, server.port)
        assert late.line().startswith(b"INFO ")
        assert late.line() == REFUSED
        other.send(b"PUB some.subject.7.which.is.long.enough.to.need.room 1\r\nx\r\n")
        other.barrier()
        frame = greedy[0].frame()
        assert (frame if frame != b"PING" else greedy[0].frame()).startswith(b"MSG some.subject.7.")
        for wire in greedy:
            wire.close()
        wait_until(lambda: memory(server)["state"] == "easy", "the memory to be free again",
                   3 * PATIENCE)
        assert server.http("/healthz")[0] == 200
        connect(server).barrier()
        assert peak(server) <= LIMIT / 2


def test_a_limit_by_reload(server):
    server.reload(CONFIG.replace("128", "256"))
    assert memory(server)["limit"] == 256 * MIB
    assert "Reloaded: memory_limit = 268435456" in server.log()
    server.reload(CONFIG.replace("memory_limit: 128MB\n", ""))
    assert "memory" not in server.json("/varz")
