"""Logins by tokens of an OpenID Connect issuer. Midge's own: nats-server has no such block.

The issuer is a web server of the test; keys are made by openssl when the tests run.
"""

import asyncio
import hashlib
import hmac
import json
import re
import time

import nats
import nats.errors
import pytest

from harness import server as servers
from harness.issuer import Issuer, Key, encode, make_token
from harness.tls import authority, server_certificate, stranger
from harness.wire import Closed, Wire

VIOLATION = b"-ERR 'Authorization Violation'"

KEYS = {kind: Key(kind, kind.lower()) for kind in ("RSA", "P-256", "P-384", "P-521", "Ed25519")}
KEY, OTHER = KEYS["P-256"], Key("P-256", "other")
IMPOSTOR = Key("P-256", "impostor")
IMPOSTOR.kid = KEY.kid  # another key by the same name


@pytest.fixture(scope="module", autouse=True)
def only_midge():
    if servers.kind() != "midge":
        pytest.skip("nats-server has no oidc")


@pytest.fixture
def issuer():
    with Issuer(*KEYS.values()) as made:
        yield made


def configuration(issuer, block="", beside="", accounts="A {}, B {}", extra="") -> str:
    return (f"max_control_line: 16KB\naccounts {{ {accounts} }}\n{extra}\n"
            f"authorization {{\n{beside}\noidc {{\nissuer: \"{issuer.url}\"\naudience: nats\n"
            f"jwks_retry: \"100ms\"\n{block}\n}}\n}}\n")


def connect(server, token="", field="auth_token", **fields):
    wire = Wire(server.host, server.port)
    wire.line()
    if token:
        fields[field] = token
    options = {"verbose": False, "pedantic": False, **fields}
    wire.send(b"CONNECT " + json.dumps(options).encode() + b"\r\nPING\r\n")
    return wire


def is_in(server, token="", **fields) -> bool:
    wire = connect(server, token, **fields)
    line = wire.line()
    assert line in (b"PONG", VIOLATION)
    wire.close()
    return line == b"PONG"


def why(server, token="", **fields) -> str:
    """The log's reason for refusing this token."""
    def whole_lines():
        return re.findall("authentication error.*\n", server.log())

    before = len(whole_lines())
    assert not is_in(server, token, **fields)
    servers.wait_until(lambda: len(whole_lines()) > before, "a reason")
    return whole_lines()[-1].rstrip("\n").split("oidc: ", 1)[1]


def reload(server, config: str):
    server.config_path.write_text(config)
    count = server.log().count("Reloaded server configuration")
    server.signal("HUP")
    servers.wait_until(
        lambda: server.log().count("Reloaded server configuration") > count, "the reload")


# ---- which tokens let in

@pytest.mark.parametrize("field", ["auth_token", "jwt"])
def test_a_token_lets_in(start, issuer, field):
    server = start(config=configuration(issuer))
    assert is_in(server, make_token(KEY, issuer.claims()), field=field)
    assert not is_in(server)
    assert not is_in(server, "secret")


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                                       "ES256", "ES384", "ES512", "EdDSA"])
def test_algorithms(start, issuer, algorithm):
    kind = {"RS": "RSA", "PS": "RSA", "ES256": "P-256", "ES384": "P-384", "ES512": "P-521",
            "Ed": "Ed25519"}
    key = KEYS[kind.get(algorithm) or kind[algorithm[:2]]]
    server = start(config=configuration(issuer))
    token = make_token(key, issuer.claims(), algorithm)
    assert is_in(server, token)
    # Without a name each key that may have signed is tried.
    assert is_in(server, make_token(key, issuer.claims(), algorithm, kid=None))
    head, _, _ = token.rpartition(".")
    assert not is_in(server, f"{head}.{encode(key.sign(algorithm, b'something else'))}")


