"""Makes nkeys and the tokens of operator mode, any claim one likes, right or wrong.

Keys are derived from a label, so that the same test has the same keys in each run:

    operator = Key("O", "operator")
    account = Key("A", "orders")
    token = make_token("account", account, operator, {"limits": NO_LIMITS})
"""

import base64
import hashlib
import json
import socket

import nacl.signing

NO_LIMITS = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True,
             "conn": -1, "leaf": -1}
USER_LIMITS = {"subs": -1, "data": -1, "payload": -1}

_PREFIXES = {"N": 13 << 3, "U": 20 << 3, "A": 0, "O": 14 << 3, "X": 23 << 3}
LONG_AGO = 1600000000


def _checksum(data: bytes) -> bytes:
    value = 0
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value.to_bytes(2, "little")


def _text(data: bytes) -> str:
    return base64.b32encode(data + _checksum(data)).decode().rstrip("=")


def raw_url(data) -> str:
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """A pair of keys of one kind: "O", "A", "U", "N", "X"."""

    def __init__(self, kind: str, label: str):
        raw = hashlib.sha256(f"{kind} {label}".encode()).digest()
        prefix = _PREFIXES[kind]
        self._signing = nacl.signing.SigningKey(raw)
        self.public = _text(bytes([prefix]) + bytes(self._signing.verify_key))
        self.seed = _text(bytes([(18 << 3) | (prefix >> 5), (prefix & 31) << 3]) + raw)

    @classmethod
    def from_seed(cls, seed: str) -> "Key":
        key = cls("U", "")
        decoded = base64.b32decode(seed + "=" * (-len(seed) % 8))
        prefix = (decoded[0] & 7) << 5 | decoded[1] >> 3
        key._signing, key.seed = nacl.signing.SigningKey(decoded[2:34]), seed
        key.public = _text(bytes([prefix]) + bytes(key._signing.verify_key))
        return key

    def sign(self, data: bytes) -> bytes:
        return self._signing.sign(data).signature

    def __str__(self):
        return self.public


def make_token(kind: str, subject, issuer: Key, body=None, version=2, header=None, signer=None,
               **head) -> str:
    """A token of `kind` about `subject`; `head` are common fields such as name or exp."""
    claims = {"jti": "x" * 52, "iat": LONG_AGO, "iss": issuer.public, "sub": str(subject)}
    claims.update(head)
    claims["nats"] = {**(body or {}), "type": kind, "version": version}
    if version == 1:
        del claims["nats"]["version"]
        if kind != "activation":
            del claims["nats"]["type"]
        claims["type"] = kind
    algorithm = "ed25519" if version == 1 else "ed25519-nkey"
    header = header if header is not None else {"typ": "JWT", "alg": algorithm}
    first, second = raw_url(json.dumps(header)), raw_url(json.dumps(claims))
    signed = second if version == 1 else f"{first}.{second}"
    return f"{first}.{second}.{raw_url((signer or issuer).sign(signed.encode()))}"


def creds(token: str, user: Key) -> str:
    """The text of a credentials file."""
    return (f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n")


def read_creds(path) -> tuple:
    """The token and the key of a credentials file."""
    lines = path.read_text().splitlines()
    token, seed = (lines[lines.index(f"-----BEGIN {what}-----") + 1]
                   for what in ("NATS USER JWT", "USER NKEY SEED"))
    return token, Key.from_seed(seed)


class Session:
    """A connection that says what it is told, line by line. With a TLS context it is encrypted."""

    def __init__(self, port: int, patience: float = 5, context=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.file = self.socket.makefile("rb")
        self.info = json.loads(self.line()[5:])
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            self.file = self.socket.makefile("rb")

    def line(self) -> str:
        return self.file.readline().decode().rstrip("\r\n")

    def send(self, text: str):
        self.socket.sendall(text.encode())

    def login(self, token: str = "", key: Key = None, **fields) -> str:
        """"PONG", or the error that came instead."""
        connect = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True,
                   **fields}
        if token:
            connect["jwt"] = token
        if key is not None:
            connect["sig"] = raw_url(key.sign(self.info.get("nonce", "").encode()))
        self.send(f"CONNECT {json.dumps(connect)}\r\nPING\r\n")
        return self.next_line()

    def next_line(self) -> str:
        """The next line that is no INFO."""
        while True:
            line = self.line()
            if not line.startswith("INFO "):
                return line

    def request(self, subject: str, payload: str = "") -> str:
        """The payload of the answer."""
        self.send("SUB _INBOX.here 1\r\n"
                  f"PUB {subject} _INBOX.here {len(payload)}\r\n{payload}\r\n")
        head = self.next_line()
        if head.startswith("MSG "):
            return self.file.read(int(head.split()[-1]) + 2)[:-2].decode()
        if head.startswith("HMSG "):
            sizes = head.split()[-2:]
            content = self.file.read(int(sizes[1]) + 2)[:-2].decode()
            return content[int(sizes[0]):] or content.strip()
        return head

    def close(self):
        self.socket.close()
