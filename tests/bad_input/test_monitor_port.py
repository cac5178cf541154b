"""Bad input on the monitoring port: whoever sends it is told, memory stays bounded, others are served."""

import re
import resource
import select
import socket

import pytest

from harness import server as servers

MEBIBYTE = 1 << 20
pytestmark = pytest.mark.skipif(servers.kind() == "peer", reason="of Midge's own server for HTTP")


def dial(server) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", server.http_port), servers.PATIENCE)
    sock.settimeout(servers.PATIENCE)
    return sock


def whole(sock) -> bytes:
    came = b""
    try:
        while data := sock.recv(1 << 16):
            came += data
    except ConnectionResetError:
        pass
    return came


def ask(server, request: bytes) -> bytes:
    """All that is answered; the request ends its connection."""
    with dial(server) as sock:
        sock.sendall(request)
        return whole(sock)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.fixture
def monitored(start):
    return start("-m", "-1")


CLOSE = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


@pytest.mark.rows("MON-01")
@pytest.mark.parametrize("request_, expected", [
    (b"GET /varz" + CLOSE + b"\r\n", 200),
    (b"POST /varz" + CLOSE + b"Content-Length: 3\r\n\r\nabc", 200),  # as the peer
    (b"DELETE /varz" + CLOSE + b"\r\n", 200),
    (b"BREW /varz" + CLOSE + b"\r\n", 200),
    (b"B(EW /varz" + CLOSE + b"\r\n", 400),
    (b"GET varz" + CLOSE + b"\r\n", 400),
    (b"GET /%zz" + CLOSE + b"\r\n", 400),
    (b"GET /varz HTTP/1.1\r\nConnection: close\r\n\r\n", 400),  # no Host
    (b"GET /varz HTTP/3.0\r\nHost: x\r\n\r\n", 505),
    (b"GET /varz" + CLOSE + b"Bad Header\r\n\r\n", 400),
    (b"GET /varz" + CLOSE + b"Content-Length: x\r\n\r\n", 400),
    (b"GET /varz" + CLOSE + b"Transfer-Encoding: odd\r\n\r\n", 501),
    (b"GET /" + b"x" * 10_000 + CLOSE + b"\r\n", 404),
    (b"GET /" + b"x" * 100_000 + CLOSE + b"\r\n", 431),
    (b"GET /varz?" + b"x=1&" * 2_000 + CLOSE + b"\r\n", 200),
    (b"GET /varz" + CLOSE + b"X: " + b"y" * 100_000 + b"\r\n\r\n", 431),
    (b"GET /varz" + CLOSE + b"X: y\r\n" * 20_000 + b"\r\n", 431),
    (b"GET /varz" + CLOSE + b"Content-Length: 99999999999\r\n\r\n", 200),  # answered, not read
    (b"PUB foo 3\r\nabc\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100) + b"\r\n\r\n", 400),
])
def test_status_codes(monitored, request_, expected):
    assert status(ask(monitored, request_)) == expected
    assert monitored.http("/healthz")[0] == 200


@pytest.mark.rows("MON-01")
def test_head_has_no_body(monitored):
    got = ask(monitored, b"GET /healthz" + CLOSE + b"\r\n")
    head = ask(monitored, b"HEAD /healthz" + CLOSE + b"\r\n")
    def without_date(text):
        return [line for line in text.split(b"\r\n") if not line.startswith(b"Date:")]
    assert head.endswith(b"\r\n\r\n")
    assert without_date(head)[:-2] == without_date(got)[:-2]
    assert status(ask(monitored, b"HEAD /nope" + CLOSE + b"\r\n")) == 404


@pytest.mark.rows("MON-01")
def test_pipelined_requests_are_answered_in_order(monitored):
    pages = [b"/healthz", b"/nope", b"/varz", b"/connz?limit=x", b"/subsz"] * 200
    with dial(monitored) as sock:
        sock.sendall(b"".join(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % page for page in pages[:-1]))
        sock.sendall(b"GET %b" % pages[-1] + CLOSE + b"\r\n")
        answers = re.split(rb"HTTP/1\.1 (?=\d{3} [A-Z])", whole(sock))[1:]
    assert [int(answer[:3]) for answer in answers] == [200, 404, 200, 400, 200] * 200


@pytest.mark.rows("MON-01")
def test_a_request_in_single_bytes(monitored):
    with dial(monitored) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /healthz" + CLOSE + b"\r\n":
            sock.sendall(bytes([byte]))
        assert whole(sock).endswith(b'{"status":"ok"}')


@pytest.mark.rows("MON-01")
def test_ten_thousand_connections(start):
    """Half of them silent, half with a part of a request: whoever asks is served, memory is bounded."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, hard - 200)
    server = start("-m", "-1")
    assert server.http("/healthz")[0] == 200
    before = server.resident_bytes()
    held = []
    for number in range(count):
        sock = dial(server)
        if number % 2:
            sock.sendall(b"GET /varz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 1000)
        held.append(sock)
        if number % 1000 == 999:
            assert server.http("/healthz")[0] == 200
    assert server.resident_bytes() - before < 32 * MEBIBYTE
    # The oldest had to give way; of those who had begun to ask, each knows why.
    poll = select.poll()
    for sock in held[:count // 2]:
        poll.register(sock, select.POLLIN)
    ready = {fd for fd, _ in poll.poll(0)}
    closed = [sock for sock in held[:count // 2] if sock.fileno() in ready]
    assert closed
    told = {whole(sock).split(b"\r\n")[0] for sock in closed[:1000]}
    assert told == {b"", b"HTTP/1.1 503 Service Unavailable: too many connections"}
    for sock in held:
        sock.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.rows("MON-01")
def test_answers_that_nobody_reads(start):
    """Each of 500 asks for pages again and again and reads nothing: memory is bounded, and others are served."""
    server = start("-m", "-1")
    wire = socket.create_connection(("127.0.0.1", server.port), servers.PATIENCE)
    wire.sendall(b"CONNECT {\"verbose\":false}\r\n" + b"".join(
        b"SUB subject.%d.%s %d\r\n" % (n, b"x" * 100, n) for n in range(5000)) + b"PING\r\n")
    wire.settimeout(servers.PATIENCE)
    while b"PONG" not in wire.recv(1 << 16):
        pass
    size = len(server.http("/subsz?subs=1&limit=5000")[1])
    assert size > MEBIBYTE
    before = server.resident_bytes()
    held = []
    for _ in range(500):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(servers.PATIENCE)
        sock.connect(("127.0.0.1", server.http_port))
        sock.sendall(b"GET /subsz?subs=1&limit=5000 HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        held.append(sock)
    servers.wait_until(lambda: status(ask(server, b"GET /varz" + CLOSE + b"\r\n")) in (200, 503),
                       "an answer")
    # 128 MiB may wait, and some more is being written.
    assert server.resident_bytes() - before < (500 * size) * 2 // 3
    for sock in held:
        sock.close()
    servers.wait_until(lambda: server.http("/healthz")[0] == 200, "service")
    wire.close()
