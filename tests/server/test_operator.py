"""Operator mode: who is let in by which chain of claims, and what nsc made works.

Each claim is made here, from keys that are the same in each run, so that a case is one change to a
login that is good. The verdicts are nats-server's: run with MIDGE_SERVER set to it to see.
"""

import asyncio
import datetime
import pathlib
import time

import nats
import nats.errors
import pytest

from harness.claims import LONG_AGO, NO_LIMITS, USER_LIMITS, Key, Session, make_token, read_creds

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "nsc"
VIOLATION = "-ERR 'Authorization Violation'"

OPERATOR, OPERATOR_SIGNER = Key("O", "operator"), Key("O", "operator signer")
STRANGER = Key("O", "stranger")
SYSTEM, ACCOUNT, SIGNER, ROLE = (Key("A", name) for name in ("system", "acc", "signer", "role"))
OTHER = Key("A", "other")
USER, OTHER_USER = Key("U", "user"), Key("U", "other user")


def configuration(*accounts, operator_body=None, extra="", resolver="MEMORY") -> str:
    """A server's configuration with these (key, token) preloaded."""
    operator = make_token("operator", OPERATOR, OPERATOR,
                          {"signing_keys": [OPERATOR_SIGNER.public],
                           "system_account": SYSTEM.public, **(operator_body or {})})
    system = make_token("account", SYSTEM, OPERATOR_SIGNER, {"limits": NO_LIMITS}, name="SYS")
    preload = "\n".join(f"{key}: {token}" for key, token in [(SYSTEM, system), *accounts])
    return (f"operator: {operator}\nresolver: {resolver}\n"
            f"resolver_preload {{\n{preload}\n}}\n{extra}\n")


def make_account(body=None, issuer=OPERATOR, key=ACCOUNT, **head) -> str:
    return make_token("account", key, issuer,
                      {"limits": NO_LIMITS, "signing_keys": [SIGNER.public], **(body or {})},
                      **{"name": "acc", **head})


def make_user(body=None, issuer=ACCOUNT, **head) -> str:
    return make_token("user", USER, issuer, {**USER_LIMITS, **(body or {})}, **{"name": "u", **head})


