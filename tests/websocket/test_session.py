"""A client over a web socket: what it is told, who it may be, how it is shown, how it ends."""

import asyncio
import hashlib
import json

import nats
import pytest

from harness import tls
from harness.server import wait_until
from harness.websocket import CLOSE, DEFLATE, WebSocket, deflated, frame, listening_port
from harness.wire import client

MONITOR = 'http: "127.0.0.1:-1"\n'


@pytest.mark.rows("WS-11", "WS-12")
def test_info_names_the_listener(connect, serve):
    server = serve('advertise: "example.com:443"')
    socket = connect(server)
    socket.upgrade()
    info = socket.info
    assert (info["host"], info["port"]) == ("127.0.0.1", listening_port(server))
    for name in ("tls_required", "tls_available", "auth_required", "connect_urls",
                 "ws_connect_urls", "nonce"):
        assert name not in info


@pytest.mark.rows("WS-12", "MON-14")
def test_connz(connect, serve):
    server = serve("", MONITOR)
    socket = connect(server).client(name="browser")
    with_type = lambda path: [(c["type"], c["kind"], c["ip"]) for c in
                              server.json(path)["connections"]]
    assert with_type("/connz") == [("websocket", "Client", "127.0.0.1")]
    socket.send(b"", opcode=CLOSE)
    socket.end()
    wait_until(lambda: server.json("/connz")["num_connections"] == 0, "the end")
    assert with_type("/connz?state=closed") == [("websocket", "Client", "127.0.0.1")]


@pytest.mark.rows("WS-01", "MON-09")
def test_varz(serve):
    server = serve('compression: true, same_origin: true, allowed_origins: ["http://a.com"], '
                   'handshake_timeout: 3, advertise: "a:1", authorization { timeout: 4 }', MONITOR)
    assert server.json("/varz")["websocket"] == {
        "host": "127.0.0.1", "port": listening_port(server), "advertise": "a:1",
        "handshake_timeout": 3000000000, "auth_timeout": 4, "no_tls": True, "same_origin": True,
        "allowed_origins": ["http://a.com"], "compression": True}


def test_varz_without_a_listener(start):
    assert start(config=MONITOR).json("/varz")["websocket"] == {}


@pytest.mark.rows("CONF-031", "WS-01")
def test_ports_file(serve):
    server = serve()
    port = listening_port(server)
    wait_until(server.ports_file().exists, "the ports file")
    ports = wait_until(lambda: json.loads(server.ports_file().read_text() or "null"), "its text")
    assert ports["websocket"] == [f"ws://127.0.0.1:{port}"]


@pytest.mark.rows("WS-01")
def test_log(serve):
    server = serve()
    server.wait_log("Server is ready")  # the ports file may be there before the log's lines
    log = server.log()
    assert log.index("Listening for websocket clients on ws://127.0.0.1:") < log.index(
        "[WRN] Websocket not configured with TLS. DO NOT USE IN PRODUCTION!")
    assert log.index("DO NOT USE") < log.index("Listening for client connections on")


@pytest.mark.rows("WS-01")
def test_a_taken_port(serve, start, kind):
    port = listening_port(serve())
    second = start(config=f"websocket {{ listen: \"127.0.0.1:{port}\", no_tls: true }}\n",
                   ready=False)
    assert second.wait_exit() != 0
    second.wait_log(rf"\[FTL\] Unable to listen for websocket connections: listen tcp "
                    rf"127.0.0.1:{port}: bind: address already in use")


async def exchange(server, connect):
    """Between a client of each kind, in both directions."""
    socket = connect(server).client()
    socket.send(b"SUB to.browser 1\r\n")
    socket.barrier()
    client = await nats.connect(server.url)
    inbox = await client.subscribe("to.server")
    await client.flush()
    await client.publish("to.browser", b"down")
    await client.flush()
    assert [socket.line(), socket.line()] == [b"MSG to.browser 1 4", b"down"]
    socket.send(b"PUB to.server 2\r\nup\r\n")
    assert (await inbox.next_msg()).data == b"up"
    await client.close()


@pytest.mark.rows("WS-04")
def test_with_other_clients(connect, shared):
    asyncio.run(exchange(shared, connect))


BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"
SAFARI = "User-Agent: Mozilla/5.0 (Macintosh) AppleWebKit/605.1 Version/17.0 Safari/605.1"
# Compresses, but not to nothing.
TEXT_LINES = "".join(hashlib.sha256(bytes([i & 0xFF, i >> 8])).hexdigest() + "\n"
                     for i in range(1000)).encode()


def receive_large(connect, shared, *headers):
    socket = connect(shared).client(*headers)
    socket.send(b"SUB large 1\r\n")
    socket.barrier()
    socket.frames.clear()
    publisher = connect(shared).client()
    publisher.send(b"PUB large %d\r\n" % len(TEXT_LINES) + TEXT_LINES + b"\r\n")
    assert socket.line() == b"MSG large 1 %d" % len(TEXT_LINES)
    assert socket.exactly(len(TEXT_LINES) + 2) == TEXT_LINES + b"\r\n"
    return [shape for shape in socket.frames if shape[0] in (0, 2)]


@pytest.mark.rows("WS-04")
def test_small_frames_for_browsers(connect, shared):
    shapes = receive_large(connect, shared, BROWSER)
    assert max(size for *_, size in shapes) == 4096
    assert all(shape[:3] == (2, True, 0) for shape in shapes)


@pytest.mark.rows("WS-05")
def test_small_compressed_frames_for_browsers(connect, shared):
    shapes = receive_large(connect, shared, BROWSER, DEFLATE)
    assert max(size for *_, size in shapes) == 4096
    assert shapes[0][:3] == (2, False, 0x40)
    assert {opcode for opcode, *_ in shapes} == {0, 2}
    assert shapes[-1][1]


@pytest.mark.rows("WS-05")
def test_no_fragments_for_safari(connect, shared):
    shapes = receive_large(connect, shared, SAFARI, DEFLATE)
    assert all(shape[:3] == (2, True, 0x40) for shape in shapes)


@pytest.mark.rows("WS-05")
def test_small_messages_are_not_compressed(connect, shared):
    socket = connect(shared).client(DEFLATE)
    socket.send(b"SUB small 1\r\n")
    socket.barrier()
    socket.frames.clear()
    for size, compressed in ((10, 0), (500, 0x40)):
        socket.send(b"PUB small %d\r\n" % size + b"a" * size + b"\r\nPING\r\n")
        for _ in range(3):
            socket.line()
        assert socket.frames.pop()[2] == compressed


# ---- the end

@pytest.mark.rows("WS-06")
@pytest.mark.parametrize("block, more, sent, status, text, error", [
    ("", "", b"BOGUS\r\n", 1002, "Protocol Violation", b"-ERR 'Unknown Protocol Operation'"),
    ("", "max_payload: 10\n", b"PUB a 11\r\n" + b"a" * 11 + b"\r\n", 1009,
     "Maximum Message Payload Exceeded", b"-ERR 'Maximum Payload Violation'"),
    ("", "max_control_line: 100\n", b"PUB " + b"a" * 200 + b" 1\r\n", 1008,
     "Maximum Control Line Exceeded", b"-ERR 'maximum control line exceeded'"),
    ("", 'authorization: {token: x}\n', b'CONNECT {"auth_token":"y"}\r\n', 1008,
     "Authentication Failure", b"-ERR 'Authorization Violation'"),
    ("", 'authorization: {token: x, timeout: 0.05}\n', b"", 1008, "Authentication Timeout",
     b"-ERR 'Authentication Timeout'"),
    ("authorization {token: x, timeout: 0.05}", "", b"", 1008, "Authentication Timeout",
     b"-ERR 'Authentication Timeout'"),
    ("", "max_connections: 0\n", b"", 1008, "Maximum Connections Exceeded",
     b"-ERR 'maximum connections exceeded'"),
    ('ping_interval: "20ms"', "ping_max: 1\n", b"", 1001, "Stale Connection",
     b"-ERR 'Stale Connection'"),
])
def test_ends_with_an_error(connect, serve, kind, block, more, sent, status, text, error):
    socket = connect(serve(block, more))
    socket.upgrade()
    socket.send(sent)
    ended = socket.end()
    # nats-server takes what its parser refuses for an error of the connection, and hangs up.
    if kind == "peer" and ended.status != status:
        return
    assert error in bytes(socket.messages)
    assert (ended.status, ended.text) == (status, text)


