"""Frames, right and wrong, in the manner of the Autobahn suite: what is delivered, what is answered,
and with which status the socket ends."""

import zlib

import pytest

from harness.websocket import (BINARY, CLOSE, CONTINUATION, DEFLATE, PING, PONG, TEXT, close_payload,
                               deflated, frame)

PUB = b"PUB echo 5\r\nhello\r\n"
PUB_BIG = b"PUB echo 70000\r\n" + b"x" * 70000 + b"\r\n"


def cut(data: bytes, *sizes: int, control: bytes = b"", opcode: int = BINARY) -> list:
    """`data` as one message, in fragments of these sizes and the rest, `control` after each."""
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at:at + size])
        at += size
    parts.append(data[at:])
    frames = []
    for i, part in enumerate(parts):
        frames.append(frame(part, opcode if i == 0 else CONTINUATION, final=i == len(parts) - 1))
        if control and i < len(parts) - 1:
            frames.append(control)
    return frames


def ended_deflate(data: bytes) -> bytes:
    """With a block that says it is the last, and the empty one that is to follow it."""
    machine = zlib.compressobj(6, zlib.DEFLATED, -15)
    return machine.compress(data) + machine.flush(zlib.Z_FINISH) + b"\0"


def squeezed(data: bytes, **options) -> bytes:
    return frame(deflated(data), reserved=0x40, **options)


def squeezed_cut(data: bytes, *sizes: int, control: bytes = b"") -> list:
    frames = cut(deflated(data), *sizes, control=control)
    first = bytearray(frames[0])
    first[0] |= 0x40
    return [bytes(first), *frames[1:]]


# name: (frames, payloads that come back, control frames that are answered)
GOOD = {
    "binary": ([frame(PUB)], 1, []),
    "text": ([frame(PUB, TEXT)], 1, []),
    "length in two bytes": ([frame(PUB, length_size=2)], 1, []),
    "length in eight bytes": ([frame(PUB, length_size=8)], 1, []),
    "125 bytes": ([frame(b"PUB echo 109\r\n" + b"a" * 109 + b"\r\n")], 1, []),
    "70,000 bytes": ([frame(PUB_BIG)], 1, []),
    "several in one frame": ([frame(PUB * 5)], 5, []),
    "several frames at once": ([frame(PUB) * 5], 5, []),
    "one message over two frames": ([frame(PUB[:7]), frame(PUB[7:])], 1, []),
    "an empty frame": ([frame(b""), frame(PUB)], 1, []),
    "an empty text frame": ([frame(b"", TEXT), frame(PUB)], 1, []),
    "two fragments": (cut(PUB, 7), 1, []),
    "fragments of a byte": (cut(PUB, *([1] * 18)), 1, []),
    "an empty first fragment": (cut(PUB, 0), 1, []),
    "an empty last fragment": (cut(PUB, len(PUB)), 1, []),
    "only empty fragments": ([*cut(b"", 0, 0), frame(PUB)], 1, []),
    "fragments of text": (cut(PUB, 3, 3, opcode=TEXT), 1, []),
    "a ping": ([frame(b"", PING), frame(PUB)], 1, [b""]),
    "a ping with a payload": ([frame(b"hi", PING), frame(PUB)], 1, [b"hi"]),
    "a ping of bytes": ([frame(bytes(range(120, 245)), PING)], 0, [bytes(range(120, 245))]),
    "a ping of 125 bytes": ([frame(b"p" * 125, PING)], 0, [b"p" * 125]),
    "ten pings": ([frame(bytes([48 + i]), PING) for i in range(10)], 0,
                  [bytes([48 + i]) for i in range(10)]),
    "a ping between fragments": (cut(PUB, 7, 2, control=frame(b"in", PING)), 1, [b"in", b"in"]),
    "a pong that nobody asked for": ([frame(b"x", PONG), frame(PUB)], 1, []),
    "a pong between fragments": (cut(PUB, 7, control=frame(b"", PONG)), 1, []),
    "a head cut at each byte": ([bytes([byte]) for byte in frame(PUB, length_size=8)], 1, []),
    "a ping cut at each byte": ([bytes([byte]) for byte in frame(b"hi", PING)], 0, [b"hi"]),
    "text that is no UTF-8": ([frame(b"PUB echo 2\r\n\xff\xfe\r\n", TEXT)], 1, []),
}

