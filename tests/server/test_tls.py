"""TLS for clients and monitoring: handshakes, certificates, what the log and connz say of them."""

import asyncio
import json
import ssl
import subprocess
import urllib.error
import urllib.request

import nats
import pytest

from harness import tls
from harness.server import wait_until
from harness.tls import TlsWire


def block(*more: str, certificate=None) -> str:
    files = (certificate or tls.server_certificate()).files
    return "tls { " + ", ".join([files, *more]) + " }\n"


def verifying(*more: str) -> str:
    return block(f'ca_file: "{tls.authority().path}"', "verify: true", *more)


@pytest.fixture(scope="module")
def alice():
    return tls.authority().issue(
        "alice", subject="/O=Midge/CN=alice",
        names="email:alice@midge.test,DNS:alice.midge.test,URI:spiffe://midge/alice")


def plain_wire(server) -> TlsWire:
    wire = TlsWire(server.host, server.port)
    wire.info = json.loads(wire.line()[len(b"INFO "):])
    return wire


def secure_wire(server, context=None, **options) -> TlsWire:
    """INFO, handshake, CONNECT."""
    wire = plain_wire(server).start_tls(context)
    wire.send(b"CONNECT " + json.dumps({"verbose": False, **options}).encode() + b"\r\n")
    return wire


def connection(server, cid: int, state="all") -> dict:
    found = server.json(f"/connz?state={state}&auth=1&cid={cid}")["connections"]
    return found[0] if found else {}


def reason(server, cid: int) -> str:
    return wait_until(lambda: connection(server, cid, "closed").get("reason"), "the connection's end")


@pytest.mark.rows("AUTH-30", "CORE-21")
def test_official_client(start):
    server = start(config=block())

    async def session():
        client = await nats.connect(f"tls://localhost:{server.port}",
                                    tls=tls.client_context(), tls_hostname="localhost")
        received = asyncio.get_running_loop().create_future()

        async def take(message):
            received.set_result(message.data)

        await client.subscribe("a.>", cb=take)
        await client.publish("a.b", b"x" * 100_000)
        data = await asyncio.wait_for(received, 10)
        await client.close()
        return data

    assert asyncio.run(session()) == b"x" * 100_000


@pytest.mark.rows("CORE-21", "MON-04", "MON-14", "CONF-059")
def test_what_info_connz_and_varz_say(start, alice):
    server = start("-m", "-1", config=verifying("timeout: 3"))
    wire = secure_wire(server, tls.client_context(alice))
    assert wire.barrier() == []
    assert wire.info["tls_required"] is True and wire.info["tls_verify"] is True
    assert "tls_available" not in wire.info
    shown = connection(server, wire.info["client_id"])
    assert shown["tls_version"] == "1.3"
    assert shown["tls_cipher_suite"] == "TLS_AES_128_GCM_SHA256"
    assert "tls_first" not in shown
    assert shown["tls_peer_certs"][0]["subject"] == "CN=alice,O=Midge"
    assert shown["tls_peer_certs"][0]["spki_sha256"] == alice.spki_sha256()
    assert "tls_peer_certs" not in server.json("/connz")["connections"][0]
    varz = server.json("/varz")
    assert varz["tls_required"] is True and varz["tls_verify"] is True
    assert varz["tls_timeout"] == 3
    assert varz["tls_cert_not_after"] == "2049-01-01T00:00:00Z"


@pytest.mark.rows("AUTH-30")
def test_version_1_2(start):
    server = start("-m", "-1", config=block())
    wire = secure_wire(server, tls.client_context(maximum=ssl.TLSVersion.TLSv1_2))
    assert wire.barrier() == []
    shown = connection(server, wire.info["client_id"])
    assert shown["tls_version"] == "1.2"
    assert shown["tls_cipher_suite"] == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


@pytest.mark.rows("AUTH-30", "MON-15")
def test_too_old_a_version(start):
    server = start("-m", "-1", "-D", config=block('min_version: "1.3"'))
    wire = plain_wire(server)
    with pytest.raises(ssl.SSLError):
        wire.start_tls(tls.client_context(maximum=ssl.TLSVersion.TLSv1_2))
    server.wait_log(r"\[ERR\] .* - TLS handshake error: tls: client offered only unsupported "
                    r"versions: \[303 302 301\]$")
    assert reason(server, wire.info["client_id"]) == "TLS Handshake Failure"


