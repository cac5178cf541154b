"""OCSP responders for tests: `openssl ocsp` answers, behind a door on 127.0.0.1 that a test can shut."""

import base64
import datetime
import http.server
import pathlib
import re
import subprocess
import tempfile
import threading
import urllib.parse

from harness import tls


class Responder:
    """Answers for the certificates of one authority. Use as a context manager."""

    def __init__(self, authority: tls.Authority):
        self.authority = authority
        self.signer = ("ca.pem", "ca.key")  # files in the authority's folder, or elsewhere
        self.minutes = 60  # until the next update; 0 = it is not said
        self.broken = None  # a status of HTTP, or b"bytes" to send in place of an answer
        self.posts = True  # else POST is refused
        self.dates = None  # (this update, next update) as datetimes, in place of the true ones
        self.asked = []  # the method of each question
        self._next = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.reply(self.rfile.read(int(self.headers["Content-Length"])))

            def do_GET(self):
                self.reply(base64.b64decode(urllib.parse.unquote(self.path.lstrip("/"))))

            def reply(self, question):
                with outer._next:
                    outer.asked.append(self.command)
                if self.command == "POST" and not outer.posts:
                    return self.send_error(405)
                if isinstance(outer.broken, int):
                    return self.send_error(outer.broken)
                body = outer.broken or outer.answer(question)
                self.send_response(200)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shut()

    def shut(self):
        """From now on nobody can connect."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def extension(self) -> str:
        """What certificates say of it."""
        return f"authorityInfoAccess=OCSP;URI:{self.url}\n"

    def answer(self, question: bytes) -> bytes:
        with tempfile.TemporaryDirectory(prefix="midge-test-ocsp-") as folder:
            folder = pathlib.Path(folder)
            (folder / "question").write_bytes(question)
            subprocess.run(
                ["openssl", "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner",
                 self.signer[0], "-rkey", self.signer[1], "-nmin", str(self.minutes), "-reqin",
                 folder / "question", "-respout", folder / "answer"],
                cwd=self.authority.folder, check=True, capture_output=True)
            answer = (folder / "answer").read_bytes()
        return _redated(answer, self.authority.folder / self.signer[1], self.dates) \
            if self.dates else answer


def _element(data: bytes, at: int):
    """Where the content of the DER element at `at` begins and ends."""
    length, head = data[at + 1], 2
    if length & 0x80:
        head += length & 0x7f
        length = int.from_bytes(data[at + 2:at + head], "big")
    return at + head, at + head + length


def _redated(answer: bytes, key: pathlib.Path, dates) -> bytes:
    """The answer with other times, signed anew with an RSA key: nothing changes its length."""
    at = answer.index(b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01") + 11  # basic response
    at, _ = _element(answer, at)  # into the octet string
    at, _ = _element(answer, at)  # into the basic response
    _, signed_end = _element(answer, at)
    signed = bytearray(answer[at:signed_end])
    # When it was made, perhaps when the certificate was revoked, this and the next update.
    places = [found.start() for found in re.finditer(rb"(?<=\x18\x0f)\d{14}Z", signed)]
    for place, date in zip((places[0], *places[-2:]), (dates[0], *dates)):
        signed[place:place + 15] = date.strftime("%Y%m%d%H%M%SZ").encode()
    _, algorithm_end = _element(answer, signed_end)
    begin, end = _element(answer, algorithm_end)
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=signed,
                               check=True, capture_output=True).stdout
    assert len(signature) == end - begin - 1
    return answer[:at] + signed + answer[signed_end:begin + 1] + signature + answer[end:]


def ago(**what) -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**what)


MUST_STAPLE = "tlsfeature=status_request\n"


def staple(port: int, ca: str) -> str:
    """What `openssl s_client -status` finds stapled by a server that speaks TLS first: `good`,
    `revoked`, `unknown`, or `none`."""
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-status", "-CAfile", ca],
        stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    found = re.search(r"Cert Status: (\w+)", shown)
    if found:
        return found.group(1)
    assert "OCSP response: no response sent" in shown, shown
    return "none"
