"""An auth callout service, one step at a time: what it is asked, and any answer one likes.

    service = Service(server.port, user="auth", **{"pass": "x"})
    client = Asking(server.port, user="ann")       # CONNECT is sent, nothing is awaited
    question = service.next()
    service.answer(question, jwt=service.user_jwt(question, ISSUER, aud="APP"), issuer=ISSUER)
    assert client.next_line() == "PONG"
"""

import asyncio
import base64
import hashlib
import json
import time

import nacl.public

from harness import server as servers
from harness.claims import Key, Session, USER_LIMITS, make_token, raw_url, _text

SUBJECT = "$SYS.REQ.USER.AUTH"


def across_loops() -> str:
    """Lines of a configuration by which the service and whoever it is asked about sit on different
    loops, and so does each login."""
    return "loops: 3\nconnection_placement: spread\n" if servers.kind() == "midge" else ""


_VERSION = b"xkv1"
_NONCE = 24


class Curve:
    """A curve key, as xkey has it, from a label."""

    def __init__(self, label: str):
        raw = hashlib.sha256(f"X {label}".encode()).digest()
        self._key = nacl.public.PrivateKey(raw)
        self.public = _text(bytes([23 << 3]) + bytes(self._key.public_key))

    def _box(self, other: str) -> nacl.public.Box:
        raw = base64.b32decode(other + "=" * (-len(other) % 8))[1:33]
        return nacl.public.Box(self._key, nacl.public.PublicKey(raw))

    def seal(self, text: bytes, other: str) -> bytes:
        return _VERSION + bytes(self._box(other).encrypt(text))

    def open(self, text: bytes, other: str) -> bytes:
        assert text.startswith(_VERSION)
        return self._box(other).decrypt(text[len(_VERSION):])

    def __str__(self):
        return self.public


def claims_of(token: str) -> dict:
    """What a token says; its signature is not looked at."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def subscribed(server, count: int):
    """Waits until that many subscriptions are there: nats-py's flush() may overtake them."""
    def are_there():
        return sum(c["subscriptions"] for c in server.json("/connz")["connections"]) >= count
    await asyncio.to_thread(servers.wait_until, are_there, f"{count} subscriptions")


class Question:
    """A request as it came: `claims` is what it says, `nats` its own part."""

    def __init__(self, reply: str, headers: dict, payload: bytes, curve: Curve):
        self.reply, self.headers, self.raw = reply, headers, payload
        self.xkey = headers.get("Nats-Server-Xkey", "")
        self.token = (curve.open(payload, self.xkey) if self.xkey else payload).decode()
        self.claims = claims_of(self.token)
        self.nats = self.claims["nats"]
        self.user = self.nats["user_nkey"]
        self.server = self.nats["server_id"]["id"]


class Service(Session):
    """Logs in, and subscribes to the questions."""

    def __init__(self, port: int, token: str = "", key: Key = None, curve: Curve = None,
                 patience: float = 5, queue: str = "", context=None, **fields):
        super().__init__(port, patience, context)
        self.curve = curve
        line = self.login(token, key, **fields)
        assert line == "PONG", line
        self.send(f"SUB {SUBJECT} {queue + ' ' if queue else ''}1\r\nPING\r\n")
        assert self.next_line() == "PONG"

    def next(self) -> Question:
        words = self.next_line().split()
        while words == ["PING"]:
            self.send("PONG\r\n")
            words = self.next_line().split()
        assert words[0] in ("MSG", "HMSG") and words[1] == SUBJECT, words
        head = int(words[-2]) if words[0] == "HMSG" else 0
        content = self.file.read(int(words[-1]) + 2)[:-2]
        lines = content[:head].decode().split("\r\n")[1:]
        headers = dict(line.split(": ", 1) for line in lines if line)
        return Question(words[3], headers, content[head:], self.curve)

    def say(self, question: Question, payload):
        """Answers with these bytes."""
        payload = payload if isinstance(payload, bytes) else payload.encode()
        self.socket.sendall(f"PUB {question.reply} {len(payload)}\r\n".encode() + payload + b"\r\n")

    def answer(self, question: Question, issuer: Key, jwt: str = "", error: str = "",
               encrypt: bool = False, issuer_account="", **head):
        """The response, signed by `issuer`; `head` overrides what would be right."""
        body = {name: str(value) for name, value in
                (("jwt", jwt), ("error", error), ("issuer_account", issuer_account)) if value}
        head = {"aud": question.server, "iat": int(time.time()), **head}
        subject = head.pop("sub", question.user)
        token = make_token("authorization_response", subject, issuer, body, **head).encode()
        self.say(question, self.curve.seal(token, question.xkey) if encrypt else token)

    def grant(self, question: Question, issuer: Key, body=None, response_issuer: Key = None,
              encrypt: bool = False, **head):
        """Lets it in, as the user that `body` and `head` describe."""
        self.answer(question, response_issuer or issuer, user_jwt(question, issuer, body, **head),
                    encrypt=encrypt)


def user_jwt(question: Question, issuer: Key, body=None, **head) -> str:
    head = {"iat": int(time.time()), **head}
    subject = head.pop("sub", question.user)
    return make_token("user", subject, issuer, {**USER_LIMITS, **(body or {})}, **head)


class Asking(Session):
    """A client that has sent CONNECT and PING; what comes of it is in next_line()."""

    def __init__(self, port: int, token: str = "", key: Key = None, patience: float = 5,
                 context=None, **fields):
        super().__init__(port, patience, context)
        connect = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True,
                   "lang": "python", "version": "1.2.3", **fields}
        if token:
            connect["jwt"] = token
        if key is not None:
            connect["sig"] = raw_url(key.sign(self.info.get("nonce", "").encode()))
        self.send(f"CONNECT {json.dumps(connect)}\r\nPING\r\n")
