"""Auth callout in operator mode: an account's claim names its service, and whoever else brings a
claim of that account is whom the service says.

Verdicts and texts are nats-server's: run with MIDGE_SERVER set to it to see.
"""

import asyncio
import pathlib
import time

import nats
import pytest

from harness import server as servers
from harness.callout import (Asking, Curve, Question, Service, across_loops, claims_of,
                             subscribed, user_jwt)
from harness.claims import NO_LIMITS, USER_LIMITS, Key, Session, make_token

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "nsc" / "callout"
VIOLATION = "-ERR 'Authorization Violation'"
OPERATOR = Key("O", "operator")
SYSTEM, AUTH, APP, OTHER = (Key("A", name) for name in ("system", "auth", "app", "other"))
AUTH_SIGNER, APP_SIGNER, ROLE, STRANGER = (
    Key("A", name) for name in ("auth signer", "app signer", "role", "stranger"))
GUEST, SERVICE, SYSTEM_USER = (Key("U", name) for name in ("guest", "service", "system user"))
CURVE = Curve("service")
NOW = int(time.time())

DENY_ALL = {"pub": {"deny": [">"]}, "sub": {"deny": [">"]}}
SENTINEL = make_token("user", GUEST, AUTH, {**USER_LIMITS, **DENY_ALL, "bearer_token": True,
                                            "tags": ["x:1"]}, name="sentinel")
SIGNING_GUEST = make_token("user", GUEST, AUTH, USER_LIMITS, name="guest")
SERVICE_USER = make_token("user", SERVICE, AUTH, USER_LIMITS, name="service")
SYSTEM_JWT = make_token("user", SYSTEM_USER, SYSTEM, USER_LIMITS)
SCOPED = {"kind": "user_scope", "key": ROLE.public, "role": "r", "template": {
    **USER_LIMITS, "pub": {"allow": ["a.{{name()}}"]}, "sub": {"allow": ["_INBOX.>"]}}}


def auth_account(allowed=(APP.public,), xkey="", **head) -> str:
    authorization = {"auth_users": [SERVICE.public], "allowed_accounts": list(allowed)}
    if xkey:
        authorization["xkey"] = str(xkey)
    return make_token("account", AUTH, OPERATOR, {
        "limits": NO_LIMITS, "signing_keys": [AUTH_SIGNER.public],
        "authorization": authorization}, name="AUTH", **head)


def app_account(body=None, **head) -> str:
    return make_token("account", APP, OPERATOR, {
        "limits": NO_LIMITS, "signing_keys": [APP_SIGNER.public, SCOPED],
        "default_permissions": {"pub": {"allow": ["default.>"]}}, **(body or {})},
        name="APP", **head)


def configuration(auth=None, app=None, extra="", timeout=2) -> str:
    operator = make_token("operator", OPERATOR, OPERATOR, {"system_account": SYSTEM.public})
    accounts = {SYSTEM: make_token("account", SYSTEM, OPERATOR, {"limits": NO_LIMITS}, name="SYS"),
                AUTH: auth or auth_account(), APP: app or app_account(),
                OTHER: make_token("account", OTHER, OPERATOR, {"limits": NO_LIMITS}, name="OTHER")}
    preload = "\n".join(f"{key}: {token}" for key, token in accounts.items())
    return (f"operator: {operator}\nresolver: MEMORY\nresolver_preload {{\n{preload}\n}}\n"
            f"authorization {{ timeout: {timeout} }}\n{across_loops()}{extra}\n")


def service_of(server, curve=None) -> Service:
    return Service(server.port, SERVICE_USER, SERVICE, curve=curve)


def ask(server, service, token=SENTINEL, key=None, **fields):
    fields = fields or {"user": "ann", "pass": "secret"}
    client = Asking(server.port, token, key, **fields)
    return client, service.next()


def said(client) -> list:
    client.send("PING\r\n")
    lines = [client.next_line()]
    while lines[-1] not in ("PONG", ""):
        lines.append(client.next_line())
    return [line for line in lines if line != "PING"]


