"""Claims of accounts that change while the server runs: pushed, looked up, listed, deleted, and kept
in folders, by the requests that nsc and other servers make."""

import hashlib
import http.server
import json
import ssl
import threading
import time

import pytest

from harness.claims import LONG_AGO, NO_LIMITS, USER_LIMITS, Key, Session, make_token
from harness.tls import authority, server_certificate

OPERATOR, SYSTEM, ACCOUNT = Key("O", "operator"), Key("A", "system"), Key("A", "acc")
OTHER, USER, ADMIN = Key("A", "other"), Key("U", "user"), Key("U", "admin")
UPDATE = "$SYS.REQ.CLAIMS.UPDATE"


def make_account(key=ACCOUNT, body=None, **head) -> str:
    return make_token("account", key, OPERATOR, {"limits": NO_LIMITS, **(body or {})},
                      **{"name": "acc", **head})


def make_user(key=USER, account=ACCOUNT, **head) -> str:
    return make_token("user", key, account, USER_LIMITS, **{"name": "u", **head})


OPERATOR_TOKEN = make_token("operator", OPERATOR, OPERATOR, {"system_account": SYSTEM.public})
PRELOADED = {SYSTEM.public: make_account(SYSTEM), ACCOUNT.public: make_account()}


def configuration(resolver: str, preloaded=PRELOADED, extra="") -> str:
    preload = "\n".join(f"{key}: {token}" for key, token in preloaded.items())
    lines = f"operator: {OPERATOR_TOKEN}\nresolver: {resolver}\n{extra}\n"
    return lines + (f"resolver_preload {{\n{preload}\n}}\n" if preloaded else "")


def log_in(server, key=USER, account=ACCOUNT) -> Session:
    session = Session(server.port)
    assert session.login(make_user(key, account), key) == "PONG"
    return session


def admin(server) -> Session:
    return log_in(server, ADMIN, SYSTEM)


def ask(server, subject: str, payload: str = "") -> dict:
    """The answer without what it says of the server, which must be there."""
    session = admin(server)
    answer = json.loads(session.request(subject, payload))
    session.close()
    assert answer.pop("server")["ver"] == "2.15.2"
    return answer


def updated(account=ACCOUNT, message="jwt updated") -> dict:
    return {"data": {"account": account.public, "code": 200, "message": message}}


def failed(description: str, **more) -> dict:
    return {"error": {**more, "code": 500, "description": description}}


@pytest.fixture
def full(start, tmp_path):
    return start(config=configuration(f'{{type: full, dir: "{tmp_path}/jwt", allow_delete: true}}'))


@pytest.mark.rows("AUTH-22", "AUTH-27", "SYS-19")
def test_memory(start):
    """Only accounts that are in use are updated, and only by their own subject."""
    server = start(config=configuration("MEMORY"))
    log_in(server)
    subject = f"$SYS.REQ.ACCOUNT.{ACCOUNT}.CLAIMS.UPDATE"
    assert ask(server, subject, make_account(iat=LONG_AGO + 1)) == updated()
    assert ask(server, f"$SYS.REQ.ACCOUNT.{OTHER}.CLAIMS.UPDATE", make_account(OTHER)) == updated(
        OTHER, "jwt update skipped")
    assert ask(server, subject, make_account(OTHER)) == failed(
        "jwt update resulted in error - subject does not match jwt content", account=ACCOUNT.public)
    for other in (UPDATE, "$SYS.REQ.CLAIMS.LIST", f"$SYS.REQ.ACCOUNT.{ACCOUNT}.CLAIMS.LOOKUP"):
        assert "503" in admin(server).request(other)


@pytest.mark.rows("AUTH-17", "AUTH-27", "CORE-59")
@pytest.mark.parametrize("who", [USER.public, "*"])
def test_revocation(full, who):
    session = log_in(full)
    assert ask(full, UPDATE, make_account(body={"revocations": {who: LONG_AGO}})) == updated()
    assert session.next_line() == "-ERR 'User Authentication Revoked'"
    assert session.line() == ""
    refused = Session(full.port)
    assert refused.login(make_user(), USER) == "-ERR 'Authorization Violation'"
    assert ask(full, UPDATE, make_account()) == updated()
    log_in(full)


