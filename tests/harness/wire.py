"""A raw socket that speaks bytes: nothing of the protocol is hidden from the test."""

import json
import re
import select
import socket
import time

from harness.server import PATIENCE


class Closed(Exception):
    """The server closed the connection; `rest` is what had come before and was not read."""

    def __init__(self, rest: bytes = b""):
        super().__init__(f"the server closed the connection, unread: {rest!r}")
        self.rest = rest


class Wire:
    """One TCP connection to the server. Reads only when asked to."""

    def __init__(self, host: str, port: int, receive_buffer: int = 0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data: bytes):
        """Sends all of it; a server that has closed already is found out by reading."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_split(self, pieces):
        """Sends piece by piece, each only when the server has read the one before."""
        for piece in pieces:
            self.send(piece)
            self.wait_consumed()

    def wait_consumed(self):
        """Returns when the server's process has read all that was sent (or has closed)."""
        mine = self.socket.getsockname()[1]
        theirs = self.socket.getpeername()[1] if not self._is_broken() else 0
        deadline = time.monotonic() + PATIENCE
        while theirs and time.monotonic() < deadline:
            waiting = _unread_bytes(theirs, mine)
            if waiting is None or waiting == 0 and _unsent_bytes(self.socket) == 0:
                return

    def _is_broken(self) -> bool:
        try:
            self.socket.getpeername()
            return False
        except OSError:
            return True

    def _fill(self, patience: float):
        if self.ended:
            raise Closed(bytes(self.buffer))
        ready, _, _ = select.select([self.socket], [], [], max(patience, 0))
        if not ready:
            raise TimeoutError(f"nothing more came; unread: {bytes(self.buffer)!r}")
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            self.ended = True
            raise Closed(bytes(self.buffer))
        self.buffer += data

    def line(self, patience: float = 0.0) -> bytes:
        """The next line, without its CRLF."""
        deadline = time.monotonic() + (patience or PATIENCE)
        while True:
            end = self.buffer.find(b"\r\n")
            if end >= 0:
                result = bytes(self.buffer[:end])
                del self.buffer[:end + 2]
                return result
            self._fill(deadline - time.monotonic())

    def exactly(self, size: int, patience: float = 0.0) -> bytes:
        deadline = time.monotonic() + (patience or PATIENCE)
        while len(self.buffer) < size:
            self._fill(deadline - time.monotonic())
        result = bytes(self.buffer[:size])
        del self.buffer[:size]
        return result

    def until(self, pattern: bytes, patience: float = 0.0) -> bytes:
        """Everything up to and including the first match of `pattern`."""
        compiled = re.compile(pattern)
        deadline = time.monotonic() + (patience or PATIENCE)
        while True:
            match = compiled.search(self.buffer)
            if match:
                result = bytes(self.buffer[:match.end()])
                del self.buffer[:match.end()]
                return result
            self._fill(deadline - time.monotonic())

    def until_quiet(self, seconds: float):
        """(bytes, closed): what comes until nothing does for `seconds`. For recording only."""
        try:
            while True:
                self._fill(seconds)
        except TimeoutError:
            pass
        except Closed:
            pass
        result = bytes(self.buffer)
        self.buffer.clear()
        return result, self.ended

    def until_closed(self, patience: float = 0.0) -> bytes:
        """All that still comes before the server closes."""
        deadline = time.monotonic() + (patience or PATIENCE)
        while True:
            try:
                self._fill(deadline - time.monotonic())
            except Closed:
                result = bytes(self.buffer)
                self.buffer.clear()
                return result

    def frame(self, patience: float = 0.0) -> bytes:
        """The next whole frame: a line, with its payload if it is a MSG or HMSG."""
        line = self.line(patience)
        if line.startswith((b"MSG ", b"HMSG ")):
            size = int(line.rsplit(b" ", 1)[1])
            return line + b"\r\n" + self.exactly(size + 2, patience)[:-2]
        return line

    def barrier(self, keep_pings: bool = False) -> list:
        """PING, then all whole frames that come before its PONG.

        A PING of the server's own may come at any time; it is answered and left out.
        """
        self.send(b"PING\r\n")
        frames = []
        while True:
            frame = self.frame()
            if frame == b"PONG":
                return frames
            if frame == b"PING" and not keep_pings:
                self.send(b"PONG\r\n")
            else:
                frames.append(frame)

    def arrived(self) -> bytes:
        """What has come by now and was not read; it stays unread."""
        try:
            while True:
                self._fill(0)
        except (TimeoutError, Closed):
            return bytes(self.buffer)

    def close(self):
        self.socket.close()

    def finish(self):
        """Closes in order: the server has seen our end when this returns."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.until_closed(patience=1)
        except (OSError, TimeoutError):
            pass
        self.close()


def client(server, **options) -> Wire:
    """A connection that has read INFO (kept as `.info`) and sent CONNECT."""
    wire = Wire(server.host, server.port)
    wire.info = json.loads(wire.line()[len(b"INFO "):])
    wire.send(b"CONNECT " + json.dumps(
        {"verbose": False, "pedantic": False, **options}).encode() + b"\r\n")
    return wire


def _unread_bytes(local_port: int, remote_port: int):
    """Bytes in the receive queue of the other end, None if that end is gone."""
    wanted = (f":{local_port:04X}", f":{remote_port:04X}")
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as lines:
                for line in lines:
                    fields = line.split(None, 5)
                    if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
                        return int(fields[4].split(":")[1], 16)
        except FileNotFoundError:
            pass
    return None


def _unsent_bytes(sock: socket.socket) -> int:
    import array
    import fcntl
    import termios
    count = array.array("i", [0])
    try:
        fcntl.ioctl(sock, termios.TIOCOUTQ, count)
    except OSError:
        return 0
    return count[0]