def may_publish(client, subject: str) -> bool:
    client.send(f"PUB {subject} 1\r\nx\r\n")
    return said(client) == ["PONG"]


def push(server, token: str):
    """The system account's user pushes a claim."""
    session = Session(server.port)
    assert session.login(SYSTEM_JWT, SYSTEM_USER) == "PONG"
    account = claims_of(token)["sub"]
    assert "jwt updated" in session.request(f"$SYS.REQ.ACCOUNT.{account}.CLAIMS.UPDATE", token)
    session.close()


# ---- the question

@pytest.mark.rows("AUTH-51", "AUTH-52")
def test_the_question(start):
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    assert question.claims["sub"] == AUTH.public
    assert question.claims["aud"] == "nats-authorization-request"
    assert question.nats["server_id"] == {
        "name": question.server, "host": "127.0.0.1", "id": question.server, "version": "2.15.2"}
    assert question.nats["client_info"] == {
        "host": "127.0.0.1", "id": client.info["client_id"], "user": "ann", "tags": ["x:1"],
        "name_tag": "sentinel", "kind": "Client", "type": "nats"}
    assert question.nats["connect_opts"] == {
        "jwt": SENTINEL, "user": "ann", "pass": "secret", "lang": "python", "version": "1.2.3",
        "protocol": 0}


@pytest.mark.rows("AUTH-51", "AUTH-52")
def test_a_guest_that_signs(start):
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service, SIGNING_GUEST, GUEST, name="c")
    info, options = question.nats["client_info"], question.nats["connect_opts"]
    assert info["nonce"] == client.info["nonce"] and info["user"] == GUEST.public
    assert options["jwt"] == SIGNING_GUEST and len(options["sig"]) == 86
    service.answer(question, AUTH, user_jwt(question, APP))
    assert client.next_line() == "PONG"


@pytest.mark.rows("AUTH-28", "AUTH-51")
@pytest.mark.parametrize("brought", ["", "no claim"])
def test_a_default_sentinel(start, brought):
    server = start(config=configuration(extra=f"default_sentinel: {SENTINEL}"))
    service = service_of(server)
    client, question = ask(server, service, brought, user="ann")
    assert question.nats["connect_opts"]["jwt"] == SENTINEL
    service.grant(question, APP, response_issuer=AUTH)
    assert client.next_line() == "PONG"


# ---- the answer

def by(issuer, user_issuer=APP, body=None, issuer_account="", **head):
    return lambda s, q: s.answer(q, issuer, user_jwt(q, user_issuer, body, **{"name": "nm", **head}),
                                 issuer_account=issuer_account)


def of_role(**head):
    """A user that says nothing of its rights: its role does."""
    return lambda s, q: s.answer(q, AUTH, make_token(
        "user", q.user, ROLE, {"issuer_account": APP.public, **head.pop("body", {})}, **head))


SIGNED_BY_APP = {"issuer_account": APP.public}
# what is said, account, issuer_key, what may be published
GRANTED = {
    "by the account": (by(AUTH), APP, APP, "default.x"),
    "by its signing key": (by(AUTH_SIGNER, issuer_account=AUTH), APP, APP, "default.x"),
    "by its signing key, unnamed": (by(AUTH_SIGNER), APP, APP, "default.x"),
    "a user of a signing key": (by(AUTH, APP_SIGNER, SIGNED_BY_APP), APP, APP_SIGNER, "default.x"),
    "a user with permissions": (by(AUTH, body={"pub": {"allow": ["b"]}}), APP, APP, "b"),
    "a user of a role": (of_role(name="nm"), APP, ROLE, "a.nm"),
    "a user of the service's account": (by(AUTH, AUTH), AUTH, AUTH, "anything"),
}