@pytest.mark.rows("AUTH-31")
def test_chosen_cipher(start):
    server = start("-m", "-1", config=block(
        'cipher_suites: ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]',
        'curve_preferences: ["CurveP384"]'))
    wire = secure_wire(server, tls.client_context(maximum=ssl.TLSVersion.TLSv1_2))
    wire.barrier()
    shown = connection(server, wire.info["client_id"])
    assert shown["tls_cipher_suite"] == "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"


@pytest.mark.rows("AUTH-33", "MON-15")
@pytest.mark.parametrize("who, text", [
    ("nobody", r"tls: client didn't provide a certificate$"),
    ("stranger", r"tls: failed to verify certificate: x509: certificate signed by unknown authority "
                 r"\(CN=stranger SHA-256: [0-9a-f]{64}(; CN=Test Authority SHA-256: [0-9a-f]{64})?\)$"),
    ("late", r"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: "
             r"current time \S+Z is after 2021-01-01T00:00:00Z \(CN=late SHA-256: [0-9a-f]{64}(; CN=Test Authority SHA-256: [0-9a-f]{64})?\)$"),
    ("early", r"tls: failed to verify certificate: x509: certificate has expired or is not yet "
              r"valid: current time \S+Z is before 2048-01-01T00:00:00Z "
              r"\(CN=early SHA-256: [0-9a-f]{64}(; CN=Test Authority SHA-256: [0-9a-f]{64})?\)$"),
    ("serving", r"tls: failed to verify certificate: x509: certificate specifies an incompatible "
                r"key usage \(CN=serving SHA-256: [0-9a-f]{64}(; CN=Test Authority SHA-256: [0-9a-f]{64})?\)$"),
])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_refused_certificates(start, who, text, version):
    certificate = {
        "nobody": lambda: None,
        "stranger": lambda: tls.stranger().issue("stranger"),
        "late": lambda: tls.authority().issue("late", dates=("20200101000000Z", "20210101000000Z")),
        "early": lambda: tls.authority().issue("early",
                                               dates=("20480101000000Z", "20490101000000Z")),
        "serving": lambda: tls.authority().issue("serving", usage="serverAuth"),
    }[who]()
    server = start("-m", "-1", "-D", config=verifying())
    wire = plain_wire(server)
    try:
        wire.start_tls(tls.client_context(certificate, maximum=version))
        wire.send(b"CONNECT {}\r\nPING\r\n")
        assert wire.until_closed() == b""
    except ssl.SSLError:
        pass
    server.wait_log(r"\[ERR\] 127\.0\.0\.1:\d+ - cid:\d+ - TLS handshake error: " + text)
    assert reason(server, wire.info["client_id"]) == "TLS Handshake Failure"


@pytest.mark.rows("AUTH-34", "AUTH-35")
@pytest.mark.parametrize("user", [
    "alice@midge.test", "alice.midge.test", "spiffe://midge/alice", "CN=alice,O=Midge"])
def test_a_certificate_names_the_user(start, alice, user):
    ca = f'ca_file: "{tls.authority().path}"'
    server = start("-m", "-1", config=block(ca, "verify_and_map: true") +
                   f'authorization {{ users: [ {{user: "{user}"}} ] }}')
    wire = secure_wire(server, tls.client_context(alice))
    assert wire.barrier() == []
    assert connection(server, wire.info["client_id"])["authorized_user"] == user