@pytest.mark.parametrize("claims, reason", [
    ({"aud": "other"}, 'aud is "other", expected "nats"'),
    ({"aud": ["x", "y"]}, 'aud is ["x", "y"], expected "nats"'),
    ({"aud": None}, 'aud is missing, expected "nats"'),
    ({"exp": 1000}, "the token has expired: exp is 1000, now is"),
    ({"exp": None}, "exp is missing"),
    ({"exp": "tomorrow"}, 'exp is "tomorrow", not a time'),
    ({"nbf": 9000000000}, "the token is not valid yet: nbf is 9000000000, now is"),
    ({"iat": 9000000000}, "the token is not valid yet: iat is 9000000000, now is"),
    ({"sub": None}, "sub is missing, expected a name"),
    ({"iss": "https://elsewhere"}, 'iss is "https://elsewhere", expected "http://127.0.0.1:'),
])
def test_claims_that_do_not(start, issuer, claims, reason):
    server = start(config=configuration(issuer))
    token = make_token(KEY, issuer.claims(**claims))
    assert why(server, token).startswith(reason)
    assert token not in server.log() and token.rpartition(".")[2] not in server.log()


def test_audiences_and_leeway(start, issuer):
    server = start(config=configuration(issuer, "audience: [a, nats]\nleeway: \"1m\""))
    now = int(time.time())
    for claims in ({"aud": "a"}, {"aud": ["z", "nats"]}, {"exp": now - 20},
                   {"nbf": now + 20, "iat": now + 20}, {"exp": now + 100.5}):
        assert is_in(server, make_token(KEY, issuer.claims(**claims))), claims
    assert not is_in(server, make_token(KEY, issuer.claims(exp=now - 120)))


def test_forgeries(start, issuer):
    server = start(config=configuration(issuer))
    claims = issuer.claims()
    good = make_token(KEY, claims)

    def unsigned(**header) -> str:
        return encode({"alg": "none", **header}) + "." + encode(claims) + "."

    assert why(server, unsigned()) == 'alg "none" is not accepted'
    assert why(server, unsigned(alg="None")) == 'alg "None" is not accepted'
    # The public key as the secret of a symmetric signature.
    text = encode({"alg": "HS256", "kid": "rsa"}) + "." + encode(claims)
    digest = hmac.new(KEYS["RSA"].public_pem, text.encode(), hashlib.sha256).digest()
    assert why(server, f"{text}.{encode(digest)}") == 'alg "HS256" is not accepted'
    # Another's key: by the same name, or brought along in the header.
    assert why(server, make_token(IMPOSTOR, claims)) == (
        'the signature is not of the issuer\'s key "p-256"')
    assert "the issuer's key" in why(server, make_token(IMPOSTOR, claims, jwk=IMPOSTOR.public,
                                                        jku="http://127.0.0.1:1/"))
    # A key of another type than the algorithm's.
    assert why(server, make_token(KEY, claims, kid="rsa")) == (
        'kid "rsa" is none of the issuer\'s keys for ES256')
    # Signed claims, exchanged.
    header, _, signature = good.split(".")
    other = f"{header}.{encode(issuer.claims(sub='root'))}.{signature}"
    assert why(server, other) == 'the signature is not of the issuer\'s key "p-256"'
    assert why(server, make_token(KEY, claims, crit=["exp"])) == "the token's header has crit"
    assert is_in(server, good)


def test_malformed_tokens(start, issuer):
    server = start(config=configuration(issuer, extra="max_control_line: 128KB"))
    head = encode({"alg": "ES256"})
    for token in ("ey..", "eyJ.eyJ.eyJ", f"{head}.{encode(b'[')}.x", f"{head}.{encode([])}.x",
                  f"{head}.{encode(b'{' * 9000)}.x", "ey." + "a" * 60000 + ".b",
                  head + "." + encode(b'{"a":' + b"[" * 20000) + ".x"):
        assert not is_in(server, token)
    assert is_in(server, make_token(KEY, issuer.claims()))


@pytest.mark.parametrize("field", ["auth_token", "jwt"])
def test_a_token_is_not_shown(start, issuer, field):
    server = start("-DV", "-m", "-1", config=configuration(issuer))
    token = make_token(KEY, issuer.claims())
    wire = connect(server, token, field=field)
    assert wire.line() == b"PONG"
    server.wait_log(r"\[TRC\] .*CONNECT")
    assert token not in server.log()
    assert token not in json.dumps(server.json("/connz?auth=1"))


# ---- as whom

def bearer(server, token) -> dict:
    """What /connz says of the bearer."""
    wire = connect(server, token)
    assert wire.line() == b"PONG"
    shown = server.json("/connz?auth=1")["connections"][-1]
    wire.close()
    return shown