COMPRESSED = {
    "compressed": ([squeezed(PUB)], 1, []),
    "compressed text": ([squeezed(PUB, opcode=TEXT)], 1, []),
    "compressed in fragments": (squeezed_cut(PUB, 3, 4), 1, []),
    "compressed in fragments of a byte": (squeezed_cut(PUB, *([1] * 10)), 1, []),
    "compressed, with a ping in between": (
        squeezed_cut(PUB, 3, control=frame(b"in", PING)), 1, [b"in"]),
    "compressed and not, in turn": ([squeezed(PUB), frame(PUB), squeezed(PUB)], 3, []),
    "70,000 bytes compressed": ([squeezed(PUB_BIG)], 1, []),
    "compressed with a last block": ([frame(ended_deflate(PUB), reserved=0x40)], 1, []),
    "compressed bytes cut at each byte": (
        [bytes([byte]) for byte in squeezed(PUB)], 1, []),
    "an empty compressed message": ([frame(b"\x00", reserved=0x40), frame(PUB)], 1, []),
    "a compressed NATS message over two messages": ([squeezed(PUB[:9]), squeezed(PUB[9:])], 1, []),
    "two compressed messages at once": ([squeezed(PUB) + squeezed(PUB)], 2, []),
}

# name: (frames, status, text)
BAD = {
    "no mask": ([frame(PUB, masked=False)], 1002, "mask bit missing"),
    "a ping without a mask": ([frame(b"", PING, masked=False)], 1002, "mask bit missing"),
    "RSV1 without compression": ([frame(PUB, reserved=0x40)], 1002,
                                 "compressed frame received without negotiated permessage-deflate"),
    "RSV2": ([frame(PUB, reserved=0x20)], 1002, "RSV2 and RSV3 must be clear"),
    "RSV3": ([frame(PUB, reserved=0x10)], 1002, "RSV2 and RSV3 must be clear"),
    "all reserved bits": ([frame(PUB, reserved=0x70)], 1002, "RSV2 and RSV3 must be clear"),
    "RSV2 on a ping": ([frame(b"", PING, reserved=0x20)], 1002, "RSV2 and RSV3 must be clear"),
    "RSV3 on a close": ([frame(b"", CLOSE, reserved=0x10)], 1002, "RSV2 and RSV3 must be clear"),
    **{f"opcode {opcode}": ([frame(b"", opcode)], 1002, f"unknown opcode {opcode}")
       for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a ping of 126 bytes": ([frame(b"p" * 126, PING)], 1002,
                            "control frame length bigger than maximum allowed of 125 bytes"),
    "a close of 126 bytes": ([frame(b"p" * 126, CLOSE)], 1002,
                             "control frame length bigger than maximum allowed of 125 bytes"),
    "a ping in fragments": ([frame(b"", PING, final=False)], 1002,
                            "control frame does not have final bit set"),
    "a close in fragments": ([frame(b"", CLOSE, final=False)], 1002,
                             "control frame does not have final bit set"),
    "a fragment of nothing": ([frame(b"a", CONTINUATION)], 1002, "invalid continuation frame"),
    "a last fragment of nothing": ([frame(b"a", CONTINUATION, final=False)], 1002,
                                   "invalid continuation frame"),
    "a fragment after the last": ([*cut(PUB, 3), frame(b"", CONTINUATION)], 1002,
                                  "invalid continuation frame"),
    "a message in a message": (
        [frame(PUB[:3], final=False), frame(PUB)], 1002,
        "new message started before final frame for previous message was received"),
    "text in a binary message": (
        [frame(PUB[:3], final=False), frame(b"", TEXT)], 1002,
        "new message started before final frame for previous message was received"),
    "a length beyond all": ([frame(b"", length=1 << 63, length_size=8)], 1002,
                            "invalid 64-bit payload length"),
    "a close of one byte": ([frame(b"a", CLOSE)], 1002, "close frame payload cannot be 1 byte"),
    **{f"close with {status}": ([frame(close_payload(status), CLOSE)], 1002,
                                f"invalid close status code {status}")
       for status in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)},
}

