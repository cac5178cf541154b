"""The request that opens a web socket: what is answered, and what the log says."""

import re
import socket as sockets

import pytest

from harness.websocket import DEFLATE, frame, listening_port, request

REFUSED = {
    "POST": (request(method="POST"), 405, "request method must be GET"),
    "no Host in HTTP/1.0": (request(without="Host", version="HTTP/1.0"), 400,
                            "'Host' missing in request"),
    "no Upgrade": (request(without="Upgrade"), 400, "invalid value for header 'Upgrade'"),
    "another Upgrade": (request("/", "Upgrade: h2c", without="Upgrade"), 400,
                        "invalid value for header 'Upgrade'"),
    "no Connection": (request(without="Connection"), 400, "invalid value for header 'Connection'"),
    "Connection: close": (request("/", "Connection: close", without="Connection"), 400,
                          "invalid value for header 'Connection'"),
    "no key": (request(without="Sec-WebSocket-Key"), 400, "key missing"),
    "a key that is no base64": (
        request("/", "Sec-WebSocket-Key: ?", without="Sec-WebSocket-Key"), 400,
        "invalid websocket key"),
    "a short key": (request("/", "Sec-WebSocket-Key: eHl6", without="Sec-WebSocket-Key"), 400,
                    "invalid websocket key"),
    "no version": (request(without="Sec-WebSocket-Version"), 400, "invalid version"),
    "version 8": (request("/", "Sec-WebSocket-Version: 8", without="Sec-WebSocket-Version"), 400,
                  "invalid version"),
    "mqtt": (request("/mqtt"), 404, "mqtt websocket endpoint not enabled"),
    "mqtt behind a path": (request("/a/mqtt?b=c"), 404, "mqtt websocket endpoint not enabled"),
}
REASONS = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


def check_refusal(server, socket, head, status, why):
    name = socket.wire.socket.getsockname()
    got, headers, body = socket.ask(head)
    assert (got, body) == (status, f"{REASONS[status]}\n")
    assert re.match(rf"HTTP/1.[01] {status} {REASONS[status]}\r\n".encode(), socket.head)
    assert headers["sec-websocket-version"] == "13"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    line = f"{name[0]}:{name[1]} - websocket handshake error: {why}"
    server.wait_log(r"\[ERR\] " + re.escape(line) + "$")


@pytest.mark.rows("WS-02")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(connect, shared, name):
    check_refusal(shared, connect(shared), *REFUSED[name])


ACCEPTED = {
    "other cases": ("/", "upgrade: WebSocket", "connection: keep-alive, UPGRADE"),
    "lists": ("/", "Upgrade: h2c, websocket", "Connection: upgrade"),
    "a path": ("/any/path", ),
    "a query": ("/?a=b", ),
    "versions": ("/", "Sec-WebSocket-Version: 8, 13"),
}


@pytest.mark.rows("WS-02")
@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(connect, shared, name):
    path, *more = ACCEPTED[name]
    socket = connect(shared)
    status, _, _ = socket.ask(request(path, *more, without=more[0].split(":")[0].title()
                                      if len(more) == 1 and more[0].startswith("Sec") else ""))
    assert status == 101
    assert socket.line().startswith(b"INFO {")


@pytest.mark.rows("WS-02")
def test_malformed(connect, shared):
    for head, status in ((b"\x16\x03\x01\r\n\r\n", 400), (b"GET /\r\n\r\n", 400),
                         (request("/", "No colon"), 400), (request("/", "A b: c"), 400),
                         (request(without="Host"), 400)):
        socket = connect(shared)
        socket.wire.send(head)
        answer = socket.wire.until_closed()
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer


def test_a_head_without_end(connect, shared, kind):
    """nats-server takes a megabyte."""
    if kind == "peer":
        return
    socket = connect(shared)
    socket.wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 70000)
    assert socket.wire.until_closed().startswith(b"HTTP/1.1 431 ")


@pytest.mark.rows("WS-02")
def test_frames_behind_the_request(connect, shared):
    socket = connect(shared)
    socket.wire.send(request() + frame(b"CONNECT {}\r\n"))
    assert socket.wire.until_closed() == b""
    shared.wait_log("websocket handshake error: client sent data before handshake is complete")


@pytest.mark.rows("WS-02")
def test_leafnode(connect, shared):
    socket = connect(shared)
    status, _, _ = socket.ask(request("/leafnode"))
    assert status == 101
    assert socket.wire.until_closed() == b""
    shared.wait_log(r"\[ERR\] Not configured to accept leaf node connections$")


@pytest.mark.rows("WS-02")
def test_a_head_in_pieces(connect, shared):
    socket = connect(shared)
    head = request()
    socket.wire.send_split([head[:1], head[1:20], head[20:-1], head[-1:]])
    assert socket.wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")


