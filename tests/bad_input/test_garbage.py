"""Bytes that are no protocol: the sender is told or closed, nobody else notices."""

import random
import re
import socket
import struct

import pytest

from harness.wire import Closed, Wire, client

MEBIBYTE = 1 << 20
GROWTH_MAX = 64 * MEBIBYTE

# All that a server may answer to nonsense before it closes.
ANSWER = re.compile(rb"(\+OK\r\n|PING\r\n|PONG\r\n|-ERR '[^'\r\n]+'\r\n|INFO \{.*\}\s*\r\n)*")

FRAMES = [
    b'CONNECT {"verbose":false,"name":"x"}\r\n', b"SUB foo.bar queue 12\r\n", b"UNSUB 12 5\r\n",
    b"PUB foo.bar reply 5\r\nhello\r\n", b"PING\r\n", b"PONG\r\n",
    b'CONNECT {"verbose":false,"headers":true}\r\n'
    b"HPUB foo.bar reply 19 24\r\nNATS/1.0\r\nA: bc\r\n\r\nhello\r\n",
]


def talk(server, data: bytes):
    """Sends, closes its own half, and returns all that came."""
    with Wire(server.host, server.port) as wire:
        wire.line()
        wire.send(data)
        try:
            wire.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return wire.until_closed()


@pytest.mark.rows("CORE-02")
def test_random_bytes(start, bystander):
    server = start()
    other = bystander(server)
    dice = random.Random(20260821)
    for round_number in range(300):
        came = talk(server, dice.randbytes(dice.randrange(1, 2000)))
        assert ANSWER.fullmatch(came), came
        if round_number % 50 == 0:
            other.check()
    other.check()


@pytest.mark.rows("CORE-02", "CORE-37")
def test_random_operations(start, bystander):
    """Pieces of protocol in random order: closer to the parser's edges than random bytes."""
    server = start()
    other = bystander(server)
    dice = random.Random(7)
    pieces = [b"PUB ", b"HPUB ", b"SUB ", b"UNSUB ", b"CONNECT {", b"}", b"PING", b"PONG", b"+OK",
              b"-ERR", b"INFO ", b" ", b"\t", b"\r\n", b"\n", b"\r", b"0", b"5", b"-1", b"99999",
              b"foo", b"*", b">", b".", b'"verbose":false', b"\0", b"\xff", b"hello", b","]
    for round_number in range(500):
        data = b"".join(dice.choice(pieces) for _ in range(dice.randrange(1, 60)))
        talk(server, data)
        if round_number % 100 == 0:
            other.check()
    other.check()


@pytest.mark.rows("CORE-37")
@pytest.mark.parametrize("end", ["fin", "reset"])
def test_frames_cut_at_every_byte(start, bystander, end):
    server = start()
    other = bystander(server)
    for frame in FRAMES:
        for size in range(len(frame)):
            wire = Wire(server.host, server.port)
            wire.line()
            wire.send(frame[:size])
            if end == "reset":
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.close()
        other.check()


@pytest.mark.rows("CORE-39", "CORE-03")
@pytest.mark.parametrize("line", [
    b"PUB foo 2147483647\r\n", b"PUB foo 2147483648\r\n", b"PUB foo 999999999\r\n",
    b"HPUB foo 2147483647 2147483647\r\n", b"HPUB foo 12 2147483647\r\n",
    b"HPUB foo 12 999999999\r\n", b"PUB foo 4294967297\r\n", b"PUB foo 18446744073709551617\r\n"])
def test_a_huge_size_field(start, bystander, line):
    server = start()
    other = bystander(server)
    before = server.resident_bytes()
    wire = client(server, headers=True)
    wire.send(line)
    came = wire.until_closed()
    assert came in (b"", b"-ERR 'Maximum Payload Violation'\r\n")
    assert server.resident_bytes() - before < GROWTH_MAX
    other.check()


@pytest.mark.rows("CORE-39")
def test_a_large_allowed_size_takes_no_memory_before_its_bytes(start, bystander, kind):
    server = start(config="max_payload: 1000000000\nmax_pending: 1000000000\n")
    other = bystander(server)
    before = server.resident_bytes()
    wires = [client(server) for _ in range(20)]
    for wire in wires:
        wire.send(b"PUB foo 900000000\r\nonly this")
        wire.wait_consumed()
    other.check()
    if kind == "midge":  # the peer takes memory for what is announced
        assert server.resident_bytes() - before < GROWTH_MAX
    for wire in wires:
        wire.close()
    other.check()


@pytest.mark.rows("CORE-38")
@pytest.mark.parametrize("verb", [b"SUB ", b"PUB ", b"CONNECT ", b"UNSUB ", b"-ERR "])
def test_a_control_line_of_ten_megabytes(start, bystander, verb):
    server = start()
    other = bystander(server)
    before = server.resident_bytes()
    wire = client(server)
    wire.send(verb + b"x" * (10 * MEBIBYTE) + b"\r\n")
    came = wire.until_closed()
    # The rest of the line may meet a closed socket, and then the reset overtakes the text.
    assert came in (b"-ERR 'maximum control line exceeded'\r\n", b"")
    assert server.resident_bytes() - before < GROWTH_MAX
    other.check()


@pytest.mark.rows("CORE-35")
def test_a_ping_line_without_end(start, bystander):
    """What follows PING is ignored, however long, and costs nothing."""
    server = start()
    other = bystander(server)
    before = server.resident_bytes()
    wire = client(server)
    for _ in range(10):
        wire.send(b"PING" + b"x" * MEBIBYTE)
    wire.wait_consumed()
    other.check()
    assert server.resident_bytes() - before < GROWTH_MAX
    wire.send(b"\r\n")
    assert wire.frame() == b"PONG"


@pytest.mark.rows("CORE-02")
def test_a_flood_of_errors(start, bystander):
    """Many connections that are wrong at once."""
    server = start()
    other = bystander(server)
    wires = [Wire(server.host, server.port) for _ in range(300)]
    for wire in wires:
        wire.send(b"WRONG\r\n" * 100)
    for wire in wires:
        try:
            wire.until_closed()
        except Closed:
            pass
    other.check()
