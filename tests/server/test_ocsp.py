"""OCSP: what is stapled to the server's certificate, and what becomes of clients' certificates.

The responders are `openssl ocsp`; staples are looked at with `openssl s_client -status`."""

import base64
import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess

import pytest

from harness import tls
from harness.ocsp import MUST_STAPLE, Responder, ago, staple
from harness.server import kind, wait_until
from harness.tls import Authority, TlsWire

midge_only = pytest.mark.skipif(kind() != "midge", reason="on purpose: docs/deviations.md")


@pytest.fixture(scope="module")
def authority():
    return Authority("OCSP Authority")


@pytest.fixture
def responder(authority):
    with Responder(authority) as made:
        yield made


@pytest.fixture
def issue(authority, responder):
    """Certificates that name the responder, each with a name of its own."""

    def make(more="", responders=""):
        issue.count = getattr(issue, "count", 0) + 1
        return authority.issue(f"c{os.getpid()}-{responder.url.rsplit(':')[-1]}-{issue.count}",
                               names="DNS:localhost", more=(responders or responder.extension) + more)

    return make


def block(certificate, authority, *more) -> str:
    parts = [certificate.files, f'ca_file: "{authority.path}"', "handshake_first: true", *more]
    return "tls { " + ", ".join(parts) + " }\n"


def der_sha256(certificate) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.pem)).hexdigest()


# ---- stapling


@pytest.mark.rows("AUTH-39", "CONF-061")
def test_a_demanded_staple(start, authority, responder, issue):
    certificate = issue(MUST_STAPLE)
    server = start("-D", config=block(certificate, authority) + "store_dir: store\n")
    assert staple(server.port, authority.path) == "good"
    server.wait_log(r"\[INF\] OCSP Stapling enabled for Client connections")
    server.wait_log(r"\[INF\] Found OCSP status for Client certificate at '" +
                    re.escape(str(certificate.cert)) +
                    r"': good, next update \S+Z, checking again in 29m\d+")
    if kind() == "midge":  # the peer's log is not open yet then
        server.wait_log(r"\[DBG\] Received OCSP response \(method=POST, status=200, url=http://")
    assert (server.folder / "store/ocsp" / der_sha256(certificate)).stat().st_size > 0
    assert responder.asked == ["POST"]


@pytest.mark.rows("AUTH-39")
def test_monitoring_has_it_too(start, authority, issue):
    server = start("-ms", "-1", config=block(issue(MUST_STAPLE), authority))
    assert staple(server.http_port, authority.path) == "good"


@pytest.mark.rows("AUTH-39")
def test_the_next_run_has_it_from_the_file(start, authority, responder, issue, tmp_path):
    config = block(issue(MUST_STAPLE), authority) + f'store_dir: "{tmp_path}"\n'
    start(config=config).stop()
    responder.shut()
    assert staple(start(config=config).port, authority.path) == "good"


@pytest.mark.rows("AUTH-39", "CONF-061")
@pytest.mark.parametrize("mode, stapled", [
    ("", "none"), ("ocsp: true", "none"), ("ocsp { mode: must }", "none"),
    ("ocsp { mode: always }", "good")])
def test_a_certificate_that_demands_nothing(start, authority, issue, mode, stapled):
    server = start(config=block(issue(), authority) + mode)
    assert staple(server.port, authority.path) == stapled


@pytest.mark.rows("AUTH-39", "CONF-061")
def test_never(start, authority, responder, issue):
    certificate = issue(MUST_STAPLE)
    server = start(config=block(certificate, authority) + "ocsp: false")
    assert staple(server.port, authority.path) == "none"
    assert responder.asked == []
    if kind() == "midge":
        server.wait_log(rf"\[WRN\] Certificate at '{certificate.cert}' has MustStaple but OCSP is "
                        "disabled")


@pytest.mark.rows("AUTH-39", "CONF-061")
def test_another_responder_than_the_certificate_names(start, authority, responder, issue):
    certificate = issue(MUST_STAPLE, "authorityInfoAccess=OCSP;URI:http://127.0.0.1:1\n")
    server = start(config=block(certificate, authority) +
                   f'ocsp {{ mode: must, url: "{responder.url}" }}')
    assert staple(server.port, authority.path) == "good"