def clock(seconds: int, hours: int = 0) -> str:
    """The time of day, so many seconds from now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return (now + datetime.timedelta(seconds=seconds, hours=hours)).strftime("%H:%M:%S")


def window(start: int, end: int) -> dict:
    return {"times": [{"start": clock(start), "end": clock(end)}], "times_location": "UTC"}


NOW = int(time.time())
SIGNED = {"issuer_account": ACCOUNT.public}

# name, account, user's token, other arguments of the login
ACCEPTED = {
    "AUTH-09 chain": {},
    "AUTH-09 operator's signing key": {"account": make_account(issuer=OPERATOR_SIGNER)},
    "AUTH-10 signing key": {"user": make_user(SIGNED, SIGNER)},
    "AUTH-13 source": {"user": make_user({"src": ["10.0.0.0/8", "127.0.0.1/32"]})},
    "AUTH-13 sources as a text": {"user": make_user({"src": "10.0.0.0/8, 127.0.0.1/32"})},
    "AUTH-13 time": {"user": make_user(window(-600, 600))},
    "AUTH-13 time over midnight": {"user": make_user(window(7200, 3600))},
    "AUTH-15 bearer": {"user": make_user({"bearer_token": True}), "key": None},
    "AUTH-17 issued later": {"account": make_account({"revocations": {"*": LONG_AGO - 1}})},
    "AUTH-19 type": {"user": make_user({"allowed_connection_types": ["X", "standard"]})},
    "AUTH-21 pinned": {"extra": f"resolver_pinned_accounts: [{ACCOUNT}]"},
    "AUTH-28 sentinel": {"user": "", "key": None,
                         "extra": "default_sentinel: " + make_user({"bearer_token": True})},
    "version 1": {"user": make_token("user", USER, ACCOUNT,
                                     {"src": "10.0.0.0/8,127.0.0.1/32", **USER_LIMITS}, version=1)},
    "AUTH-18 activation expired": {"account": make_account({"imports": [{
        "subject": "a", "type": "stream", "account": OTHER.public,
        "token": make_token("activation", ACCOUNT, OTHER, {"subject": "a", "kind": "stream"},
                            exp=LONG_AGO)}]})},
}
REFUSED = {
    "AUTH-09 no token": {"user": ""},
    "AUTH-09 no signature": {"key": None},
    "AUTH-09 another's signature": {"key": OTHER_USER},
    "AUTH-09 forged": {"user": make_token("user", USER, ACCOUNT, USER_LIMITS, signer=OTHER)},
    "AUTH-09 algorithm none": {"user": make_token("user", USER, ACCOUNT, USER_LIMITS,
                                                  header={"typ": "JWT", "alg": "none"})},
    "AUTH-09 signed by an operator": {"user": make_user(issuer=OPERATOR)},
    "AUTH-09 an account as user": {"user": make_account()},
    "AUTH-09 account of a stranger": {"account": make_account(issuer=STRANGER)},
    "AUTH-09 account of its own": {"account": make_account(issuer=ACCOUNT)},
    "AUTH-09 unknown account": {"user": make_user(issuer=OTHER)},
    "AUTH-10 unknown signing key": {"user": make_user(SIGNED, OTHER)},
    "AUTH-10 no issuer_account": {"user": make_user(issuer=SIGNER)},
    "AUTH-13 source": {"user": make_user({"src": ["10.0.0.0/8"]})},
    "AUTH-13 source malformed": {"user": make_user({"src": ["127.0.0.1"]})},
    "AUTH-13 time": {"user": make_user(window(-600, -300))},
    "AUTH-13 unknown zone": {"user": make_user({"times_location": "Nowhere/City"})},
    "AUTH-15 bearer not allowed": {
        "account": make_account({"limits": {**NO_LIMITS, "disallow_bearer": True}}),
        "user": make_user({"bearer_token": True})},
    "AUTH-16 expired": {"user": make_user(exp=NOW - 10)},
    "AUTH-16 not yet": {"user": make_user(nbf=NOW + 1000)},
    "AUTH-16 account expired": {"account": make_account(exp=NOW - 10)},
    "AUTH-17 user": {"account": make_account({"revocations": {USER.public: LONG_AGO}})},
    "AUTH-17 everybody": {"account": make_account({"revocations": {"*": NOW}})},
    "AUTH-19 other type": {"user": make_user({"allowed_connection_types": ["MQTT"]})},
    "AUTH-19 unknown type": {"user": make_user({"allowed_connection_types": ["X"]})},
    "AUTH-20 strict": {"account": make_account(issuer=OPERATOR_SIGNER),
                       "operator_body": {"strict_signing_key_usage": True}},
    "AUTH-20 strict account": {"user": make_user(SIGNED, SIGNER),
                               "operator_body": {"strict_signing_key_usage": True}},
    "AUTH-21 not pinned": {"extra": f"resolver_pinned_accounts: [{OTHER}]"},
    "AUTH-47 subject": {"user": make_user({"pub": {"allow": ["a..b"]}})},
    "AUTH-56 proxy": {"user": make_user({"proxy_required": True})},
    "AUTH-18 activation of another": {"account": make_account({"imports": [{
        "subject": "a", "type": "stream", "account": OTHER.public,
        "token": make_token("activation", OTHER, OTHER, {"subject": "a", "kind": "stream"})}]})},
}


def log_in(start, account=None, user=None, key=USER, operator_body=None, extra="") -> str:
    config = configuration((ACCOUNT, account or make_account()), operator_body=operator_body,
                           extra=extra)
    server = start(config=config)
    session = Session(server.port)
    assert session.info["auth_required"] and len(session.info["nonce"]) == 15
    return session.login(make_user() if user is None else user, key)


@pytest.mark.rows("AUTH-09", "AUTH-10", "AUTH-13", "AUTH-15", "AUTH-17", "AUTH-18", "AUTH-19",
                  "AUTH-21", "AUTH-28")
@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(start, case):
    assert log_in(start, **ACCEPTED[case]) == "PONG"


@pytest.mark.rows("AUTH-09", "AUTH-10", "AUTH-13", "AUTH-15", "AUTH-16", "AUTH-17", "AUTH-18",
                  "AUTH-19", "AUTH-20", "AUTH-21", "AUTH-56")
@pytest.mark.parametrize("case", REFUSED)
def test_refused(start, case):
    assert log_in(start, **REFUSED[case]) == VIOLATION


@pytest.mark.rows("AUTH-09")
def test_a_user_of_version_1_has_no_limits_of_his_own(start):
    server = start(config=configuration((ACCOUNT, make_account())))
    session = Session(server.port)
    user = make_token("user", USER, ACCOUNT, {"pub": {}, "sub": {}}, version=1)
    assert session.login(user, USER) == "PONG"
    session.send("SUB a 1\r\nPING\r\n")
    assert session.next_line() == "PONG"


@pytest.mark.rows("AUTH-20")
def test_asserted_version(start):
    with pytest.raises(RuntimeError, match="expected major version 99 > server major version 2"):
        start(config=configuration(operator_body={"assert_server_version": "99.0.0"}))


def role(**template) -> dict:
    return {"kind": "user_scope", "key": ROLE.public, "role": "r",
            "template": {**USER_LIMITS, **template}}


@pytest.mark.rows("AUTH-11", "AUTH-12", "AUTH-14")
def test_role(start):
    """A scoped signing key's template says what its user may do."""
    account = make_account({"signing_keys": [role(
        pub={"allow": ["a.{{name()}}.{{tag(t)}}"]}, sub={"allow": ["_INBOX.>"]}, payload=4)]})
    server = start(config=configuration((ACCOUNT, account)))
    session = Session(server.port)
    user = make_token("user", USER, ROLE, {**SIGNED, "tags": ["t:1", "t:2"]}, name="bob")
    assert session.login(user, USER) == "PONG"
    session.send("PUB a.bob.1 2\r\nok\r\nPUB a.bob.2 2\r\nok\r\nPING\r\n")
    assert session.next_line() == "PONG"
    session.send("PUB a.bob.3 2\r\nno\r\n")
    assert session.next_line() == "-ERR 'Permissions Violation for Publish to \"a.bob.3\"'"
    session.send("SUB other 1\r\n")
    assert session.next_line() == "-ERR 'Permissions Violation for Subscription to \"other\"'"
    session.send("PUB a.bob.1 5\r\nlarge\r\n")
    assert session.next_line() == "-ERR 'Maximum Payload Violation'"