@pytest.mark.rows("AUTH-10", "AUTH-11", "AUTH-12", "AUTH-51", "AUTH-53")
@pytest.mark.parametrize("case", GRANTED)
def test_granted(start, case):
    say, account, issuer_key, subject = GRANTED[case]
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    say(service, question)
    assert client.next_line() == "PONG"
    [shown] = [c for c in server.json("/connz?auth=1")["connections"]
               if c.get("authorized_user") == "nm"]
    assert shown["account"] == account.public and shown["issuer_key"] == issuer_key.public
    assert shown["name_tag"] == {APP: "APP", AUTH: "AUTH"}[account]
    assert shown["tags"] == ["x:1"] and "jwt" not in shown
    assert may_publish(client, subject)
    assert not may_publish(client, "$SYS.REQ.USER.AUTH")


@pytest.mark.rows("AUTH-51")
def test_any_account_is_allowed(start):
    server = start("-m", "-1", config=configuration(auth_account(["*"])))
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, OTHER, response_issuer=AUTH)
    assert client.next_line() == "PONG"
    shown = server.json("/connz?auth=1")["connections"][-1]
    assert shown["authorized_user"] == "ann" and shown["account"] == OTHER.public


REFUSED = {
    "response of the target": (by(APP), "Auth callout signing key is unknown"),
    "response of a stranger": (by(STRANGER), "Auth callout signing key is unknown"),
    "response for another account": (
        by(AUTH_SIGNER, issuer_account=APP),
        f'Auth callout response issuer account "{APP}" is not the callout account'),
    "an account that is not allowed": (
        by(AUTH, OTHER), f'Account "{OTHER}" not permitted as valid account option for auth '
                         f'callout for account "{AUTH}"'),
    "an unknown account": (
        by(AUTH, STRANGER), f'Account "{STRANGER}" not permitted as valid account option'),
    "an unknown signing key": (
        by(AUTH, STRANGER, SIGNED_BY_APP), f'User JWT issuer "{STRANGER}" is not known'),
    "rights beside a role": (
        of_role(name="nm", body={**USER_LIMITS}),
        "User JWT is not valid: scoped users require no permissions or limits set"),
    "an error": (lambda s, q: s.answer(q, AUTH, error="no"),
                 "Auth callout service returned an error: no"),
}


@pytest.mark.rows("AUTH-51", "AUTH-53")
@pytest.mark.parametrize("case", REFUSED)
def test_refused(start, case):
    say, why = REFUSED[case]
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    say(service, question)
    assert client.next_line() == VIOLATION
    servers.wait_until(lambda: why in server.log(), why)
    if servers.kind() == "midge":
        assert f'authentication error - User "ann": {why}' in server.log()


@pytest.mark.rows("AUTH-51")
def test_who_is_not_asked_about(start):
    server = start(config=configuration())
    service = service_of(server)
    # The service itself, users of other accounts, and whoever has no good claim.
    assert Session(server.port).login(SERVICE_USER, SERVICE) == "PONG"
    user_of_app = make_token("user", GUEST, APP, USER_LIMITS)
    assert Session(server.port).login(user_of_app, GUEST) == "PONG"
    for token, key in (("", None), (SERVICE_USER, GUEST), (SIGNING_GUEST, SERVICE),
                       (make_token("user", GUEST, AUTH, {**USER_LIMITS, "bearer_token": True},
                                   exp=1000), None)):
        session = Session(server.port, patience=10)
        assert session.login(token, key, user="ann") == VIOLATION
    service.send("PUB $SYS.REQ.USER.AUTH 1\r\nx\r\n")
    assert said(service) == [
        "-ERR 'Permissions Violation for Publish to \"$SYS.REQ.USER.AUTH\"'", "PONG"]


# ---- xkey

@pytest.mark.rows("AUTH-51", "AUTH-52")
def test_a_sealed_question(start):
    server = start(config=configuration(auth_account(xkey=CURVE)))
    service = service_of(server, CURVE)
    client, question = ask(server, service)
    assert question.xkey == client.info["xkey"] and question.raw.startswith(b"xkv1")
    service.grant(question, APP, response_issuer=AUTH, encrypt=True)
    assert client.next_line() == "PONG"
    # In the open it has to be signed by the account.
    for issuer, line in (AUTH, "PONG"), (APP, VIOLATION):
        client, question = ask(server, service)
        service.grant(question, APP, response_issuer=issuer)
        assert client.next_line() == line