@pytest.mark.rows("AUTH-16", "AUTH-27", "CORE-59")
def test_expiry_by_update(full):
    session = log_in(full)
    soon = int(time.time()) + 1
    assert ask(full, UPDATE, make_account(exp=soon)) == updated()
    assert session.next_line() == "-ERR 'Account Authentication Expired'"


@pytest.mark.rows("AUTH-27", "AUTH-46", "AUTH-57")
def test_rights_by_update(full):
    """Default permissions and limits of the account hold for those who are in."""
    session = log_in(full)
    session.send("PUB a 5\r\nhello\r\nPING\r\n")
    assert session.next_line() == "PONG"
    body = {"default_permissions": {"pub": {"allow": ["b"]}},
            "limits": {**NO_LIMITS, "payload": 4}}
    assert ask(full, UPDATE, make_account(body=body)) == updated()
    session.send("PUB a 1\r\nx\r\n")
    assert session.next_line() == "-ERR 'Permissions Violation for Publish to \"a\"'"
    session.send("PUB b 5\r\nhello\r\n")
    assert session.next_line() == "-ERR 'Maximum Payload Violation'"


@pytest.mark.rows("AUTH-27", "AUTH-57")
def test_connections_by_update(full):
    """Those beyond a lowered limit are closed."""
    sessions = [log_in(full) for _ in range(3)]
    limits = {"limits": {**NO_LIMITS, "conn": 2}}
    assert ask(full, UPDATE, make_account(body=limits)) == updated()
    for session in sessions:
        session.send("PING\r\n")
    answers = [session.next_line() for session in sessions]
    assert sorted(answers) == ["-ERR 'maximum account active connections exceeded'", "PONG", "PONG"]


@pytest.mark.rows("AUTH-27", "AUTH-57", "CORE-45")
def test_subscriptions_by_update(full):
    """Who has more than a lowered limit allows is closed."""
    many, few = log_in(full), log_in(full)
    many.send("SUB a 1\r\nSUB b 2\r\nPING\r\n")
    few.send("SUB a 1\r\nPING\r\n")
    assert many.next_line() == few.next_line() == "PONG"
    assert ask(full, UPDATE, make_account(body={"limits": {**NO_LIMITS, "subs": 1}})) == updated()
    assert many.next_line() == "-ERR 'maximum subscriptions exceeded'"
    assert many.line() == ""


@pytest.mark.rows("AUTH-22", "AUTH-24", "SYS-19")
@pytest.mark.parametrize("resolver", ["MEMORY", "full"])
def test_what_is_no_claim(start, tmp_path, resolver):
    """The words for it; a full directory does not say whose it was."""
    is_full = resolver == "full"
    server = start(config=configuration(
        f'{{type: full, dir: "{tmp_path}/jwt"}}' if is_full else resolver))
    log_in(server)
    subject = f"$SYS.REQ.ACCOUNT.{ACCOUNT}.CLAIMS.UPDATE"
    whose = {"account": "n/a" if is_full else ACCOUNT.public}
    failure = "jwt update resulted in error - "
    empty = failure + "expected 3 chunks" if is_full else "jwt update error - request body is empty"
    assert ask(server, subject, "") == failed(empty, **whose)
    assert ask(server, subject, "abc") == failed(failure + "expected 3 chunks", **whose)
    assert ask(server, subject, make_user()) == failed(failure + "not account claim", **whose)
    forged = make_token("account", ACCOUNT, OPERATOR, {"limits": NO_LIMITS}, signer=OTHER)
    assert ask(server, subject, forged) == failed(
        failure + "claim failed V2 signature verification", **whose)


