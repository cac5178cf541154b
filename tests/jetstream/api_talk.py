"""A client just large enough for transcripts: requests, subscriptions, headers; nothing is retried."""

import json
import socket
import time

from harness.server import PATIENCE

NONE, SILENCE = object(), object()


class Message:
    def __init__(self, subject, reply, headers, body):
        self.subject, self.reply, self.headers, self.body = subject, reply, headers, body


class Talk:
    def __init__(self, port, user="", password=""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.inbox = 0
        self.sids, self.waiting = {}, {}
        self.next_sid = 1
        self.server_id = json.loads(self._line(time.monotonic() + PATIENCE)[5:])["server_id"]
        options = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True,
                   "lang": "transcript", "version": "1", "protocol": 1}
        if user:
            options |= {"user": user, "pass": password}
        self._send(f"CONNECT {json.dumps(options)}\r\n".encode())
        self.flush()
        self.subscribe("_inbox", "_INBOX.t.*")

    def close(self):
        self.socket.close()

    def _send(self, data):
        self.socket.sendall(data)

    def _fill(self, deadline):
        self.socket.settimeout(max(deadline - time.monotonic(), 0.0001))
        more = self.socket.recv(1 << 16)
        if not more:
            raise ConnectionError("the server closed the connection")
        self.buffer += more

    def _line(self, deadline):
        while b"\r\n" not in self.buffer:
            self._fill(deadline)
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _bytes(self, count, deadline):
        while len(self.buffer) < count + 2:
            self._fill(deadline)
        data, self.buffer = self.buffer[:count], self.buffer[count + 2:]
        return data

    def _read_one(self, deadline):
        """Reads one frame; returns "PONG" for a PONG, else nothing."""
        line = self._line(deadline)
        verb, *rest = line.decode().split(" ")
        if verb == "PING":
            self._send(b"PONG\r\n")
        elif verb == "PONG":
            return "PONG"
        elif verb == "-ERR":
            raise ConnectionError(line.decode())
        elif verb in ("MSG", "HMSG"):
            size = int(rest[-1])
            header_size = int(rest[-2]) if verb == "HMSG" else 0
            names = rest[:-2] if verb == "HMSG" else rest[:-1]
            data = self._bytes(size, deadline)
            message = Message(names[0], names[2] if len(names) > 2 else "",
                              data[:header_size].decode(), data[header_size:])
            self.waiting.setdefault(names[1], []).append(message)
        return None

    def flush(self):
        self._send(b"PING\r\n")
        deadline = time.monotonic() + PATIENCE
        while self._read_one(deadline) != "PONG":
            pass

    def subscribe(self, name, subject, queue=""):
        sid = str(self.next_sid)
        self.next_sid += 1
        self.sids[name] = sid
        self._send(f"SUB {subject} {queue} {sid}\r\n".encode())
        self.flush()

    def unsubscribe(self, name):
        self._send(f"UNSUB {self.sids.pop(name)}\r\n".encode())
        self.flush()

    def publish(self, subject, body, headers=None, reply=""):
        if headers:
            block = "NATS/1.0\r\n" + "".join(
                f"{name}: {value}\r\n" for name, values in headers.items()
                for value in (values if isinstance(values, list) else [values])) + "\r\n"
            block = block.encode()
            self._send(f"HPUB {subject} {reply} {len(block)} {len(block) + len(body)}\r\n".encode()
                       + block + body + b"\r\n")
        else:
            self._send(f"PUB {subject} {reply} {len(body)}\r\n".encode() + body + b"\r\n")

    def receive(self, name, patience):
        """The next message of a subscription; None if none comes in time."""
        sid = self.sids[name]
        deadline = time.monotonic() + patience
        while not self.waiting.get(sid):
            try:
                self._read_one(deadline)
            except (TimeoutError, socket.timeout):
                return None
        return self.waiting[sid].pop(0)

    def request(self, subject, body, headers=None, patience=0.0):
        self.inbox += 1
        reply = f"_INBOX.t.{self.inbox}"
        self.publish(subject, body, headers, reply)
        deadline = time.monotonic() + (patience or PATIENCE)
        while True:
            message = self.receive("_inbox", max(deadline - time.monotonic(), 0.001))
            if message is None:
                return SILENCE
            if message.subject != reply and not message.headers.startswith("NATS/1.0 503"):
                if message.subject.startswith("_INBOX.t."):
                    continue  # of an earlier request
            if message.headers.startswith("NATS/1.0 503"):
                return NONE
            return message