BAD_COMPRESSED = {
    "a compressed ping": ([frame(b"", PING, reserved=0x40)], 1002,
                          "control frame must not be compressed"),
    "a compressed continuation": (
        [frame(PUB[:3], final=False), frame(PUB[3:], CONTINUATION, reserved=0x40)], 1002,
        "invalid continuation frame"),
    "garbage instead of deflate": ([frame(b"\xff" * 20, reserved=0x40)], 1007,
                                   "corrupt compressed message"),
}

GOODBYES = {
    "nothing": (b"", 0, ""),
    "a status": (close_payload(1000), 1000, ""),
    "a status and a text": (close_payload(1000, "bye"), 1000, "bye"),
    "a text of UTF-8": (close_payload(1001, "grüß"), 1001, "grüß"),
    "as much as there may be": (close_payload(1000, "a" * 123), 1000, "a" * 123),
    "no UTF-8": (close_payload(1000) + b"\xff\xfe", 1007, "invalid utf8 body in close frame"),
    "cut UTF-8": (close_payload(1000) + b"\xe2\x82", 1007, "invalid utf8 body in close frame"),
    **{str(status): (close_payload(status), status, "")
       for status in (1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
                      4000, 4999)},
}


def open_socket(connect, shared, compressed: bool):
    socket = connect(shared).client(*([DEFLATE] if compressed else []), echo=True)
    socket.send(b"SUB echo 1\r\n")
    socket.barrier()
    return socket


def check_good(socket, case):
    frames, messages, pongs = case
    for data in frames:
        socket.wire.send(data)
        socket.wire.wait_consumed() if len(data) == 1 else None
    answered = [socket.control() for _ in pongs]
    assert answered == [(PONG, payload) for payload in pongs]
    for _ in range(messages):
        line = socket.line()
        assert line.startswith(b"MSG echo 1 ")
        socket.exactly(int(line.split()[-1]) + 2)
    assert socket.barrier() == []


@pytest.mark.rows("WS-04")
@pytest.mark.parametrize("name", GOOD)
def test_good(connect, shared, name):
    check_good(open_socket(connect, shared, False), GOOD[name])


@pytest.mark.rows("WS-04", "WS-05")
@pytest.mark.parametrize("name", [*GOOD, *COMPRESSED])
def test_good_where_compression_was_agreed_on(connect, shared, name):
    check_good(open_socket(connect, shared, True), {**GOOD, **COMPRESSED}[name])


def check_bad(socket, case, kind):
    frames, status, text = case
    socket.wire.send(b"".join(frames))
    ended = socket.end()
    # nats-server often hangs up before its Close frame is written.
    if kind == "peer" and ended.status is None:
        return
    assert (ended.status, ended.text) == (status, text)


@pytest.mark.rows("WS-04", "WS-06")
@pytest.mark.parametrize("name", BAD)
def test_bad(connect, shared, kind, name):
    check_bad(open_socket(connect, shared, False), BAD[name], kind)


@pytest.mark.rows("WS-04", "WS-05", "WS-06")
@pytest.mark.parametrize("name", [*(name for name in BAD if name != "RSV1 without compression"),
                                  *BAD_COMPRESSED])
def test_bad_where_compression_was_agreed_on(connect, shared, kind, name):
    check_bad(open_socket(connect, shared, True), {**BAD, **BAD_COMPRESSED}[name], kind)


@pytest.mark.rows("WS-06")
@pytest.mark.parametrize("name", GOODBYES)
def test_goodbye(connect, shared, name):
    payload, status, text = GOODBYES[name]
    socket = open_socket(connect, shared, False)
    socket.send(payload, opcode=CLOSE)
    ended = socket.end()
    assert (ended.status, ended.text) == (status, text)


@pytest.mark.rows("WS-06")
def test_what_was_sent_before_a_goodbye_is_answered(connect, shared):
    socket = open_socket(connect, shared, False)
    socket.wire.send(frame(PUB + b"PING\r\n") + frame(close_payload(1000, "bye"), CLOSE))
    assert [socket.line() for _ in range(3)] == [b"MSG echo 1 5", b"hello", b"PONG"]
    assert (socket.end().status, socket.wire.ended) == (1000, True)


@pytest.mark.rows("WS-04")
def test_no_masking(connect, shared):
    socket = connect(shared)
    headers = socket.upgrade("Nats-No-Masking: true")
    assert headers["nats-no-masking"] == "true"
    socket.send(b"CONNECT {}\r\nPING\r\n")
    assert [socket.line(), socket.line()] == [b"+OK", b"PONG"]
