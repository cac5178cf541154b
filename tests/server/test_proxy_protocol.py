"""Clients behind a proxy that speaks the PROXY protocol: whose connection it is, also with TLS."""

import json
import socket
import ssl
import struct

import pytest

from harness import tls
from harness.claims import NO_LIMITS, USER_LIMITS, Key, make_token, raw_url
from harness.server import wait_until
from harness.tls import TlsWire

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TEXT = b"PROXY TCP4 203.0.113.50 127.0.0.1 5555 4222\r\n"
BINARY = (SIGNATURE + b"\x21\x11" + struct.pack(">H", 12) + socket.inet_aton("203.0.113.50") +
          socket.inet_aton("127.0.0.1") + struct.pack(">HH", 5555, 4222))
HEADERS = pytest.mark.parametrize("header", [TEXT, BINARY], ids=["v1", "v2"])


def config(tls_options=None, more="") -> str:
    block = "" if tls_options is None else (
        "tls { " + ", ".join([tls.server_certificate().files, *tls_options]) + " }\n")
    return "proxy_protocol: true\n" + block + more


def info_of(wire) -> dict:
    return json.loads(wire.line()[len(b"INFO "):])


def shown(server) -> list:
    return [(each["ip"], each["port"]) for each in server.json("/connz")["connections"]]


@pytest.mark.rows("CORE-78", "CONF-048")
@HEADERS
def test_connz_and_the_log_name_the_source(start, kind, header):
    server = start("-m", "-1", "-DV", config=config())
    wire = TlsWire(server.host, server.port)
    assert "client_ip" not in info_of(wire)
    wire.send(header + b"CONNECT {}\r\n")
    wire.until(rb"\+OK\r\n")
    assert shown(server) == [("203.0.113.50", 5555)]
    # nats-server's log goes on naming the proxy.
    name = r"203\.0\.113\.50:5555" if kind == "midge" else r"127\.0\.0\.1:\d+"
    server.wait_log(rf"\[TRC\] {name} - cid:\d+ - <<- \[CONNECT ")


@pytest.mark.rows("CORE-78")
@HEADERS
@pytest.mark.parametrize("tls_options, first", [
    ([], False), (["handshake_first: true"], True), (["handshake_first: 5s"], True),
    (["handshake_first: 1ms"], False)])
def test_a_header_before_tls(start, header, tls_options, first):
    server = start("-m", "-1", config=config(tls_options))
    wire = TlsWire(server.host, server.port)
    if not first:
        assert "client_ip" not in info_of(wire)
    wire.send(header)
    wire.start_tls()
    if first:
        assert info_of(wire)["client_ip"] == "203.0.113.50"
    wire.send(b'CONNECT {"verbose":false}\r\n')
    wire.barrier()
    assert shown(server) == [("203.0.113.50", 5555)]
    assert server.json("/connz")["connections"][0]["tls_version"] == "1.3"


@pytest.mark.rows("CORE-78")
@pytest.mark.parametrize("tls_options", [[], ["handshake_first: true"], ["handshake_first: 5s"]])
def test_tls_without_a_header(start, kind, tls_options):
    if kind == "peer" and tls_options == ["handshake_first: 5s"]:
        pytest.skip("nats-server loses the first bytes of such a client")
    server = start("-m", "-1", config=config(tls_options))
    wire = TlsWire(server.host, server.port)
    if not tls_options:
        info_of(wire)
    wire.start_tls()
    if tls_options:
        assert info_of(wire)["client_ip"] == "127.0.0.1"
    wire.send(b'CONNECT {"verbose":false}\r\n')
    wire.barrier()
    assert shown(server) == [("127.0.0.1", wire.socket.getsockname()[1])]