@pytest.mark.rows("AUTH-16", "CORE-59")
def test_expiry(start):
    """A session ends when its user's claim or its account's does."""
    soon = int(time.time()) + 2
    server = start(config=configuration((ACCOUNT, make_account()),
                                        (OTHER, make_account(key=OTHER, exp=soon))))
    user, of_account = Session(server.port), Session(server.port)
    assert user.login(make_user(exp=soon), USER) == "PONG"
    assert of_account.login(make_user(issuer=OTHER), USER) == "PONG"
    assert user.next_line() == "-ERR 'User Authentication Expired'"
    assert of_account.next_line() == "-ERR 'Account Authentication Expired'"


# ---- what nsc made

def connect(server, creds: str, **options):
    return nats.connect(server.url, user_credentials=str(FIXTURES / f"{creds}.creds"),
                        allow_reconnect=False, max_reconnect_attempts=1, **options)


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


@pytest.fixture
def nsc_server(start):
    return start(config=(FIXTURES / "accounts.conf").read_text())


@pytest.mark.rows("AUTH-09", "AUTH-10")
def test_nsc_users(nsc_server):
    """Users of an nsc store log in and talk; accounts are apart."""

    async def talk():
        alice, carol = await connect(nsc_server, "alice"), await connect(nsc_server, "carol")
        dave = await connect(nsc_server, "dave")
        heard = await alice.subscribe("orders.*")
        apart = await dave.subscribe(">")
        await alice.flush()
        await dave.flush()
        await carol.publish("orders.new", b"1")
        assert (await heard.next_msg(5)).data == b"1"
        await dave.flush()
        with pytest.raises(nats.errors.TimeoutError):
            await apart.next_msg(0.05)
        for client in (alice, carol, dave):
            await client.close()

    run(talk())