@pytest.mark.rows("AUTH-34")
def test_a_certificate_and_a_password(start, alice):
    """Who has a password needs both; a name in CONNECT is not looked at, and warned of."""
    ca = f'ca_file: "{tls.authority().path}"'
    server = start(config=block(ca, "verify_and_map: true") +
                   'authorization { users: [ {user: alice.midge.test, password: pw} ] }')
    context = tls.client_context(alice)
    for fields in ({}, {"pass": "x"}, {"user": "alice.midge.test", "pass": "x"}):
        refused = secure_wire(server, context, **fields)
        assert refused.until_closed() == b"-ERR 'Authorization Violation'\r\n"
    assert secure_wire(server, context, **{"pass": "pw"}).barrier() == []
    assert secure_wire(server, context, user="bob", **{"pass": "pw"}).barrier() == []
    server.wait_log(r'\[WRN\] User "bob" found in connect proto, but user required from cert')


@pytest.mark.rows("AUTH-03", "AUTH-34")
def test_a_token_where_certificates_are_mapped(start, alice):
    ca = f'ca_file: "{tls.authority().path}"'
    server = start(config=block(ca, "verify_and_map: true") + "authorization { token: t }")
    context = tls.client_context(alice)
    assert secure_wire(server, context, auth_token="t").barrier() == []
    assert secure_wire(server, context).until_closed() == b"-ERR 'Authorization Violation'\r\n"


@pytest.mark.rows("AUTH-34")
def test_a_certificate_that_names_nobody(start, alice):
    ca = f'ca_file: "{tls.authority().path}"'
    server = start(config=block(ca, "verify_and_map: true") +
                   "authorization { users: [ {user: bob} ] }")
    wire = secure_wire(server, tls.client_context(alice))
    assert wire.until_closed() == b"-ERR 'Authorization Violation'\r\n"


@pytest.mark.rows("AUTH-32")
def test_the_name_asked_for_chooses_the_certificate(start):
    other = tls.authority().issue("other", names="DNS:other.test,DNS:*.wild.test")
    server = start(config="tls { certs: [ { " + tls.server_certificate().files + " }, { " +
                   other.files + " } ] }")
    own = ssl.PEM_cert_to_DER_cert(tls.server_certificate().pem)
    second = ssl.PEM_cert_to_DER_cert(other.pem)
    for name, expected in (("localhost", own), ("other.test", second), ("a.wild.test", second),
                           ("nobody.test", own), (None, own)):
        wire = plain_wire(server).start_tls(server_name=name)
        assert wire.socket.getpeercert(binary_form=True) == expected, name


@pytest.mark.rows("AUTH-37", "MON-15", "CONF-120")
def test_pinned_certificates(start, alice):
    bob = tls.authority().issue("bob")

    def config(*pins: str):
        return verifying("pinned_certs: [" + ", ".join(f'"{pin}"' for pin in pins) + "]")

    server = start("-m", "-1", "-D", config=config(alice.spki_sha256()))
    wire = plain_wire(server).start_tls(tls.client_context(bob))
    assert wire.until_closed() == b""
    server.wait_log(r"\[DBG\] .* Failed pinned cert test for key id: " + bob.spki_sha256())
    server.wait_log(r"\[ERR\] .* TLS handshake error: certificate not pinned$")
    assert reason(server, wire.info["client_id"]) == "TLS Handshake Failure"

    pinned = secure_wire(server, tls.client_context(alice))
    assert pinned.barrier() == []
    server.config_path.write_text(config(bob.spki_sha256()))
    server.signal("HUP")
    pinned.until_closed()
    assert reason(server, pinned.info["client_id"]) == "TLS Handshake Failure"
    assert secure_wire(server, tls.client_context(bob)).barrier() == []


@pytest.mark.rows("AUTH-38", "MON-14")
def test_handshake_first(start):
    server = start("-m", "-1", config=block("handshake_first: true"))
    wire = TlsWire(server.host, server.port)
    wire.start_tls()
    info = json.loads(wire.line()[len(b"INFO "):])
    assert info["tls_required"] is True
    wire.send(b"CONNECT {}\r\n")
    wire.barrier()
    assert connection(server, info["client_id"])["tls_first"] is True
    server.wait_log(r"\[WRN\] Clients that are not using \"TLS Handshake First\" option will fail "
                    r"to connect")
    # A client that waits for INFO waits in vain; one that does not is none.
    other = TlsWire(server.host, server.port)
    other.send(b"CONNECT {}\r\nPING\r\n")
    assert other.until_closed() == b""