@pytest.mark.rows("WS-06")
def test_shutdown(connect, serve):
    server = serve()
    socket = connect(server).client()
    server.signal("TERM")
    ended = socket.end()
    assert (ended.status, ended.text) == (1001, "Server Shutdown")


@pytest.mark.rows("WS-06")
def test_lame_duck(connect, serve):
    server = serve("", 'lame_duck_duration: "30s"\nlame_duck_grace_period: "100ms"\n')
    socket = connect(server).client(protocol=1)
    server.signal("USR2")
    while b'"ldm":true' not in socket.line():
        pass
    with pytest.raises(ConnectionRefusedError):
        WebSocket(listening_port(server))


@pytest.mark.rows("WS-07")
def test_large_compressed_messages(connect, serve, kind):
    """What comes out of one message may be eight times max_payload; nats-server takes one time."""
    server = serve("compression: true", "max_payload: 10000\n")
    batch = b"PUB a 9000\r\n" + b"a" * 9000 + b"\r\n"
    socket = connect(server).client(DEFLATE)
    socket.wire.send(frame(deflated(batch), reserved=0x40))
    socket.barrier()
    if kind == "midge":
        socket.wire.send(frame(deflated(batch * 8), reserved=0x40))
        socket.barrier()
    # Nothing is wrong with what comes out of the next one but how much that is.
    socket.wire.send(frame(deflated(batch * 1000), reserved=0x40))
    ended = socket.end()
    if kind == "midge":
        assert (ended.status, ended.text) == (1009, "maximum payload exceeded")
    else:
        assert (ended.status, ended.text) in ((1009, "maximum payload exceeded"),
                                              (1009, "Maximum Message Payload Exceeded"), (None, ""))


# ---- who it is

@pytest.mark.rows("WS-08")
@pytest.mark.parametrize("block, more, options, welcome, required", [
    ("authorization {username: w, password: x}", "authorization {user: a, password: b}\n",
     {"user": "w", "pass": "x"}, True, True),
    ("authorization {username: w, password: x}", "authorization {user: a, password: b}\n",
     {"user": "a", "pass": "b"}, False, True),
    ("authorization {token: w}", "", {"auth_token": "w"}, True, True),
    ("authorization {token: w}", "", {}, False, True),
    ("authorization {token: w}", "authorization {token: a}\n", {"auth_token": "a"}, False, True),
    ("", "authorization {token: a}\n", {"auth_token": "a"}, True, True),
    ("no_auth_user: w", "authorization {users: [{user: w, password: x}]}\n", {}, True, True),
    ("no_auth_user: w", "authorization {users: [{user: w, password: x}, {user: a, password: b}]}\n",
     {"user": "a", "pass": "b"}, True, True),
    ("", "authorization {users: [{user: w, password: x, allowed_connection_types: [WEBSOCKET]}]}\n",
     {"user": "w", "pass": "x"}, True, True),
    ("", "authorization {users: [{user: w, password: x, allowed_connection_types: [STANDARD]}]}\n",
     {"user": "w", "pass": "x"}, False, True),
])
def test_logins(connect, serve, block, more, options, welcome, required):
    socket = connect(serve(block, more))
    socket.upgrade()
    assert socket.info.get("auth_required", False) == required
    socket.send(b"CONNECT " + json.dumps({"verbose": False, **options}).encode() + b"\r\nPING\r\n")
    assert socket.line() == (b"PONG" if welcome else b"-ERR 'Authorization Violation'")


@pytest.mark.rows("WS-08", "WS-12")
def test_overrides_concern_nobody_else(serve):
    server = serve("authorization {token: w}", "")
    wire = client(server)
    assert wire.barrier() == []
    assert "auth_required" not in wire.info


@pytest.mark.rows("WS-12")
def test_users_of_web_sockets_alone(serve):
    server = serve("", "authorization {users: [{user: w, password: x, "
                       "allowed_connection_types: [WEBSOCKET]}]}\n")
    wire = client(server, user="w", **{"pass": "x"})
    assert b"-ERR 'Authorization Violation'" in wire.until_closed()