def test_account_and_user_of_claims(start, issuer):
    server = start("-m", "-1", config=configuration(
        issuer, "account_claim: org.team\nuser_claim: email", extra="system_account: S",
        accounts="A {}, B {}, S {}"))
    token = make_token(KEY, issuer.claims(email="ann@x.org", org={"team": "B"}))
    shown = bearer(server, token)
    assert (shown["account"], shown["authorized_user"]) == ("B", "ann@x.org")
    assert token not in json.dumps(shown)
    for team, reason in (("C", "which is no account"), ("S", "which is no account"),
                         ("$SYS", "which is no account"), (["A"], "expected a name"),
                         (None, "expected a name")):
        token = make_token(KEY, issuer.claims(email="ann@x.org", org={"team": team}))
        assert reason in why(server, token)


def test_a_fixed_account(start, issuer):
    server = start("-m", "-1", config=configuration(issuer, "account: A"))
    shown = bearer(server, make_token(KEY, issuer.claims()))
    assert (shown["account"], shown["authorized_user"]) == ("A", "ann")


def publish(server, token, *subjects) -> list:
    """Which of these may not be published to."""
    wire = connect(server, token)
    assert wire.line() == b"PONG"
    for subject in subjects:
        wire.send(f"PUB {subject} 0\r\n\r\n".encode())
    wire.send(b"PING\r\n")
    refused = []
    while (line := wire.line()) != b"PONG":
        refused.append(line.decode().split('"')[1])
    wire.close()
    return refused


def test_permissions_of_a_claim(start, issuer):
    server = start(config=configuration(issuer, "permissions_claim: nats.permissions"))
    rights = {"publish": {"allow": ["a.>"], "deny": ["a.secret"]}, "subscribe": ["b"]}
    token = make_token(KEY, issuer.claims(nats={"permissions": rights}))
    assert publish(server, token, "a.b", "a.secret", "b") == ["a.secret", "b"]
    assert why(server, make_token(KEY, issuer.claims())) == "nats.permissions is missing"


def test_permissions_of_roles(start, issuer):
    roles = ("roles_claim: scope\nroles { reader: { publish: q, subscribe: \">\" }\n"
             "writer: { publish: [\"a.>\"] } }")
    server = start(config=configuration(issuer, roles))
    token = make_token(KEY, issuer.claims(scope="openid reader"))
    assert publish(server, token, "q", "a.b") == ["a.b"]
    token = make_token(KEY, issuer.claims(scope=["reader", "writer"]))
    assert publish(server, token, "q", "a.b", "c") == ["c"]
    assert why(server, make_token(KEY, issuer.claims(scope="openid"))) == (
        'scope is "openid", which names none of the roles of the configuration')


def test_default_permissions(start, issuer):
    server = start(config=configuration(issuer, beside="default_permissions: { publish: d }"))
    assert publish(server, make_token(KEY, issuer.claims()), "d", "e") == ["e"]


# ---- beside other ways to log in

def test_users_and_tokens(start, issuer):
    server = start(config=configuration(
        issuer, beside="users: [ { user: bob, password: b }, { user: nobody, password: n } ]",
        extra="no_auth_user: nobody"))
    assert is_in(server, user="bob", **{"pass": "b"})
    assert not is_in(server, user="bob", **{"pass": "x"})
    assert is_in(server)
    assert is_in(server, make_token(KEY, issuer.claims()))
    assert "expired" in why(server, make_token(KEY, issuer.claims(exp=1000)))
    # What is not the issuer's is for the others to judge, and the log says both.
    token = make_token(KEY, issuer.claims(iss="https://elsewhere"))
    assert "iss is" in why(server, token)


def test_beside_a_static_token(start, issuer):
    server = start(config=configuration(issuer, beside="token: secret", accounts=""))
    assert is_in(server, "secret")
    assert is_in(server, make_token(KEY, issuer.claims()))
    assert not is_in(server, "other")


def test_trusted_proxies_alone_let_nobody_in(start, issuer):
    key = "UCNGL4W5QX66CFX6A6DCBVDH5VOHMI7B2UZZU7TXAUQQSI2JPHULCKBR"
    server = start(config=configuration(issuer, extra=f"proxies {{ trusted: [ {{ key: {key} }} ] }}"))
    assert not is_in(server)
    assert is_in(server, make_token(KEY, issuer.claims()))


# ---- keys: where they come from, and when they change