@pytest.mark.rows("AUTH-27")
def test_imports_by_update(full):
    exporter = make_account(OTHER, {"exports": [{"subject": "s.>", "type": "stream"}]})
    importer = make_account(body={"imports": [
        {"subject": "s.>", "type": "stream", "account": OTHER.public, "to": "in"}]})
    assert ask(full, UPDATE, exporter) == updated(OTHER)
    publisher = log_in(full, USER, OTHER)
    subscriber = log_in(full)
    assert ask(full, UPDATE, importer) == updated()
    subscriber.send("SUB in.> 1\r\nPING\r\n")
    assert subscriber.next_line() == "PONG"
    publisher.send("PUB s.a 1\r\nx\r\n")
    assert subscriber.next_line() == "MSG in.s.a 1 1"


@pytest.mark.rows("ACCT-11")
def test_who_asks_is_shared_with_its_claims(full):
    service = {"subject": "s", "type": "service"}
    assert ask(full, UPDATE, make_account(OTHER, {"exports": [service]})) == updated(OTHER)
    imported = {**service, "account": OTHER.public, "share": True}
    assert ask(full, UPDATE, make_account(body={"imports": [imported]})) == updated()
    responder = log_in(full, USER, OTHER)
    responder.send("SUB s 1\r\nPING\r\n")
    assert responder.next_line() == "PONG"
    requester, token = Session(full.port), make_token(
        "user", USER, ACCOUNT, {**USER_LIMITS, "tags": ["a:b", "c"]}, name="u")
    assert requester.login(token, USER) == "PONG"
    requester.send("PUB s in 1\r\nq\r\n")
    head = responder.next_line().split()
    content = responder.file.read(int(head[-1]) + 2)[:int(head[-2])].decode()
    info = json.loads(content.split("Nats-Request-Info: ")[1])
    assert info["user"] == USER.public and info["acc"] == ACCOUNT.public
    assert (info["jwt"], info["issuer_key"]) == (token, ACCOUNT.public)
    assert (info["name_tag"], info["tags"]) == ("u", ["a:b", "c"])


@pytest.mark.rows("SYS-16")
def test_user_info_names_the_user(full):
    info = json.loads(log_in(full).request("$SYS.REQ.USER.INFO"))["data"]
    assert info["user"] == USER.public and info["account"] == ACCOUNT.public
    assert (info["user_name"], info["account_name"]) == ("u", "acc")


@pytest.mark.rows("AUTH-24", "AUTH-26", "SYS-20")
def test_full_directory(full, tmp_path):
    """Files are nats-server's: `<account>.jwt`, and what is deleted keeps its claim."""
    folder = tmp_path / "jwt"
    assert {file.name for file in folder.iterdir()} == {f"{key}.jwt" for key in PRELOADED}
    token = make_account(OTHER)
    assert ask(full, UPDATE, token) == updated(OTHER)
    assert (folder / f"{OTHER}.jwt").read_text() == token
    lookup = "$SYS.REQ.ACCOUNT.{}.CLAIMS.LOOKUP"
    assert admin(full).request(lookup.format(OTHER)) == token
    assert admin(full).request(lookup.format(Key("A", "nobody"))) == ""
    assert sorted(ask(full, "$SYS.REQ.CLAIMS.LIST")["data"]) == sorted([*PRELOADED, OTHER.public])
    assert ask(full, UPDATE, "junk") == failed("jwt update resulted in error - expected 3 chunks",
                                               account="n/a")
    log_in(full, USER, OTHER)


@pytest.mark.rows("AUTH-24", "SYS-20")
def test_delete(full, tmp_path):
    subject = "$SYS.REQ.CLAIMS.DELETE"

    def request(accounts, issuer=OPERATOR) -> str:
        return make_token("generic", issuer, issuer, {"accounts": [key.public for key in accounts]})

    prefix = f"delete accounts request by {OPERATOR} failed - "
    assert ask(full, subject, request([SYSTEM])) == failed(
        prefix + "not allowed to delete system account")
    assert ask(full, subject, request([ACCOUNT], OTHER)) == failed(
        f"delete accounts request by {OTHER} failed - not trusted")
    session = log_in(full)
    assert ask(full, subject, request([ACCOUNT])) == {
        "data": {"code": 200, "message": "deleted 1 accounts"}}
    assert session.next_line() == "-ERR 'Account Authentication Expired'"
    assert (tmp_path / "jwt" / f"{ACCOUNT}.jwt.deleted").exists()
    assert not (tmp_path / "jwt" / f"{ACCOUNT}.jwt").exists()
    assert Session(full.port).login(make_user(), USER) == "-ERR 'Authorization Violation'"


