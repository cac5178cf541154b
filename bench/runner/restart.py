"""How long a server takes to come back with what it holds, after it was killed and after it ended."""

import json
import signal
import socket
import time

PATIENCE_SECONDS = 600
PROBE_SECONDS = 0.002
INFO = "$JS.API.STREAM.INFO.BENCH"


class Probe:
    """A client that asks one thing after the other."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.lines = self.socket.makefile("rb")
        self.socket.sendall(b'CONNECT {"verbose":false,"no_responders":true,"headers":true}\r\n'
                            b"SUB _INBOX.probe 1\r\nPING\r\n")
        while self.lines.readline() != b"PONG\r\n":
            pass

    def request(self, subject):
        """The answer; None: nobody is there to give one yet."""
        self.socket.sendall(f"PUB {subject} _INBOX.probe 0\r\n\r\n".encode())
        while True:
            words = self.lines.readline().split()
            if not words:
                raise ConnectionError
            if words[0] == b"PING":
                self.socket.sendall(b"PONG\r\n")
            elif words[0] in (b"MSG", b"HMSG"):
                body = self.lines.read(int(words[-1]) + 2)
                return None if words[0] == b"HMSG" else json.loads(body)


def messages(probe):
    """How many the stream has; None: it is not served yet."""
    answer = probe.request(INFO)
    return answer["state"]["messages"] if answer and "state" in answer else None


def seconds_until(begin, attempt):
    while time.monotonic() - begin < PATIENCE_SECONDS:
        try:
            result = attempt()
        except OSError:
            result = None
        if result is not None:
            return time.monotonic() - begin, result
        time.sleep(PROBE_SECONDS)
    raise TimeoutError("the server did not come back")


def come_back(server, how, expected):
    begin = time.monotonic()
    server.end(how)
    ended = time.monotonic()
    server.start()
    core, probe = seconds_until(ended, lambda: Probe(server.port))
    stream, found = seconds_until(ended, lambda: messages(probe))
    if found != expected:
        raise ValueError(f"{found} of {expected} messages came back")
    return {"ends_in": ended - begin, "core": core, "stream": stream}


def measure(server):
    expected = messages(Probe(server.port))
    return {"killed": come_back(server, signal.SIGKILL, expected),
            "clean": come_back(server, signal.SIGTERM, expected)}