@pytest.mark.rows("AUTH-38")
@pytest.mark.parametrize("value", ["auto", '"20ms"'])
def test_handshake_first_with_a_way_back(start, value):
    server = start("-m", "-1", config=block(f"handshake_first: {value}"))
    first = TlsWire(server.host, server.port).start_tls()
    cid = json.loads(first.line()[len(b"INFO "):])["client_id"]
    first.send(b"CONNECT {}\r\n")
    first.barrier()
    assert connection(server, cid)["tls_first"] is True
    later = secure_wire(server)  # waits for INFO
    assert later.barrier() == []
    assert "tls_first" not in connection(server, later.info["client_id"])


@pytest.mark.rows("AUTH-38")
def test_official_client_first(start):
    server = start(config=block("handshake_first: true"))

    async def session():
        client = await nats.connect(f"tls://localhost:{server.port}", tls=tls.client_context(),
                                    tls_hostname="localhost", tls_handshake_first=True)
        await client.flush()
        await client.close()

    asyncio.run(session())


@pytest.mark.rows("CORE-61", "MON-15")
def test_plain_bytes_to_a_tls_port(start):
    server = start("-m", "-1", "-D", config=block())
    wire = plain_wire(server)
    wire.send(b"CONNECT {}\r\nPING\r\n")
    assert wire.until_closed() == b""
    server.wait_log(r"\[DBG\] .* TLS handshake error: tls: first record does not look like a TLS "
                    r"handshake$")
    assert reason(server, wire.info["client_id"]) == "TLS Handshake Failure"