@pytest.mark.rows("AUTH-24", "SYS-20")
def test_delete_is_for_accounts(full, tmp_path):
    """One name that is none, or a request that is not the operator's own, and nothing is deleted."""
    def delete(accounts, subject=OPERATOR) -> dict:
        body = {"accounts": accounts}
        return ask(full, "$SYS.REQ.CLAIMS.DELETE", make_token("generic", subject, OPERATOR, body))

    request = f"delete accounts request by {OPERATOR} failed - "
    for accounts in (["foo"], [ACCOUNT.public, "foo"], [ACCOUNT.public, USER.public]):
        assert delete(accounts) == failed(request + "malformed request")
    assert delete([ACCOUNT.public], OTHER) == failed(
        f"delete accounts request by {OTHER} failed - not self signed")
    assert (tmp_path / "jwt" / f"{ACCOUNT}.jwt").exists()


@pytest.mark.rows("AUTH-24")
def test_a_full_directory_is_full(start, tmp_path):
    server = start(config=configuration(f'{{type: full, dir: "{tmp_path}/jwt", limit: 2}}'))
    refusal = failed("jwt update resulted in error - jwt store is full", account=OTHER.public)
    assert ask(server, UPDATE, make_account(OTHER)) == refusal
    assert ask(server, UPDATE, make_account(iat=LONG_AGO + 1)) == updated()
    assert len(list((tmp_path / "jwt").iterdir())) == 2


@pytest.mark.rows("AUTH-24")
def test_more_preloaded_than_a_directory_holds(start, tmp_path):
    preloaded = {**PRELOADED, OTHER.public: make_account(OTHER)}
    resolver = f'{{type: full, dir: "{tmp_path}/jwt", limit: 2}}'
    server = start(config=configuration(resolver, preloaded))
    assert len(list((tmp_path / "jwt").iterdir())) == 2
    assert server.process.poll() is None


@pytest.mark.rows("AUTH-20", "AUTH-24")
def test_a_strict_operator_signs_with_signing_keys(start, tmp_path):
    signing = Key("O", "signing")
    operator = make_token("operator", OPERATOR, OPERATOR, {
        "system_account": SYSTEM.public, "signing_keys": [signing.public],
        "strict_signing_key_usage": True})
    system_key, account_key = Key("A", "system-signing"), Key("A", "acc-signing")

    def account(key, own_key, issuer=signing) -> str:
        body = {"limits": NO_LIMITS, "signing_keys": [own_key.public]}
        return make_token("account", key, issuer, body, name="acc")

    system = account(SYSTEM, system_key)
    preloaded = {SYSTEM.public: system, ACCOUNT.public: account(ACCOUNT, account_key)}
    lines = configuration(f'{{type: full, dir: "{tmp_path}/jwt"}}', preloaded)
    server = start(config=lines.replace(OPERATOR_TOKEN, operator))
    session = Session(server.port)
    token = make_token("user", ADMIN, system_key,
                       {**USER_LIMITS, "issuer_account": SYSTEM.public}, name="u")
    assert session.login(token, ADMIN) == "PONG"
    answer = json.loads(session.request(UPDATE, account(ACCOUNT, account_key, OPERATOR)))
    assert answer["error"]["description"] == (
        "jwt update resulted in error - operator requires issuer to be a signing key")