@pytest.mark.rows("WS-05")
@pytest.mark.parametrize("offer, agreed", [
    ("permessage-deflate", True), ("PERMESSAGE-DEFLATE; server_no_context_takeover", True),
    ("foo, permessage-deflate; client_max_window_bits", True),
    ("permessage-bzip2", False), ("x-webkit-deflate-frame", False)])
def test_compression(connect, shared, offer, agreed):
    headers = connect(shared).upgrade("Sec-WebSocket-Extensions: " + offer)
    expected = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    assert headers.get("sec-websocket-extensions") == (expected if agreed else None)


@pytest.mark.rows("WS-05")
def test_no_compression(connect, serve):
    server = serve()
    assert "sec-websocket-extensions" not in connect(server).upgrade(DEFLATE)


@pytest.mark.rows("WS-01")
def test_headers(connect, serve):
    server = serve('headers { "X-Frame-Options": "DENY", Server: nats }')
    headers = connect(server).upgrade()
    assert (headers["x-frame-options"], headers["server"]) == ("DENY", "nats")


ORIGINS = {
    "none": ("same_origin: true", "localhost", None, ""),
    "same": ("same_origin: true", "localhost:8080", "http://LOCALHOST:8080", ""),
    "same, by default port": ("same_origin: true", "localhost", "http://localhost:80", ""),
    "another host": ("same_origin: true", "localhost", "http://other", "not same origin"),
    "another port": ("same_origin: true", "localhost:1", "http://localhost:2", "not same origin"),
    "another scheme": ("same_origin: true", "localhost:1", "https://localhost:1",
                       "not same origin"),
    "no URL": ("same_origin: true", "localhost", "null",
               'parse "null": invalid URI for request'),
    "listed": ('allowed_origins: ["http://a.com", "https://b.com:1"]', "x", "https://b.com:1", ""),
    "one alone": ('allowed_origin: "http://a.com"', "x", "http://a.com:80", ""),
    "not listed": ('allowed_origins: ["http://a.com"]', "x", "http://b.com",
                   "not in the allowed list"),
    "listed with another scheme": ('allowed_origins: ["http://a.com:443"]', "x", "https://a.com",
                                   "not in the allowed list"),
    "both": ('same_origin: true, allowed_origins: ["http://a.com"]', "b.com", "http://b.com",
             "not in the allowed list"),
    "all are welcome": ("", "x", "http://evil.com", ""),
}


@pytest.mark.rows("WS-03")
@pytest.mark.parametrize("name", ORIGINS)
def test_origin(connect, serve, name):
    block, host, origin, why = ORIGINS[name]
    server = serve(block)
    head = request("/", *([f"Origin: {origin}"] if origin else []), host=host)
    socket = connect(server)
    if why:
        check_refusal(server, socket, head, 403, f"origin not allowed: {why}")
    else:
        assert socket.ask(head)[0] == 101


@pytest.mark.rows("WS-03")
def test_the_older_name_of_origin(connect, serve):
    server = serve("same_origin: true")
    head = request("/", "Sec-WebSocket-Origin: http://other")
    check_refusal(server, connect(server), head, 403, "origin not allowed: not same origin")


@pytest.mark.rows("WS-10")
@pytest.mark.parametrize("forwarded, shown", [
    ("1.2.3.4", "1.2.3.4/"), ("2001:db8::1", r"\[2001:db8::1\]/"), ("1.2.3.4, 5.6.7.8", ""),
    ("nobody", ""), ("", "")])
def test_forwarded_for(connect, serve, forwarded, shown):
    server = serve("", "debug: true\n")
    socket = connect(server)
    socket.upgrade(f"X-Forwarded-For: {forwarded}")
    server.wait_log(rf"\[DBG\] {shown}127\.0\.0\.1:\d+ - wid:\d+ - Client connection created$")
    assert socket.info["client_ip"] == "127.0.0.1"


@pytest.mark.rows("WS-01")
def test_handshake_timeout(connect, serve):
    server = serve('handshake_timeout: "100ms"')
    socket = connect(server)
    socket.wire.send(b"GET / HTTP/1.1\r\n")
    assert socket.wire.until_closed() == b""


@pytest.mark.rows("WS-02")
def test_who_hangs_up_before_the_end_is_no_client(connect, serve):
    server = serve("", 'http: "127.0.0.1:-1"\n')
    for head in (b"", b"GET / HTTP/1.1\r\n", request(method="POST")):
        with sockets.create_connection(("127.0.0.1", listening_port(server))) as raw:
            raw.sendall(head)
    connect(server).client()
    assert server.json("/varz")["total_connections"] == 1