@pytest.mark.rows("CORE-78")
def test_a_handshake_in_one_piece_with_the_header(start):
    server = start("-m", "-1", config=config(["handshake_first: true"]))
    wire = TlsWire(server.host, server.port)
    # The client's first flight is caught, and sent behind the header in one write.
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls.client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    wire.send(TEXT + outgoing.read())
    while True:
        try:
            session.do_handshake()
            break
        except ssl.SSLWantReadError:
            wire.send(outgoing.read())
            incoming.write(wire.socket.recv(1 << 16))
    session.write(b"CONNECT {}\r\n")
    wire.send(outgoing.read())
    wait_until(lambda: shown(server) == [("203.0.113.50", 5555)], "the session")


@pytest.mark.rows("CORE-78")
@pytest.mark.parametrize("encrypted", [False, True])
def test_tls_or_not_behind_a_header(start, encrypted):
    server = start("-m", "-1", config=config([], "allow_non_tls: true"))
    wire = TlsWire(server.host, server.port)
    info_of(wire)
    wire.send(TEXT)
    if encrypted:
        wire.start_tls()
    wire.send(b'CONNECT {"verbose":false}\r\n')
    wire.barrier()
    assert shown(server) == [("203.0.113.50", 5555)]


@pytest.mark.rows("CORE-79")
@pytest.mark.parametrize("tls_options", [None, [], ["handshake_first: true"],
                                         ["handshake_first: 5s"]])
def test_a_malformed_header(start, tls_options):
    server = start("-m", "-1", config=config(tls_options))
    wire = TlsWire(server.host, server.port)
    if tls_options is None or not tls_options:
        info_of(wire)
    wire.send(b"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n")
    assert wire.until_closed() == b""
    server.wait_log(r"\[WRN\] Error reading PROXY protocol header from 127\.0\.0\.1:\d+: "
                    r"invalid PROXY protocol header: invalid protocol TCP5$")
    closed = wait_until(lambda: server.json("/connz?state=closed")["connections"], "its end")
    assert closed[0]["reason"] == "Protocol Violation"


@pytest.mark.rows("CORE-79")
def test_headers_that_do_not_come_in_time(start):
    server = start("-m", "-1", config=config())
    begun = {b"PRO": "protocol version", TEXT[:20]: "v1 line", SIGNATURE[:8]: "v2 signature",
             BINARY[:14]: "v2 header", BINARY[:20]: "IPv4 address data"}
    wires = []
    for sent in begun:
        wires.append(TlsWire(server.host, server.port))
        wires[-1].send(sent)
    # Those who come meanwhile are served.
    other = TlsWire(server.host, server.port)
    info_of(other)
    other.send(TEXT + b'CONNECT {"verbose":false}\r\n')
    other.barrier()
    for wire, what in zip(wires, begun.values()):
        info_of(wire)
        assert wire.until_closed(patience=30) == b""
        server.wait_log(rf"\[WRN\] Error reading PROXY protocol header from 127\.0\.0\.1:\d+: "
                        rf"failed to read {what}: read tcp .*: i/o timeout$")
    other.barrier()


@pytest.mark.rows("CORE-78")
@pytest.mark.parametrize("source, answer", [("203.0.113.50", b"PONG"),
                                            ("203.0.114.1", b"-ERR 'Authorization Violation'")])
def test_the_source_counts_where_a_user_may_come_from_some_networks_only(start, source, answer):
    operator, account, user = Key("O", "operator"), Key("A", "account"), Key("U", "user")
    token = make_token("account", account, operator, {"limits": NO_LIMITS}, name="acc")
    server = start(config=config(more=(
        f"operator: {make_token('operator', operator, operator)}\nresolver: MEMORY\n"
        f"resolver_preload {{ {account}: {token} }}\n")))
    claims = make_token("user", user, account, {**USER_LIMITS, "src": ["203.0.113.0/24"]})
    wire = TlsWire(server.host, server.port)
    nonce = info_of(wire)["nonce"]
    wire.send(f"PROXY TCP4 {source} 127.0.0.1 5555 4222\r\n".encode())
    wire.send(b"CONNECT " + json.dumps({
        "verbose": False, "jwt": claims, "sig": raw_url(user.sign(nonce.encode()))}).encode() +
        b"\r\nPING\r\n")
    assert wire.line() == answer