def test_rotation(start, issuer):
    server = start(config=configuration(issuer))
    assert is_in(server, make_token(KEY, issuer.claims()))
    assert "kid" in why(server, make_token(OTHER, issuer.claims()))
    issuer.keys = [OTHER.public]

    def rotated():
        return is_in(server, make_token(OTHER, issuer.claims()))

    servers.wait_until(rotated, "the new key")
    assert why(server, make_token(KEY, issuer.claims())).startswith(
        'kid "p-256" is none of the issuer\'s keys')


def test_a_flood_of_unknown_keys_fetches_once(start, issuer):
    server = start(config=configuration(issuer, "jwks_retry: \"1h\""))
    assert is_in(server, make_token(KEY, issuer.claims()))
    before = issuer.key_requests()
    for number in range(50):
        token = make_token(KEY, issuer.claims(), kid=f"unknown {number}")
        assert "is none of the issuer's keys" in why(server, token)
    assert issuer.key_requests() == before


def test_a_dead_issuer(start, issuer):
    server = start(config=configuration(issuer))
    assert is_in(server, make_token(KEY, issuer.claims()))
    issuer.status = 503
    why(server, make_token(OTHER, issuer.claims()))
    servers.wait_until(lambda: why(server, make_token(OTHER, issuer.claims())).endswith(
        "503 Service Unavailable"), "a failed fetch")
    server.wait_log(r"\[WRN\] OIDC: keys of \S+ could not be fetched, those of before stay in use: "
                    r"Get \S+: 503 Service Unavailable")
    assert is_in(server, make_token(KEY, issuer.claims()))
    issuer.status = 200
    server.wait_log(r"OIDC: keys of \S+: 5 fetched\n(.*\n)*.*OIDC: keys of \S+: 5 fetched")


def test_an_issuer_that_comes_later(start, issuer):
    issuer.status = 500
    server = start(config=configuration(issuer))
    server.wait_log(r"\[WRN\] OIDC: keys of \S+ could not be fetched, nobody can log in by them")
    assert why(server, make_token(KEY, issuer.claims())).startswith("there are no keys of the issuer")
    issuer.status = 200
    servers.wait_until(lambda: is_in(server, make_token(KEY, issuer.claims())), "the keys")


def test_a_slow_issuer_holds_up_its_own_alone(start, issuer):
    issuer.gate.clear()
    hashed = "$2a$04$MQC1U1GU8V.bq9wPH4nDOeFSYp6f8vaWQxTtvQ/jCVnTAmaIq5Fzi"
    server = start(config=configuration(
        issuer, beside=f'users: [ {{ user: bob, password: b }}, {{ user: hash, password: "{hashed}" }} ]'))
    waiting = [connect(server, make_token(KEY, issuer.claims())) for _ in range(50)]
    bob = connect(server, user="bob", **{"pass": "b"})
    assert bob.line() == b"PONG"
    # Those who need the pool are not behind them.
    assert not is_in(server, user="hash", **{"pass": "wrong"})
    bob.send(b"SUB a 1\r\nPUB a 2\r\nhi\r\nPING\r\n")
    assert bob.line() == b"MSG a 1 2"
    issuer.gate.set()
    for wire in waiting:
        assert wire.line() == b"PONG"
    assert issuer.key_requests() == 1


def test_old_keys_are_fetched_anew(start, issuer):
    server = start(config=configuration(issuer, "jwks_refresh: \"50ms\""))
    servers.wait_until(lambda: issuer.key_requests() >= 3, "three fetches")
    assert is_in(server, make_token(KEY, issuer.claims()))


def test_cache_control_says_how_long(start, issuer):
    issuer.headers = {"Cache-Control": "max-age=600"}
    server = start(config=configuration(issuer, "jwks_refresh: \"1ms\""))
    for _ in range(20):
        assert is_in(server, make_token(KEY, issuer.claims()))
    assert issuer.key_requests() == 1


def test_keys_of_a_url(start, issuer):
    server = start(config=configuration(issuer, f'jwks_url: "{issuer.url}/keys"'))
    assert is_in(server, make_token(KEY, issuer.claims()))
    assert "/.well-known/openid-configuration" not in issuer.requests


def test_keys_of_a_file(start, issuer, tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [KEY.public]}))
    config = configuration(issuer, f'jwks_file: "{path}"')
    server = start(config=config)
    wire = connect(server, make_token(KEY, issuer.claims()))
    assert wire.line() == b"PONG"
    assert issuer.requests == []
    assert not is_in(server, make_token(OTHER, issuer.claims()))
    # A reload reads it again, and who came in by a key that is gone has to go.
    path.write_text(json.dumps({"keys": [OTHER.public]}))
    reload(server, config)
    assert wire.line() == VIOLATION
    assert is_in(server, make_token(OTHER, issuer.claims()))