# ---- changes

def midge_only(reason: str):
    return pytest.mark.skipif(servers.kind() == "peer", reason=reason)


def two_sessions(server, service):
    """One by a signing key of APP, one by its role."""
    by_signer, question = ask(server, service)
    service.answer(question, AUTH, user_jwt(question, APP_SIGNER, SIGNED_BY_APP, name="nm"))
    by_role, question = ask(server, service, user="bob")
    of_role(name="bob")(service, question)
    assert (by_signer.next_line(), by_role.next_line()) == ("PONG", "PONG")
    return by_signer, by_role


@pytest.mark.rows("AUTH-51")
def test_a_changed_claim_judges_who_is_in(start):
    server = start(config=configuration())
    service = service_of(server)
    by_signer, by_role = two_sessions(server, service)
    # Without the signing key, nobody that it signed.
    push(server, app_account({"signing_keys": [SCOPED]}, iat=NOW))
    assert by_signer.next_line() == (VIOLATION if servers.kind() == "midge" else "")
    assert said(by_role) == ["PONG"]
    assert said(service) == ["PONG"]  # and it was asked nothing


@pytest.mark.rows("AUTH-17", "AUTH-51")
def test_revocation(start):
    server = start(config=configuration())
    service = service_of(server)
    by_signer, by_role = two_sessions(server, service)
    push(server, app_account({"revocations": {"*": int(time.time()) + 10}}, iat=NOW))
    for session in by_signer, by_role:
        assert session.next_line().startswith("-ERR ") and session.next_line() == ""


@pytest.mark.rows("AUTH-51")
@midge_only("nats-server looks at new logins only")
def test_an_account_that_is_not_allowed_any_more(start):
    server = start(config=configuration())
    service = service_of(server)
    by_signer, by_role = two_sessions(server, service)
    push(server, auth_account([OTHER.public], iat=NOW))
    for session in by_signer, by_role:
        assert session.next_line() == VIOLATION


# ---- what nsc made, and an official client

@pytest.mark.rows("AUTH-51", "AUTH-52", "AUTH-53")
def test_what_nsc_made(start):
    server = start("-m", "-1", config=(FIXTURES / "server.conf").read_text())
    keys = {name: Key.from_seed((FIXTURES / f"{name}.nk").read_text().strip())
            for name in ("auth", "app")}

    async def answer_questions(message):
        question = Question(message.reply, message.headers or {}, message.data, None)
        options = question.nats["connect_opts"]
        # nats-py sends no user beside its credentials file: this service goes by the name.
        body = ({"jwt": user_jwt(question, keys["app"], name="ann")} if options["name"] == "ann"
                else {"error": "who is that"})
        token = make_token("authorization_response", question.user, keys["auth"], body,
                           aud=question.server)
        await message.respond(token.encode())

    def connect(creds, **options):
        return nats.connect(server.url, user_credentials=str(FIXTURES / f"{creds}.creds"),
                            allow_reconnect=False, max_reconnect_attempts=1, **options)

    async def play():
        service = await connect("service")
        await service.subscribe("$SYS.REQ.USER.AUTH", cb=answer_questions)
        await subscribed(server, 1)
        client = await connect("sentinel", name="ann")
        subscription = await client.subscribe("hello")
        await client.publish("hello", b"there")
        assert (await subscription.next_msg(timeout=servers.PATIENCE)).data == b"there"
        [shown] = [c for c in server.json("/connz?auth=1")["connections"]
                   if c.get("authorized_user") == "ann"]
        assert shown["account"] == keys["app"].public
        with pytest.raises(Exception, match="Authorization Violation"):
            await connect("sentinel", name="bob")
        await client.close()
        await service.close()

    asyncio.run(asyncio.wait_for(play(), 6 * servers.PATIENCE))