@pytest.mark.rows("WS-09")
@pytest.mark.parametrize("cookies, options, welcome", [
    ("u=a; p=b", {}, True),
    ("u=a; p=wrong", {}, False),
    ("u=nobody; p=b", {"user": "a"}, True),
    ("u=a", {"pass": "b"}, True),
    ("U=a; P=b", {}, False),
    ('u=a; p="b"', {}, True),
])
def test_user_cookies(connect, serve, cookies, options, welcome):
    socket = connect(serve("user_cookie: u, pass_cookie: p",
                           "authorization {users: [{user: a, password: b}]}\n"))
    socket.upgrade(f"Cookie: {cookies}")
    socket.send(b"CONNECT " + json.dumps({"verbose": False, **options}).encode() + b"\r\nPING\r\n")
    assert socket.line() == (b"PONG" if welcome else b"-ERR 'Authorization Violation'")


@pytest.mark.rows("WS-09")
def test_token_cookie(connect, serve):
    socket = connect(serve("token_cookie: t", "authorization {token: secret}\n"))
    socket.upgrade("Cookie: a=b; t=secret")
    socket.send(b'CONNECT {"verbose":false}\r\nPING\r\n')
    assert socket.line() == b"PONG"


# ---- TLS

@pytest.fixture(scope="module")
def certificate():
    return tls.server_certificate()


def tls_block(certificate, *more):
    # A machine with other work may take long for a handshake.
    return ('websocket { host: 127.0.0.1, port: -1, handshake_timeout: "5m", tls { %s } }\n'
            % ", ".join([certificate.files, "timeout: 300", *more]))


@pytest.mark.rows("WS-01")
def test_tls(connect, start, certificate):
    server = start(config=tls_block(certificate) + MONITOR)
    server.wait_log(r"Listening for websocket clients on wss://127.0.0.1:\d+")
    assert "DO NOT USE IN PRODUCTION" not in server.log()
    socket = connect(server, tls.client_context()).client()
    assert (socket.info["tls_required"], socket.info["tls_available"]) == (True, True)
    [connection] = server.json("/connz")["connections"]
    assert connection["tls_version"] == "1.3"
    assert "tls_cert_not_after" in server.json("/varz")["websocket"]


@pytest.mark.rows("WS-01")
def test_http_where_https_is_spoken(connect, start, certificate):
    server = start(config=tls_block(certificate))
    socket = connect(server)
    socket.wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert socket.wire.until_closed().startswith(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an")
    server.wait_log(r"\[ERR\] websocket: TLS handshake error from 127.0.0.1:\d+: ")


@pytest.mark.rows("WS-01", "AUTH-19")
def test_certificates_are_users(connect, start, certificate):
    authority = tls.authority()
    alice = authority.issue("ws-alice", subject="/CN=ws-alice", names="email:alice@midge.test")
    server = start(config=tls_block(certificate, f'ca_file: "{authority.path}"',
                                    "verify_and_map: true") +
                   'authorization {users: [{user: "alice@midge.test"}]}\n')
    socket = connect(server, tls.client_context(alice))
    socket.upgrade()
    socket.send(b'CONNECT {"verbose":false}\r\nPING\r\n')
    assert socket.line() == b"PONG"


# ---- reload

BLOCK = "websocket { host: 127.0.0.1, port: -1, no_tls: true, %s }\n"


@pytest.mark.rows("CONF-127")
@pytest.mark.parametrize("block", ["compression: true", "same_origin: true", "user_cookie: x",
                                   "headers {a: b}", "authorization {token: x}"])
def test_reload_is_refused(serve, block):
    server = serve()
    server.config_path.write_text(BLOCK % block)
    server.signal("HUP")
    server.wait_log(r"config reload not supported for Websocket: old=")


@pytest.mark.rows("CONF-127", "WS-08")
def test_reload_of_users(connect, serve):
    users = "authorization {users: [{user: a, password: b}%s]}\n"
    server = serve("no_auth_user: a", users % ", {user: c, password: d}")
    staying = connect(server).client()
    leaving = connect(server).client(user="c", **{"pass": "d"})
    server.reload(BLOCK % "no_auth_user: a" + users % "")
    assert leaving.end().status in (1000, 1008, None)
    staying.barrier()
    connect(server).client()


@pytest.mark.rows("CONF-127")
def test_reload_of_certificates(connect, start, certificate):
    server = start(config=tls_block(certificate))
    other = tls.authority().issue("ws-other", subject="/CN=localhost",
                                  names="DNS:localhost,IP:127.0.0.1")
    server.reload(tls_block(other))
    socket = connect(server, tls.client_context())
    socket.upgrade()
    assert socket.info["port"] == listening_port(server)