@pytest.mark.rows("AUTH-24")
def test_delete_not_allowed(start, tmp_path):
    server = start(config=configuration(f'{{type: full, dir: "{tmp_path}/jwt"}}'))
    token = make_token("generic", OPERATOR, OPERATOR, {"accounts": [ACCOUNT.public]})
    assert ask(server, "$SYS.REQ.CLAIMS.DELETE", token) == failed(
        f"delete accounts request by {OPERATOR} failed - delete must be enabled in server config")


@pytest.mark.rows("AUTH-24", "SYS-20")
def test_pack(full):
    """All claims, unless the asker has the same already."""

    def pack(digest: bytes) -> list:
        session = admin(full)
        session.send("SUB _INBOX.pack 1\r\n")
        session.socket.sendall(b"PUB $SYS.REQ.CLAIMS.PACK _INBOX.pack %d\r\n%b\r\n"
                               % (len(digest), digest))
        packed = []
        while True:
            size = int(session.next_line().split()[-1])
            packed.append(session.file.read(size + 2)[:-2].decode())
            if not packed[-1]:
                return packed[:-1]

    digest = 0
    for token in PRELOADED.values():
        digest ^= int.from_bytes(hashlib.sha256(token.encode()).digest(), "big")
    assert sorted(pack(b"")) == sorted(f"{key}|{token}" for key, token in PRELOADED.items())
    assert pack(digest.to_bytes(32, "big")) == []


@pytest.mark.rows("AUTH-24")
def test_existing_directory(start, tmp_path):
    """A folder that another server left is taken over, but for what was deleted there."""
    folder = tmp_path / "jwt"
    folder.mkdir()
    for key, token in PRELOADED.items():
        (folder / f"{key}.jwt").write_text(token)
    (folder / f"{OTHER}.jwt.deleted").write_text(make_account(OTHER))
    (folder / "notes.txt").write_text("not a claim")
    server = start(config=configuration(f'{{type: full, dir: "{folder}"}}', {}))
    log_in(server)
    assert sorted(ask(server, "$SYS.REQ.CLAIMS.LIST")["data"]) == sorted(PRELOADED)
    assert Session(server.port).login(make_user(USER, OTHER), USER) == "-ERR 'Authorization Violation'"


@pytest.mark.rows("AUTH-25")
def test_cache_directory(start, tmp_path):
    server = start(config=configuration(f'{{type: cache, dir: "{tmp_path}/jwt", ttl: "1h"}}'))
    log_in(server)
    assert ask(server, UPDATE, make_account(OTHER)) == updated(OTHER, "jwt update cache skipped")
    assert ask(server, UPDATE, make_account(iat=LONG_AGO + 1)) == updated(
        message="jwt updated cache")
    assert "503" in admin(server).request("$SYS.REQ.CLAIMS.PACK")


class ClaimsHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved/", "/accounts/"))
            self.send_header("Content-Length", "0")
            return self.end_headers()
        key = self.path.removeprefix("/accounts/")
        body = PRELOADED.get(key, "").encode() if self.path.startswith("/accounts/") else b""
        self.send_response(200 if body or not key else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Starts web servers of claims, with TLS if given a certificate: serve(...) -> host and port."""
    running = []

    def starter(certificate=None, clients=None) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ClaimsHandler)
        server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.cert, certificate.key)
            if clients:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(clients.path)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"127.0.0.1:{server.server_port}"

    def stop():
        while running:
            server = running.pop()
            server.shutdown()
            server.server_close()

    starter.stop = stop
    yield starter
    stop()


@pytest.fixture
def claims_url(serve):
    return f"http://{serve()}/accounts/"


@pytest.mark.rows("AUTH-23")
def test_url(start, claims_url):
    server = start(config=configuration(f"URL({claims_url})", {}))
    log_in(server)
    refused = Session(server.port)
    assert refused.login(make_user(account=OTHER), USER) == "-ERR 'Authorization Violation'"


@pytest.mark.rows("AUTH-23", "CONF-121")
def test_url_is_not_asked_by_a_reload(start, serve, claims_url):
    """Accounts that are known serve on, whether or not their web server is there."""
    server = start(config=configuration(f"URL({claims_url})", {}))
    session = log_in(server)
    serve.stop()
    pinned = f"resolver_pinned_accounts: [{ACCOUNT}]"
    server.reload(configuration(f"URL({claims_url})", {}, pinned))
    session.send("PING\r\n")
    assert session.next_line() == "PONG"
    log_in(server)


@pytest.mark.rows("AUTH-23")
def test_url_unreachable(start, claims_url):
    with pytest.raises(RuntimeError, match=r"could not fetch <\"\S+/other/\">: 404 Not Found"):
        start(config=configuration(f"URL({claims_url.replace('accounts', 'other')})", {}))
    with pytest.raises(RuntimeError, match="connection refused"):
        start(config=configuration("URL(http://127.0.0.1:1/)", {}))


@pytest.mark.rows("AUTH-23")
def test_url_follows_redirects(start, claims_url):
    log_in(start(config=configuration(f"URL({claims_url.replace('accounts', 'moved')})", {})))


@pytest.mark.rows("AUTH-23", "CONF-066")
def test_url_over_tls(start, serve):
    mine, host = authority(), serve(server_certificate())
    trust = f'resolver_tls {{ ca_file: "{mine.path}" }}'
    server = start(config=configuration(f"URL(https://{host}/accounts/)", {}, trust))
    log_in(server)
    refused = Session(server.port)
    assert refused.login(make_user(account=OTHER), USER) == "-ERR 'Authorization Violation'"
    # A name, the machine's roots, no check at all, and a server that asks for a certificate.
    named = f"URL(https://localhost:{host.split(':')[1]}/accounts/)"
    log_in(start(config=configuration(named, {}, trust)))
    log_in(start(config=configuration(named, {}), env={"SSL_CERT_FILE": mine.path}))
    log_in(start(config=configuration(named, {}, "resolver_tls { insecure: true }")))
    mutual = serve(server_certificate(), clients=mine)
    own = f'resolver_tls {{ ca_file: "{mine.path}", {server_certificate().files} }}'
    log_in(start(config=configuration(f"URL(https://{mutual}/accounts/)", {}, own)))


@pytest.mark.rows("AUTH-23", "CONF-066")
def test_url_over_tls_refused(start, serve):
    mine = authority()
    trust = f'resolver_tls {{ ca_file: "{mine.path}" }}'
    failed = r"could not fetch <\"https://\S+/accounts/\">: Get \"https://\S+/accounts/\": tls: "
    unverified = failed + "failed to verify certificate: x509: "

    def fails(certificate, why, extra=trust, host="127.0.0.1"):
        port = serve(certificate).split(":")[1]
        with pytest.raises(RuntimeError, match=why):
            start(config=configuration(f"URL(https://{host}:{port}/accounts/)", {}, extra))

    fails(server_certificate(), unverified + "certificate signed by unknown authority\n", "")
    elsewhere = mine.issue("named elsewhere", names="DNS:a.test,DNS:b.test")
    fails(elsewhere, unverified + "certificate is valid for a.test, b.test, not localhost\n",
          host="localhost")
    fails(elsewhere, unverified + "cannot validate certificate for 127.0.0.1 because it doesn't "
                                  "contain any IP SANs\n")
    other = mine.issue("other address", names="IP:127.0.0.2,IP:192.0.2.1")
    fails(other, unverified + "certificate is valid for 127.0.0.2, 192.0.2.1, not 127.0.0.1\n")
    fails(other, unverified + "certificate is not valid for any names, but wanted to match "
                              "localhost\n", host="localhost")
    old = mine.issue("too old", names="IP:127.0.0.1",
                     dates=("20200101000000Z", "20210101000000Z"))
    fails(old, unverified + r"certificate has expired or is not yet valid: current time \S+ is after "
                            "2021-01-01T00:00:00Z\n")
    fails(None, failed + "first record does not look like a TLS handshake\n")