@pytest.mark.rows("AUTH-39")
def test_get_where_post_is_refused(start, authority, responder, issue):
    responder.posts = False
    server = start(config=block(issue(MUST_STAPLE), authority))
    assert staple(server.port, authority.path) == "good"
    assert responder.asked == ["POST", "GET"]


@pytest.mark.rows("AUTH-39")
def test_a_responder_of_openssl(start, authority, issue):
    certificate = issue(MUST_STAPLE)  # before the responder reads what there is
    process = subprocess.Popen(
        ["openssl", "ocsp", "-port", "0", "-index", "index.txt", "-CA", "ca.pem", "-rsigner",
         "ca.pem", "-rkey", "ca.key", "-nmin", "5"],
        cwd=authority.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        port = re.search(r":(\d+) PID", process.stdout.readline()).group(1)
        server = start(config=block(certificate, authority) +
                       f'ocsp {{ url: "http://127.0.0.1:{port}" }}')
        assert staple(server.port, authority.path) == "good"
    finally:
        process.kill()
        process.communicate()


def refusal(start, config) -> str:
    server = start(config=config, ready=False)
    assert wait_until(lambda: server.process.poll() is not None, "the end") and \
        server.process.returncode == 1
    return server.log()


@pytest.mark.rows("AUTH-39")
def test_no_answer_at_the_start(start, authority, responder, issue):
    certificate = issue(MUST_STAPLE)
    responder.shut()
    log = refusal(start, block(certificate, authority))
    assert f"bad OCSP status update for certificate at '{certificate.cert}': exhausted ocsp " \
        f'servers: Post "{responder.url}": dial tcp 127.0.0.1:' in log


def _signer(authority, issue, usage):
    return authority.issue(f"signer-{usage}", usage=usage)


@pytest.mark.rows("AUTH-39")
@pytest.mark.parametrize("what, text", [
    ("status", "non-ok http status on POST request (reqlen="),
    ("bytes", "failed to get remote status from "),
    ("expired", "invalid ocsp NextUpdate, is past time: "),
    ("future", "invalid ocsp ThisUpdate, is future time: "),
    ("stranger", ": bad OCSP signature: "),
])
def test_an_answer_that_does_not_do(start, authority, responder, issue, what, text):
    certificate = issue(MUST_STAPLE)
    if what == "status":
        responder.broken = 503
    elif what == "bytes":
        responder.broken = b"hello"
    elif what == "expired":
        responder.dates = (ago(hours=2), ago(hours=1))
    elif what == "future":
        responder.dates = (ago(hours=-1), ago(hours=-2))
    else:
        other = tls.stranger().folder
        responder.signer = (str(other / "ca.pem"), str(other / "ca.key"))
    log = refusal(start, block(certificate, authority))
    assert f"bad OCSP status update for certificate at '{certificate.cert}': " in log
    assert text in log


@pytest.mark.rows("AUTH-39")
def test_a_delegated_responder(start, authority, responder, issue):
    _signer(authority, issue, "OCSPSigning")
    responder.signer = ("signer-OCSPSigning.pem", "signer-OCSPSigning.key")
    server = start(config=block(issue(MUST_STAPLE), authority))
    assert staple(server.port, authority.path) == "good"


@pytest.mark.rows("AUTH-39")
def test_a_signer_whom_nobody_made_a_responder(start, authority, responder, issue):
    _signer(authority, issue, "serverAuth")
    responder.signer = ("signer-serverAuth.pem", "signer-serverAuth.key")
    assert "OCSP response signer missing authorization by CA to act as OCSP signer" in \
        refusal(start, block(issue(MUST_STAPLE), authority))


@pytest.mark.rows("AUTH-39", "CONF-061")
def test_a_revoked_certificate_at_the_start(start, authority, responder, issue):
    certificate = issue(MUST_STAPLE)
    authority.revoke(certificate)
    for mode in "must", "always":
        log = refusal(start, block(certificate, authority) + f"ocsp {{ mode: {mode} }}")
        assert f"found existing OCSP status for certificate at '{certificate.cert}': revoked" in log
    server = start(config=block(certificate, authority))
    assert staple(server.port, authority.path) == "revoked"
    server.wait_log(rf"\[ERR\] Received OCSP status for Client certificate '{certificate.cert}': "
                    "revoked")


@pytest.mark.rows("AUTH-39", "CONF-061")
def test_a_certificate_that_is_revoked_later(start, authority, responder, issue):
    certificate = issue()
    responder.dates = (ago(seconds=5), ago(seconds=-4))
    server = start(config=block(certificate, authority) + "ocsp { mode: always }")
    authority.revoke(certificate)
    server.wait_log(rf"\[ERR\] Received OCSP status for Client certificate '{certificate.cert}': "
                    "revoked")
    server.wait_log(r"\[INF\] Server Exiting..")
    assert wait_until(lambda: server.process.poll() is not None, "the end")


@midge_only
@pytest.mark.rows("AUTH-39")
def test_a_responder_that_falls_silent(start, authority, responder, issue):
    """The staple serves as long as it is current; then who demands none gets in all the same."""
    certificate = issue(MUST_STAPLE)
    responder.dates = (ago(seconds=5), ago(seconds=-4))
    server = start(config=block(certificate, authority))
    assert staple(server.port, authority.path) == "good"
    responder.broken = 503
    server.wait_log(rf"\[ERR\] Bad OCSP status update for certificate '{certificate.cert}': "
                    r"exhausted ocsp servers: .*, trying again in \d")
    assert wait_until(lambda: staple(server.port, authority.path) == "none", "its end")


@pytest.mark.rows("AUTH-39")
def test_a_staple_is_renewed(start, authority, responder, issue):
    certificate = issue(MUST_STAPLE)
    responder.dates = (ago(seconds=5), ago(seconds=-4))
    server = start(config=block(certificate, authority))
    responder.dates = None
    server.wait_log(rf"\[INF\] Received OCSP status for Client certificate '{certificate.cert}': "
                    r"good, next update \S+Z, checking again in 29m\d+")
    assert staple(server.port, authority.path) == "good"


@midge_only
@pytest.mark.rows("AUTH-39")
def test_a_renewed_certificate_has_a_staple_of_its_own(start, authority, responder, issue, tmp_path):
    first, second = issue(MUST_STAPLE), issue(MUST_STAPLE)
    mine = tls.Certificate(tmp_path, "mine")
    shutil.copy(first.cert, mine.cert)
    shutil.copy(first.key, mine.key)
    server = start(config=block(mine, authority) + "store_dir: store\n")
    shutil.copy(second.key, mine.key)
    shutil.copy(second.cert, mine.cert)
    wanted = ssl.PEM_cert_to_DER_cert(second.pem)
    wait_until(lambda: tls.served_certificate(server.port) == wanted, "the renewed certificate")
    assert staple(server.port, authority.path) == "good"
    assert {path.name for path in (server.folder / "store/ocsp").iterdir()} == \
        {der_sha256(first), der_sha256(second)}


@pytest.mark.rows("AUTH-39", "CONF-061", "CONF-118")
def test_reload(start, authority, responder, issue):
    plain = block(issue(MUST_STAPLE), authority)
    server = start(config=plain)
    server.config_path.write_text(plain + "ocsp: false\n")
    server.signal("HUP")
    server.wait_log(r"\[INF\] Reloaded: OCSP$")
    assert wait_until(lambda: staple(server.port, authority.path) == "none", "its end")
    server.config_path.write_text(plain)
    server.signal("HUP")
    assert wait_until(lambda: staple(server.port, authority.path) == "good", "its return")


# ---- clients' certificates


@pytest.fixture(scope="module")
def server_certificate(authority):
    return authority.issue("peers-server", names="DNS:localhost")


@pytest.fixture
def start_asking(start, authority, server_certificate):
    """A server that asks after clients' certificates."""

    def run(rules="true", *more, cache="", **options):
        tls_block = block(server_certificate, authority, "verify: true", f"ocsp_peer: {rules}",
                          *more)
        return start("-D", "-m", "-1", config=tls_block + cache, **options)

    return run


def connects(server, certificate, authority) -> bool:
    """Whether a client with this certificate gets as far as a PONG."""
    wire = TlsWire(server.host, server.port)
    try:
        wire.start_tls(tls.client_context(certificate, authority.path))
        wire.send(b"CONNECT {}\r\nPING\r\n")
        return wait_until(lambda: b"PONG" in wire.line() or None, "PONG")
    except (ssl.SSLError, ConnectionError, EOFError, Exception) as error:
        assert not isinstance(error, (AssertionError, TimeoutError)), error
        return False
    finally:
        wire.close()


@pytest.mark.rows("AUTH-40", "CONF-062")
def test_a_good_client(start_asking, authority, responder, issue):
    alice = issue()
    server = start_asking()
    server.wait_log(r"\[INF\] OCSP peer cache online, type \[local\]")
    assert connects(server, alice, authority)
    name = alice.cert.stem
    for text in ("Peer OCSP enabled: 1 TLS client chain(s) will be evaluated",
                 "Chain [0]: 2 total link(s)", "Chain [0] has 1 OCSP eligible link(s)",
                 f"Checking OCSP peer cache for [CN={name}], key [",
                 f"Trying OCSP responder url [{responder.url}]",
                 f"Caching OCSP response for [CN={name}], key [",
                 f"OCSP verify pass for [CN={name}]",
                 "Chain [0] is OCSP valid for all eligible links, thus peer is valid"):
        server.wait_log(r"\[DBG\] " + re.escape(text))
    assert responder.asked == ["GET"]
    assert connects(server, alice, authority)
    assert responder.asked == ["GET"], "the second answer comes from the cache"
    server.wait_log(r"\[DBG\] Cached OCSP response is current, status \[good\]")
    varz = server.json("/varz")
    assert varz["tls_ocsp_peer_verify"] is True
    assert varz["ocsp_peer_cache"] == {"cache_type": "local", "cache_hits": 1, "cache_misses": 1,
                                       "cached_responses": 1, "cached_good_responses": 1}


@pytest.mark.rows("AUTH-40")
def test_a_revoked_client(start_asking, authority, responder, issue):
    mallory = issue()
    authority.revoke(mallory)
    server = start_asking()
    assert not connects(server, mallory, authority)
    server.wait_log(rf"\[WRN\] OCSP verify fail for \[CN={mallory.cert.stem}\] with CA status "
                    r"\[revoked\]")
    server.wait_log(r"\[DBG\] Invalid OCSP response status: revoked")
    server.wait_log(r"\[DBG\] No OCSP valid chains, thus peer is invalid")
    server.wait_log(r"\[ERR\] .* - TLS handshake error: client not OCSP valid")
    assert server.json("/varz")["ocsp_peer_cache"]["cached_revoked_responses"] == 1


@pytest.mark.rows("AUTH-40")
def test_a_revoked_client_does_not_come_back_by_its_ticket(start_asking, authority, issue):
    """A session of TLS that is resumed would show no certificate."""
    server = start_asking(cache="ocsp_cache: false\n")
    alice = issue()
    context = tls.client_context(alice, authority.path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with TlsWire(server.host, server.port).start_tls(context).socket as first:
        session = first.session
    authority.revoke(alice)
    wire = TlsWire(server.host, server.port)
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(wire.socket, server_hostname="localhost", session=session)
    wire.close()


@pytest.mark.rows("AUTH-40")
def test_a_client_that_names_no_responder(start_asking, authority, responder):
    server = start_asking()
    assert connects(server, authority.issue("unasked"), authority)
    server.wait_log(r"\[DBG\] Chain \[0\] has no OCSP eligible links, thus peer is valid")
    assert responder.asked == []


@pytest.mark.rows("AUTH-40")
@pytest.mark.parametrize("rules, passes, text", [
    ("true", False, r"\[DBG\] Failed OCSP response fetch"),
    ("{ verify: true, warn_only: true }", True,
     r"\[WRN\] OCSP verify fail for \[CN=\S+\] but WarnOnly is true so allowing"),
    ("{ verify: true, allow_when_ca_unreachable: true }", True,
     r"\[WRN\] Failed to obtain OCSP CA response for \[CN=\S+\] but AllowWhenCAUnreachable set; "
     "no cached revocation so allowing"),
])
def test_a_responder_that_is_down(start_asking, authority, responder, issue, rules, passes, text):
    alice = issue()
    responder.shut()
    server = start_asking(rules)
    assert connects(server, alice, authority) == passes
    server.wait_log(rf"\[WRN\] Attempt to obtain OCSP response from CA responder for "
                    rf"\[CN={alice.cert.stem}\] failed: exhausted OCSP responders: Get \"")
    server.wait_log(text)


@pytest.mark.rows("AUTH-40", "CONF-062")
def test_a_known_revocation_counts_while_the_responder_is_down(start_asking, authority, responder,
                                                               issue):
    mallory = issue()
    authority.revoke(mallory)
    server = start_asking("{ verify: true, allow_when_ca_unreachable: true, "
                          "allowed_clockskew: 1 }",
                          cache="ocsp_cache { preserve_revoked: true }\n")

    def remembered():  # unless the answer had run out on the way
        responder.dates = (ago(hours=2), ago(seconds=-1))
        assert not connects(server, mallory, authority)
        return "Caching OCSP response for" in server.log()

    wait_until(remembered, "an answer that is good for a moment")
    responder.shut()

    def refused_by_memory():
        assert not connects(server, mallory, authority)
        return "cached revocation exists so rejecting" in server.log()

    wait_until(refused_by_memory, "the answer to run out")
    server.wait_log(r"\[DBG\] Revoked OCSP response for key \[\S+\] preserved by cache policy")


@pytest.mark.rows("AUTH-40")
@pytest.mark.parametrize("rules, passes", [
    ("true", False), ("{ verify: true, unknown_is_good: true }", True),
    ("{ verify: true, warn_only: true }", True)])
def test_a_certificate_that_the_responder_does_not_know(start_asking, authority, responder, issue,
                                                        rules, passes):
    alice = issue()
    index = authority.folder / "index.txt"
    lines = index.read_text().splitlines(keepends=True)
    index.write_text("".join(line for line in lines if f"CN={alice.cert.stem}\n" not in line))
    server = start_asking(rules)
    assert connects(server, alice, authority) == passes
    if "unknown_is_good" not in rules:
        server.wait_log(r"\[WRN\] OCSP verify fail for \[CN=\S+\] with CA status \[unknown\]")


@pytest.mark.rows("AUTH-40")
@pytest.mark.parametrize("what, text", [
    ("status", r"failed: exhausted OCSP responders: bad OCSP responder http status: \[503\]"),
    ("bytes", r"\[ERR\] Could not parse OCSP CA response for \[CN=\S+\]: asn1: "),
    ("expired", r"\[WRN\] New OCSP CA response obtained for \[CN=\S+\] but not current"),
    ("stranger", r"\[ERR\] Could not parse OCSP CA response for \[CN=\S+\]: bad OCSP signature: "),
])
def test_an_answer_about_a_client_that_does_not_do(start_asking, authority, responder, issue, what,
                                                   text):
    alice = issue()
    if what == "status":
        responder.broken = 503
    elif what == "bytes":
        responder.broken = b"hello"
    elif what == "expired":
        responder.dates = (ago(hours=2), ago(hours=1))
    else:
        other = tls.stranger().folder
        responder.signer = (str(other / "ca.pem"), str(other / "ca.key"))
    server = start_asking()
    assert not connects(server, alice, authority)
    server.wait_log(text)


@pytest.mark.rows("AUTH-40", "CONF-062")
def test_the_cache_outlives_the_server(start_asking, authority, responder, issue, tmp_path):
    alice = issue()
    cache = f'ocsp_cache {{ local_store: "{tmp_path}" }}\n'
    server = start_asking(cache=cache)
    assert connects(server, alice, authority)
    server.stop()
    saved = json.loads((tmp_path / "cache.json").read_text())
    (item,) = saved.values()
    assert item["subject"] == f"CN={alice.cert.stem}" and item["resp_status"] == "good"
    responder.shut()
    assert connects(start_asking(cache=cache), alice, authority)


@pytest.mark.rows("AUTH-40", "CONF-062")
def test_a_cache_file_that_is_none(start_asking, authority, issue, tmp_path):
    (tmp_path / "cache.json").write_text("[")
    server = start_asking(cache=f'ocsp_cache {{ local_store: "{tmp_path}" }}\n')
    server.wait_log(r"\[WRN\] Unable to load OCSP peer cache: ")
    assert connects(server, issue(), authority)


@pytest.mark.rows("AUTH-40", "CONF-062")
def test_without_a_cache(start_asking, authority, responder, issue):
    alice = issue()
    server = start_asking(cache="ocsp_cache { type: none }\n")
    server.wait_log(r"\[INF\] OCSP peer cache online, type \[none\]")
    assert connects(server, alice, authority) and connects(server, alice, authority)
    assert responder.asked == ["GET", "GET"]
    assert "ocsp_peer_cache" not in server.json("/varz")


@pytest.mark.rows("AUTH-40")
def test_clients_have_to_show_certificates(start, authority, server_certificate):
    log = refusal(start, block(server_certificate, authority, "ocsp_peer: true"))
    assert "OCSP peer verification for client connections requires TLS verify (mTLS) to be enabled" \
        in log


@midge_only
@pytest.mark.rows("AUTH-40")
def test_a_silent_responder_is_left_alone_for_a_while(start_asking, authority, responder, issue):
    """Whoever asks it holds a thread until the time is over."""
    alice = issue()
    responder.shut()
    server = start_asking("{ verify: true, ca_timeout: 60 }")
    assert not connects(server, alice, authority)
    assert not connects(server, alice, authority)
    server.wait_log(r"exhausted OCSP responders: Get \S+: no answer a moment ago")


@midge_only
@pytest.mark.rows("AUTH-40")
def test_a_slow_responder_holds_nobody_up(start_asking, authority, issue):
    """Answers are waited for on the pool."""
    import socket
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = issue("", f"authorityInfoAccess=OCSP;URI:{url}\n")
        server = start_asking()
        waiting = TlsWire(server.host, server.port)
        waiting.start_tls(tls.client_context(slow, authority.path))
        served, _ = silent.accept()  # the responder is being asked, and says nothing
        assert connects(server, issue(), authority)
        served.close()
        waiting.close()


@pytest.mark.rows("SYS-27")
def test_the_system_account_hears_of_rejections(start_asking, authority, responder, issue):
    operator, mallory = issue(), issue()
    authority.revoke(mallory)
    server = start_asking(cache="\naccounts { SYS { users [{user: s, password: s}] } }\n"
                                "system_account: SYS\n")
    wire = TlsWire(server.host, server.port)
    wire.start_tls(tls.client_context(operator, authority.path))
    wire.send(b'CONNECT {"user":"s","pass":"s"}\r\nSUB $SYS.SERVER.*.OCSP.> 1\r\nPING\r\n')
    wait_until(lambda: b"PONG" in wire.line() or None, "PONG")
    assert not connects(server, mallory, authority)
    fingerprint = base64.b64encode(bytes.fromhex(der_sha256(mallory))).decode()
    who = {"subject": f"CN={mallory.cert.stem}", "issuer": "CN=OCSP Authority",
           "fingerprint": fingerprint,
           "raw": base64.b64encode(ssl.PEM_cert_to_DER_cert(mallory.pem)).decode()}
    link, reject = (frame.partition(b"\r\n") for frame in (wire.frame(), wire.frame()))
    assert link[0].split()[1].endswith(b".OCSP.PEER.LINK.INVALID")
    event = json.loads(link[2])
    assert list(event) == ["type", "id", "timestamp", "link", "peer", "server", "reason"]
    assert event["type"] == "io.nats.server.advisory.v1.ocsp_peer_link_invalid"
    assert event["link"] == event["peer"] == who
    assert event["reason"] == "Invalid OCSP response status: revoked"
    assert reject[0].split()[1].endswith(b".OCSP.PEER.CONN.REJECT")
    event = json.loads(reject[2])
    assert list(event) == ["type", "id", "timestamp", "kind", "peer", "server", "reason"]
    assert event["type"] == "io.nats.server.advisory.v1.ocsp_peer_reject"
    assert (event["kind"], event["peer"], event["reason"]) == ("Client", who,
                                                              "client not OCSP valid")
    wire.close()