@pytest.mark.rows("ACCT-08")
@pytest.mark.parametrize("order", [1, -1])
def test_of_a_cycle_one_import_is_left_out(start, order):
    """Whose depends on who comes first with nats-server, and on nothing here."""
    def account(key, exporter):
        body = {"exports": [{"name": "e", "subject": "a", "type": "stream"}],
                "imports": [{"name": "i", "subject": "a", "account": exporter.public,
                             "local_subject": "a", "type": "stream"}]}
        return key, make_account(body, key=key)

    def read_until(last, session):
        lines = [session.next_line()]
        while lines[-1] != last:
            lines.append(session.next_line())
        return {"0", "1"}.intersection(lines)

    server = start("-D", config=configuration(
        *[account(ACCOUNT, OTHER), account(OTHER, ACCOUNT)][::order]))
    sessions = [Session(server.port) for _ in range(2)]
    for session, owner in zip(sessions, (ACCOUNT, OTHER)):
        assert session.login(make_user(issuer=owner), USER) == "PONG"
        session.send("SUB a 1\r\nPING\r\n")
        assert session.next_line() == "PONG"
    came = [set(), set()]
    for number, session in enumerate(sessions):
        session.send(f"PUB a 1\r\n{number}\r\nPING\r\n")
        came[number] |= read_until("PONG", session)
    for number, session in enumerate(sessions):
        session.send("PUB a 3\r\nend\r\n")
        came[number] |= read_until("end", session)
    assert came in ([{"0", "1"}, {"1"}], [{"0"}, {"0", "1"}])
    server.wait_log("stream import .*: import forms a cycle")


@pytest.mark.rows("AUTH-18", "ACCT-13")
def test_nsc_imports(nsc_server):
    """Streams, a service, and a private stream by its activation."""

    async def talk():
        alice, dave = await connect(nsc_server, "alice"), await connect(nsc_server, "dave")
        invoices = await alice.subscribe("in.>")
        secrets = await alice.subscribe("secrets")

        async def pay(message):
            await message.respond(b"paid " + message.data)

        await dave.subscribe("pay.*", cb=pay)
        await alice.flush()
        await dave.flush()
        await dave.publish("invoices.7", b"due")
        await dave.publish("private.a", b"hush")
        message = await invoices.next_msg(5)
        assert (message.subject, message.data) == ("in.7", b"due")
        assert (await secrets.next_msg(5)).data == b"hush"
        assert (await alice.request("pay.7", b"7", timeout=5)).data == b"paid 7"
        await alice.close()
        await dave.close()

    run(talk())


@pytest.mark.rows("AUTH-11", "AUTH-12")
def test_nsc_role(nsc_server):
    """Bob's role allows his teams and no other."""
    bob = Session(nsc_server.port)
    assert bob.login(*read_creds(FIXTURES / "bob.creds")) == "PONG"
    bob.send("PUB team.red.x 1\r\n1\r\nPUB team.blue.x 1\r\n1\r\nSUB inbox.bob.> 1\r\nPING\r\n")
    assert bob.next_line() == "PONG"
    bob.send("PUB team.green.x 1\r\n1\r\n")
    assert bob.next_line() == "-ERR 'Permissions Violation for Publish to \"team.green.x\"'"


@pytest.mark.rows("AUTH-17", "AUTH-27")
def test_nsc_push(start, tmp_path):
    """A claim that nsc changed is pushed with the system account's creds: alice is out, carol stays."""
    config = (FIXTURES / "accounts.conf").read_text()
    server = start(config=config.replace(
        "resolver: MEMORY", f'resolver: {{type: full, dir: "{tmp_path}/jwt"}}'))
    sessions = {}
    for name in ("alice", "carol", "sys"):
        sessions[name] = Session(server.port)
        assert sessions[name].login(*read_creds(FIXTURES / f"{name}.creds")) == "PONG"
    revoked = (FIXTURES / "ORDERS.alice-revoked.jwt").read_text().strip()
    assert '"jwt updated"' in sessions["sys"].request("$SYS.REQ.CLAIMS.UPDATE", revoked)
    assert sessions["alice"].next_line() == "-ERR 'User Authentication Revoked'"
    sessions["carol"].send("PING\r\n")
    assert sessions["carol"].next_line() == "PONG"