def test_discovery_of_another_issuer(start, issuer):
    issuer.discovery = {"issuer": "http://elsewhere"}
    server = start(config=configuration(issuer))
    server.wait_log('issuer is "http://elsewhere", expected "http://127.0.0.1')
    assert not is_in(server, make_token(KEY, issuer.claims()))


# ---- https

def test_https(start):
    with Issuer(KEY, certificate=server_certificate()) as issuer:
        trusting = start(config=configuration(issuer, f'ca_file: "{authority().path}"'))
        assert is_in(trusting, make_token(KEY, issuer.claims()))
        strange = start(config=configuration(issuer, f'ca_file: "{stranger().path}"'))
        strange.wait_log("tls: failed to verify certificate: x509: certificate signed by unknown "
                         "authority")
        assert not is_in(strange, make_token(KEY, issuer.claims()))
        rooted = start(config=configuration(issuer), env={"SSL_CERT_FILE": authority().path})
        assert is_in(rooted, make_token(KEY, issuer.claims()))
        # Keys of an issuer of https are not fetched over http.
        issuer.discovery = {"jwks_uri": issuer.url.replace("https", "http") + "/keys"}
        server = start(config=configuration(issuer, f'ca_file: "{authority().path}"'))
        server.wait_log("expected an https URL")


def test_https_of_another_name(start):
    certificate = authority().issue("elsewhere", names="DNS:elsewhere.test,IP:127.0.0.2")
    with Issuer(KEY, certificate=certificate) as issuer:
        server = start(config=configuration(issuer, f'ca_file: "{authority().path}"'))
        server.wait_log(r"could not be fetched.*tls: failed to verify certificate: x509: ")
        assert not is_in(server, make_token(KEY, issuer.claims()))


# ---- sessions end

def test_an_expired_token_ends_its_session(start, issuer):
    server = start(config=configuration(issuer, "leeway: \"0s\""))
    wire = connect(server, make_token(KEY, issuer.claims(exp=int(time.time()) + 2)))
    assert wire.line() == b"PONG"
    assert wire.line() == b"-ERR 'User Authentication Expired'"


def test_reload(start, issuer):
    server = start("-m", "-1", config=configuration(issuer, "account_claim: team"))
    ann = connect(server, make_token(KEY, issuer.claims(team="A")))
    bob = connect(server, make_token(KEY, issuer.claims(sub="bob", team="B")))
    assert ann.line() == bob.line() == b"PONG"
    before = issuer.key_requests()
    # An account that is gone takes its sessions along; the others stay, unasked.
    reload(server, configuration(issuer, "account_claim: team", accounts="A {}"))
    with pytest.raises(Closed):
        while bob.line():
            pass
    ann.send(b"PING\r\n")
    assert ann.line() == b"PONG"
    assert issuer.key_requests() == before
    # Another audience: nobody's token is good any more.
    reload(server, configuration(issuer, "account_claim: team\naudience: other", accounts="A {}"))
    assert ann.line() == VIOLATION
    assert "Reloaded: authorization oidc" in server.log()


def test_reload_in_and_out(start, issuer):
    server = start(config="port: -1\n")
    anybody = connect(server)
    assert anybody.line() == b"PONG"
    reload(server, configuration(issuer))
    assert anybody.line() == VIOLATION
    wire = connect(server, make_token(KEY, issuer.claims()))
    assert wire.line() == b"PONG"
    reload(server, "port: -1\n")
    assert is_in(server)


# ---- a client

def test_nats_py(start, issuer):
    server = start(config=configuration(issuer, "account: A"))

    async def talk(token):
        connection = await nats.connect(server.url, token=token, allow_reconnect=False)
        subscription = await connection.subscribe("greet")
        await connection.publish("greet", b"hello")
        message = await subscription.next_msg(timeout=servers.PATIENCE)
        await connection.close()
        return message.data

    assert asyncio.run(talk(make_token(KEY, issuer.claims()))) == b"hello"
    with pytest.raises(nats.errors.Error):
        asyncio.run(talk(make_token(KEY, issuer.claims(aud="other"))))
