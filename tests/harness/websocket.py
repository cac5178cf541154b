"""A raw client of web sockets: every frame is the test's own, nothing is checked on the way."""

import base64
import json
import os
import struct
import time
import zlib

from harness.server import PATIENCE
from harness.tls import TlsWire
from harness.wire import Closed, Wire

# A machine that is busy with other work may take this long; nothing is proven by a limit.
HANDSHAKE_PATIENCE = 300

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"


def frame(payload: bytes = b"", opcode: int = BINARY, final: bool = True, masked: bool = True,
          reserved: int = 0, length: int = -1, length_size: int = 0) -> bytes:
    """`length`: what the head says instead of the truth; `length_size`: in how many bytes."""
    size = len(payload) if length < 0 else length
    mask_bit = 0x80 if masked else 0
    wanted = length_size or (0 if size < 126 else 2 if size < 65536 else 8)
    head = bytes([(0x80 if final else 0) | reserved | opcode])
    if wanted == 0:
        head += bytes([mask_bit | size])
    elif wanted == 2:
        head += bytes([mask_bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i & 3] for i, byte in enumerate(payload))


def close_payload(status: int, text: str = "") -> bytes:
    return struct.pack(">H", status) + text.encode()


def deflated(data: bytes) -> bytes:
    """A message's payload by permessage-deflate."""
    machine = zlib.compressobj(6, zlib.DEFLATED, -15)
    return (machine.compress(data) + machine.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflated(data: bytes) -> bytes:
    return zlib.decompressobj(-15).decompress(data + b"\0\0\xff\xff")


def request(path: str = "/", *more: str, without: str = "", method: str = "GET",
            version: str = "HTTP/1.1", host: str = "localhost") -> bytes:
    """`without`: leaves out the header of this name."""
    lines = [f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"]
    kept = [line for line in lines if line.split(":")[0] != without]
    return "\r\n".join([f"{method} {path} {version}", *kept, *more, "", ""]).encode()


class Ended(Exception):
    """The connection's end: `status` and `text` of its Close frame, None without one."""

    def __init__(self, status, text):
        super().__init__(f"closed with {status} {text!r}")
        self.status, self.text = status, text


class WebSocket:
    """A connection; after upgrade() frames are exchanged."""

    def __init__(self, port: int, tls=None):
        self.wire = Wire("127.0.0.1", port) if tls is None else TlsWire("127.0.0.1", port)
        if tls is not None:
            self.wire.socket.settimeout(HANDSHAKE_PATIENCE)
            self.wire.start_tls(tls)
        self.messages = bytearray()  # NATS' bytes that came and were not read
        self.frames = []             # (opcode, final, reserved, size) of all frames that came
        self.info = {}
        self.part = None             # the message under way: [opcode, compressed, bytes]
        self.masked = True
        self.head = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def ask(self, head: bytes):
        """Sends a request: (status, headers by lower-case name, body)."""
        self.wire.send(head)
        self.head = self.wire.until(rb"\r\n\r\n")
        lines = self.head.decode().split("\r\n")
        headers = {}
        for line in lines[1:-2]:
            name, value = line.split(": ", 1)
            headers[name.lower()] = value
        body = b""
        if "content-length" in headers:
            body = self.wire.exactly(int(headers["content-length"]))
        return int(lines[0].split()[1]), headers, body.decode()

    def upgrade(self, *more: str, path: str = "/", read_info: bool = True):
        """Opens the socket; returns the answer's headers."""
        status, headers, _ = self.ask(request(path, *more))
        assert status == 101, self.head
        assert headers["sec-websocket-accept"] == ACCEPT
        self.masked = "nats-no-masking" not in headers
        if read_info:
            self.info = json.loads(self.line()[len(b"INFO "):])
        return headers

    def send(self, data: bytes, **options):
        options.setdefault("masked", self.masked)
        self.wire.send(frame(data, **options))

    def read_frame(self, patience: float = 0.0):
        """(opcode, payload) of the next frame, as it is."""
        first, second = self.wire.exactly(2, patience)
        size = second & 0x7F
        assert second & 0x80 == 0, "servers do not mask"
        if size >= 126:
            length_size = 2 if size == 126 else 8
            size = int.from_bytes(self.wire.exactly(length_size, patience), "big")
        payload = self.wire.exactly(size, patience)
        self.frames.append((first & 0xF, bool(first & 0x80), first & 0x70, size))
        return first & 0xF, payload

    def _next(self, patience: float):
        """Takes a frame in; control frames that are not a Close are returned."""
        try:
            opcode, payload = self.read_frame(patience)
        except Closed:
            raise Ended(None, "") from None
        final, reserved = self.frames[-1][1:3]
        if opcode == CLOSE:
            if len(payload) < 2:
                raise Ended(0, "")
            raise Ended(int.from_bytes(payload[:2], "big"), payload[2:].decode())
        if opcode in (PING, PONG):
            return opcode, payload
        if opcode != CONTINUATION:
            assert self.part is None
            self.part = [opcode, bool(reserved), b""]
        self.part[2] += payload
        if final:
            _, compressed, data = self.part
            self.part = None
            self.messages += inflated(data) if compressed else data
        return None

    def line(self, patience: float = 0.0) -> bytes:
        deadline = time.monotonic() + (patience or PATIENCE)
        while b"\r\n" not in self.messages:
            self._next(deadline - time.monotonic())
        line, _, rest = bytes(self.messages).partition(b"\r\n")
        self.messages[:] = rest
        return line

    def exactly(self, size: int) -> bytes:
        while len(self.messages) < size:
            self._next(0)
        data = bytes(self.messages[:size])
        del self.messages[:size]
        return data

    def control(self):
        """The next control frame: (opcode, payload)."""
        while True:
            if found := self._next(0):
                return found

    def client(self, *more: str, **options):
        """upgrade(), then CONNECT and what answers a PING."""
        self.upgrade(*more)
        self.send(b"CONNECT " + json.dumps(
            {"verbose": False, "pedantic": False, **options}).encode() + b"\r\n")
        self.barrier()
        return self

    def barrier(self) -> list:
        """PING, then the lines that come before its PONG."""
        self.send(b"PING\r\n")
        lines = []
        while (line := self.line()) != b"PONG":
            if line == b"PING":
                self.send(b"PONG\r\n")
            else:
                lines.append(line)
        return lines

    def end(self) -> Ended:
        """Reads on until the server ends the connection, and how it did."""
        try:
            while True:
                self._next(0)
        except Ended as ended:
            if ended.status is not None:
                self.wire.until_closed()
            return ended


def listening_port(server) -> int:
    """Of the listener for web sockets."""
    found = server.wait_log(r"Listening for websocket clients on wss?://\S+:(\d+)")
    return int(found.group(1))
