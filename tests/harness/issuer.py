"""An OpenID Connect issuer for tests: keys and tokens made by the openssl command, and the web server
that hands out the keys."""

import base64
import functools
import http.server
import json
import pathlib
import ssl
import subprocess
import tempfile
import threading
import time

_FOLDER = tempfile.TemporaryDirectory(prefix="midge-test-issuer-")

# How openssl makes a key of each kind, and how many bytes a coordinate has.
_KINDS = {
    "RSA": (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], 0),
    "P-256": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], 32),
    "P-384": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], 48),
    "P-521": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], 66),
    "Ed25519": (["-algorithm", "ED25519"], 32),
}


def encode(data) -> str:
    """base64url of bytes, or of a value's JSON."""
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*arguments, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          capture_output=True).stdout


def _to_numbers(der: bytes, size: int) -> bytes:
    """The two numbers of an ECDSA signature, each `size` bytes, from its DER."""
    at = 2 if der[1] < 0x80 else 3
    numbers = b""
    for _ in range(2):
        length = der[at + 1]
        numbers += int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(size, "big")
        at += 2 + length
    return numbers


class Key:
    """A key pair, by its name in JWKs."""

    def __init__(self, kind: str, kid: str, bits: int = 2048):
        self.kind, self.kid = kind, kid
        self.path = str(pathlib.Path(_FOLDER.name) / f"{kid}.pem")
        options, self.size = _KINDS[kind]
        options = [text.replace("2048", str(bits)) for text in options]
        _openssl("genpkey", *options, "-out", self.path)

    @functools.cached_property
    def public(self) -> dict:
        der = _openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        if self.kind == "RSA":
            modulus = _openssl("rsa", "-in", self.path, "-noout", "-modulus").decode()
            number = bytes.fromhex(modulus.strip().removeprefix("Modulus="))
            return {"kty": "RSA", "kid": self.kid, "n": encode(number), "e": "AQAB"}
        if self.kind == "Ed25519":
            return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": encode(der[-32:])}
        return {"kty": "EC", "crv": self.kind, "kid": self.kid,
                "x": encode(der[-2 * self.size:-self.size]), "y": encode(der[-self.size:])}

    @property
    def public_pem(self) -> bytes:
        return _openssl("pkey", "-in", self.path, "-pubout")

    def sign(self, algorithm: str, text: bytes) -> bytes:
        if algorithm == "EdDSA":
            message = pathlib.Path(_FOLDER.name) / f"{self.kid}.message"
            message.write_bytes(text)
            return _openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", str(message))
        options = []
        if algorithm.startswith("PS"):
            options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]
        signature = _openssl("dgst", f"-sha{algorithm[2:]}", "-sign", self.path, *options, data=text)
        return _to_numbers(signature, self.size) if algorithm.startswith("ES") else signature

    @property
    def algorithm(self) -> str:
        return {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512",
                "Ed25519": "EdDSA"}[self.kind]


def make_token(key: Key, claims: dict, algorithm: str = "", **header) -> str:
    algorithm = algorithm or key.algorithm
    header = {"alg": algorithm, "typ": "JWT", "kid": key.kid, **header}
    text = encode({name: value for name, value in header.items() if value is not None})
    text += "." + encode(claims)
    return text + "." + encode(key.sign(algorithm, text.encode()))


class Issuer:
    """A web server with a discovery document and keys. What it answers can be changed while it runs;
    `requests` lists the paths that were asked for."""

    def __init__(self, *keys: Key, certificate=None):
        self.keys = [key.public for key in keys]
        self.headers = {}
        self.status = 200
        self.discovery = {}
        self.requests = []
        self.gate = threading.Event()  # cleared: answers wait
        self.gate.set()
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                issuer.requests.append(self.path)
                issuer.gate.wait()
                issuer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http"
        if certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        if handler.path == "/.well-known/openid-configuration":
            body = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery}
        elif handler.path == "/keys":
            body = {"keys": self.keys}
        else:
            return handler.send_error(404)
        data = json.dumps(body).encode()
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def claims(self, **changes) -> dict:
        """What a good token says, changed; None leaves a claim out."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": "nats", "sub": "ann", "iat": now, "exp": now + 600}
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def key_requests(self) -> int:
        return self.requests.count("/keys")

    def close(self):
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