@pytest.mark.rows("CORE-61")
@pytest.mark.parametrize("dribble", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_slow_handshakes_end_and_harm_nobody(start, dribble):
    server = start("-m", "-1", "-D", config=block("timeout: 0.3"))
    slow = [plain_wire(server) for _ in range(20)]
    for wire in slow:
        wire.send(dribble)
    assert secure_wire(server).barrier() == []
    for wire in slow:
        assert wire.until_closed() == b""
    server.wait_log(r"\[DBG\] .* TLS handshake error: read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: "
                    r"i/o timeout$")
    server.wait_log(r"\[DBG\] .* - TLS handshake timeout$")
    assert reason(server, slow[0].info["client_id"]) == "TLS Handshake Failure"


@pytest.mark.rows("AUTH-30")
@pytest.mark.parametrize("sent, text", [(b"", "EOF"), (b"\x16\x03\x01\x00\x05", "unexpected EOF")])
def test_hanging_up_in_the_handshake(start, sent, text):
    server = start(config=block())
    wire = plain_wire(server)
    wire.send(sent)
    wire.close()
    server.wait_log(rf"\[ERR\] .* - TLS handshake error: {text}$")


@pytest.mark.rows("CORE-62")
def test_too_many_handshakes_a_second(start):
    server = start("-m", "-1", config=block("connection_rate_limit: 2"))
    wires = [TlsWire(server.host, server.port) for _ in range(12)]
    throttled = 0
    for wire in wires:
        info = json.loads(wire.line()[len(b"INFO "):])
        rest = wire.until_quiet(0.05)[0]
        if rest:
            assert rest == b"-ERR 'Connection throttling is active. Please try again later.'\r\n"
            assert reason(server, info["client_id"]) == "Maximum Connections Exceeded"
            throttled += 1
    assert throttled >= 6


@pytest.mark.rows("CONF-060", "CORE-21")
def test_tls_for_those_who_want_it(start):
    server = start("-m", "-1", config=block() + "allow_non_tls: true")
    plain = plain_wire(server)
    assert plain.info["tls_available"] is True and "tls_required" not in plain.info
    plain.send(b"CONNECT {}\r\n")
    plain.barrier()
    assert "tls_version" not in connection(server, plain.info["client_id"])
    secure = secure_wire(server)
    assert secure.barrier() == []
    assert connection(server, secure.info["client_id"])["tls_version"] == "1.3"
    slow = plain_wire(server)
    slow.send_split([b"PI", b"NG\r\n"])
    assert slow.line() == b"PONG"


@pytest.mark.rows("AUTH-38", "CONF-060")
@pytest.mark.parametrize("value", ["true", "auto"])
def test_first_where_others_may_come_in_the_clear(start, value):
    """`handshake_first: true` is for all; with a way back, the silent are greeted and may choose."""
    server = start(config=block(f"handshake_first: {value}") + "allow_non_tls: true")
    first = TlsWire(server.host, server.port).start_tls()
    assert json.loads(first.line()[len(b"INFO "):])["tls_required"] is True
    first.send(b"CONNECT {\"verbose\":false}\r\n")
    assert first.barrier() == []
    server.wait_log(f"TLS {'required' if value == 'true' else 'available'} for client connections")
    if value == "true":
        plain = TlsWire(server.host, server.port)
        plain.send(b"CONNECT {}\r\nPING\r\n")
        assert plain.until_closed() == b""
        return
    plain = plain_wire(server)
    assert plain.info["tls_available"] is True and "tls_required" not in plain.info
    plain.send(b"CONNECT {\"verbose\":false}\r\n")
    assert plain.barrier() == []
    assert secure_wire(server).barrier() == []


@pytest.mark.rows("AUTH-30")
def test_renegotiation_is_refused(start, kind):
    server = start(config=block("handshake_first: true"))
    # Its input stays open: it ends when the server ends the connection.
    with subprocess.Popen(
            ["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
             tls.authority().path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as asker:
        while not asker.stdout.readline().startswith(b"INFO "):
            pass
        asker.stdin.write(b"R\n")
        asker.stdin.flush()
        told = asker.stderr.read()
    assert b"RENEGOTIATING" in told
    assert b"no renegotiation" in told or (kind == "peer" and asker.returncode != 0)


@pytest.mark.rows("MON-34", "CONF-033")
def test_monitoring_over_https(start):
    server = start(config=verifying() + 'https: "127.0.0.1:-1"')
    context = tls.client_context()  # without a certificate: monitoring asks for none
    with urllib.request.urlopen(f"https://localhost:{server.http_port}/varz",
                                context=context) as answer:
        varz = json.load(answer)
    assert varz["http_port"] == 0 and varz["tls_required"] is True
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://localhost:{server.http_port}/varz")
    assert refused.value.code == 400
    assert refused.value.read() == b"Client sent an HTTP request to an HTTPS server.\n"
    server.wait_log(r"Starting https monitor on 127\.0\.0\.1:\d+$")


def first_served(server) -> bytes:
    return tls.served_certificate(server.port)


@pytest.mark.rows("CONF-120")
def test_a_reload_brings_new_certificates(start):
    old = tls.authority().issue("old", names="DNS:localhost")
    new = tls.authority().issue("new", names="DNS:localhost")
    server = start(config=block("handshake_first: true", certificate=old))
    assert first_served(server) == ssl.PEM_cert_to_DER_cert(old.pem)
    server.config_path.write_text(block("handshake_first: true", certificate=new))
    server.signal("HUP")
    wait_until(lambda: first_served(server) == ssl.PEM_cert_to_DER_cert(new.pem),
               "the new certificate")


def test_renewed_files_are_served_without_a_signal(start, kind):
    if kind == "peer":
        pytest.skip("nats-server wants a signal")
    own = tls.authority().issue("renewed", names="DNS:localhost")
    server = start(config=block("handshake_first: true", certificate=own))
    before = own.pem
    kept = TlsWire(server.host, server.port).start_tls()
    kept.line()
    assert first_served(server) == ssl.PEM_cert_to_DER_cert(before)

    own.cert.write_text("broken\n")
    server.wait_log(r"\[WRN\] TLS: a changed certificate or key file is not used: error parsing "
                    r"X509 certificate/key pair: tls: failed to find any PEM data in certificate")
    assert first_served(server) == ssl.PEM_cert_to_DER_cert(before)

    tls.authority().issue("renewed", names="DNS:localhost")
    assert own.pem != before
    wait_until(lambda: first_served(server) == ssl.PEM_cert_to_DER_cert(own.pem),
               "the renewed certificate")
    kept.send(b"CONNECT {}\r\n")
    kept.barrier()
