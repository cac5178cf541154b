"""Auth callout: a service says who may log in, and as whom.

The service is played here step by step (harness/callout.py). What passes and what does not is
nats-server's verdict: run with MIDGE_SERVER set to it to see; `why` is how its log words it.
"""

import asyncio
import base64
import pathlib
import time

import nacl.signing
import nats
import pytest

from harness import server as servers
from harness.callout import (Asking, Curve, Question, Service, across_loops, subscribed,
                             user_jwt)
from harness.claims import NO_LIMITS, Key, Session, make_token
from harness.tls import authority, client_context, server_certificate

VIOLATION = "-ERR 'Authorization Violation'"
ISSUER, OTHER_ISSUER, STRANGER = Key("A", "issuer"), Key("A", "other issuer"), Key("A", "stranger")
SOMEBODY, SERVER_KEY = Key("U", "somebody"), Key("N", "server")
CURVE, OTHER_CURVE = Curve("service"), Curve("other")
NOW = int(time.time())


def midge_only(reason: str):
    return pytest.mark.skipif(servers.kind() == "peer", reason=reason)


def configuration(callout="", timeout=2, extra="", auth_user="auth") -> str:
    """A server with the service's account AUTH, and APP for whom it lets in."""
    return f"""
server_name: here
server_tags: [a, b]
accounts {{
  AUTH {{ users: [ {{ user: auth, password: x }}, {{ user: plain, password: p }} ] }}
  APP {{ users: [ {{ user: app, password: y }} ] }}
  OTHER {{ users: [ {{ user: other, password: z }} ] }}
}}
authorization {{
  timeout: {timeout}
  auth_callout {{ issuer: {ISSUER}, account: AUTH, auth_users: [ {auth_user} ] {callout} }}
}}
{across_loops()}{extra}
"""


def service_of(server, **options) -> Service:
    return Service(server.port, user="auth", **{"pass": "x"}, **options)


def ask(server, service, **fields):
    """A client that waits for its answer, and what the service is asked about it."""
    fields = fields or {"user": "ann", "pass": "secret"}
    client = Asking(server.port, **fields)
    return client, service.next()


def said(client) -> list:
    """All lines up to the next PONG, which comes last, or to the end."""
    client.send("PING\r\n")
    lines = [client.next_line()]
    while lines[-1] not in ("PONG", ""):
        lines.append(client.next_line())
    return [line for line in lines if line != "PING"]


def shown(server, user: str) -> dict:
    """What monitoring says of this user's connection."""
    [found] = [c for c in server.json("/connz?auth=1")["connections"]
               if c.get("authorized_user") == user]
    return {field: found.get(field) for field in
            ("account", "name_tag", "issuer_key", "jwt", "tags", "nkey")}


def reload(server, config: str):
    server.config_path.write_text(config)
    count = server.log().count("Reloaded server configuration")
    server.signal("HUP")
    servers.wait_until(
        lambda: server.log().count("Reloaded server configuration") > count, "the reload")


# ---- the question

@pytest.mark.rows("AUTH-50", "AUTH-52", "AUTH-54")
def test_the_question(start):
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service, user="ann", name="client", **{"pass": "secret"})
    claims = dict(question.claims)
    assert claims["iss"] == question.server == client.info["server_id"]
    assert claims["aud"] == "nats-authorization-request" and claims["sub"] == ISSUER.public
    assert NOW <= claims["iat"] <= claims["exp"] <= claims["iat"] + 2
    assert question.nats == {
        "server_id": {"name": "here", "host": "127.0.0.1", "id": question.server,
                      "version": "2.15.2", "tags": ["a", "b"]},
        "user_nkey": question.user,
        "client_info": {"host": "127.0.0.1", "id": client.info["client_id"], "user": "ann",
                        "name": "client", "kind": "Client", "type": "nats"},
        "connect_opts": {"user": "ann", "pass": "secret", "name": "client", "lang": "python",
                         "version": "1.2.3", "protocol": 0},
        "type": "authorization_request", "version": 2}
    assert question.user.startswith("U") and question.headers == {}
    # The server has signed it.
    assert_signed(question.server, question.token)
    # Each login has a key and a reply of its own.
    _, other = ask(server, service)
    assert other.user != question.user and other.reply != question.reply


def assert_signed(public: str, token: str):
    text, signature = token.rsplit(".", 1)
    raw = base64.b32decode(public + "=" * (-len(public) % 8))[1:33]
    padded = signature + "=" * (-len(signature) % 4)
    nacl.signing.VerifyKey(raw).verify(text.encode(), base64.urlsafe_b64decode(padded))


CREDENTIALS = {
    "token": ({"auth_token": "t"}, "[REDACTED]", {"auth_token": "t"}),
    "nothing": ({}, None, {}),
    "nkey": ({"nkey": SOMEBODY.public, "sig": "abc"}, SOMEBODY.public,
             {"nkey": SOMEBODY.public, "sig": "abc"}),
    "claim": ({"jwt": "eyJhbGciOiJ9.e30.x"}, None, {}),
    "a user that is not the service's": ({"user": "plain", "pass": "p"}, "plain",
                                         {"user": "plain", "pass": "p"}),
    "a user with a wrong password": ({"user": "app", "pass": "no"}, "app",
                                     {"user": "app", "pass": "no"}),
}


@pytest.mark.rows("AUTH-50", "AUTH-52")
@pytest.mark.parametrize("case", CREDENTIALS)
def test_what_the_question_shows(start, case):
    fields, user, options = CREDENTIALS[case]
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service, name="c", **fields)
    assert question.nats["client_info"].get("user") == user
    assert question.nats["connect_opts"] == {
        **options, "name": "c", "lang": "python", "version": "1.2.3", "protocol": 0}
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"
    [other] = [c for c in server.json("/connz?auth=1")["connections"] if c.get("name") == "c"]
    assert other.get("authorized_user") == user and other["account"] == "APP"


@pytest.mark.rows("AUTH-52")
@pytest.mark.parametrize("presents", ["nothing", "a certificate", "a verified certificate"])
def test_what_the_question_shows_of_tls(start, presents):
    verify_clients = "verify: true" if "verified" in presents else ""
    server = start(config=configuration(timeout=servers.PATIENCE, extra=f"""
        tls {{ {server_certificate().files}, ca_file: "{authority().path}", timeout: 5
               {verify_clients} }}"""))
    mine = authority().issue("mine")
    service = service_of(server, context=client_context(mine))
    client, question = ask(server, service, user="ann",
                           context=client_context(None if presents == "nothing" else mine))
    told = question.nats["client_tls"]
    assert told["version"] == "1.3" and told["cipher"].startswith("TLS_")
    chain = [mine.pem.strip(), pathlib.Path(authority().path).read_text().strip()]
    if verify_clients:
        [given] = told["verified_chains"]
        assert [pem.strip() for pem in given] == chain and "certs" not in told
    elif presents == "nothing":
        assert set(told) == {"version", "cipher"}
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"


@pytest.mark.rows("AUTH-50", "AUTH-52")
@midge_only("nats-server tells the password of no_auth_user, too")
def test_the_user_of_those_who_name_none(start):
    server = start(config=configuration(extra="no_auth_user: app"))
    service = service_of(server)
    client, question = ask(server, service, name="c")
    options = question.nats["connect_opts"]
    assert options["user"] == "app" and "pass" not in options
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"


# ---- the answer

def grant(body=None, issuer=ISSUER, **head):
    return lambda service, question: service.grant(question, issuer, body, **{"aud": "APP", **head})


def answer(jwt=None, issuer=ISSUER, **fields):
    """A response with a good user, unless `fields` say otherwise."""
    def say(service, question):
        made = {"jwt": user_jwt(question, ISSUER, aud="APP") if jwt is None else jwt, **fields}
        service.answer(question, issuer, **made)
    return say


GRANTED = {
    "AUTH-50 APP": (grant(), "APP"),
    "AUTH-50 $G": (grant(aud="$G"), "$G"),
    "AUTH-50 AUTH": (grant(aud="AUTH"), "AUTH"),
    "AUTH-50 an account not allowed": (grant(aud="OTHER"), "OTHER"),
    "AUTH-53 type": (grant({"allowed_connection_types": ["STANDARD", "X"]}), "APP"),
    "AUTH-53 response that expires": (answer(exp=NOW + 1000), "APP"),
}


@pytest.mark.rows("AUTH-50", "AUTH-53")
@pytest.mark.parametrize("case", GRANTED)
def test_granted(start, case):
    say, account = GRANTED[case]
    server = start("-m", "-1", config=configuration(", allowed_accounts: [ APP ]"))
    service = service_of(server)
    client, question = ask(server, service)
    say(service, question)
    assert client.next_line() == "PONG"
    told = None if account == "$G" else account  # as for everybody there
    assert shown(server, "ann") == {"account": told, "name_tag": account, "issuer_key": account,
                                    "jwt": None, "tags": None, "nkey": None}


REFUSED = {
    "nothing": (lambda s, q: s.say(q, ""),
                'Auth callout violation: "no reason supplied" on account "AUTH"'),
    "no claim": (lambda s, q: s.say(q, "hello"), "Expected 3 chunks"),
    "a claim of another type": (lambda s, q: s.say(q, user_jwt(q, ISSUER)), ""),
    "an error": (answer(jwt="", error="go away"),
                 "Auth callout service returned an error: go away"),
    "an error of several lines": (answer(jwt="", error="go\n[INF] away") if servers.kind() == "midge"
                                  else answer(jwt="", error="go [INF] away"),
                                  "Auth callout service returned an error: go [INF] away"),
    "a user and an error": (answer(error="go away"),
                            "Authorization response had validation errors: "
                            "Only Error or Jwt can be set"),
    "neither": (answer(jwt=""),
                "Authorization response had validation errors: Error or Jwt is required"),
    "response of a stranger": (answer(issuer=OTHER_ISSUER), "Auth callout signing key is unknown"),
    "response forged": (answer(signer=OTHER_ISSUER), ""),
    "response to another login": (
        answer(sub=SOMEBODY.public),
        "Auth callout violation: auth callout response is not for expected user"),
    "response to another server": (
        answer(aud=SERVER_KEY.public),
        "Auth callout violation: auth callout response is not for server"),
    "response to no server": (answer(aud="x"), "Authorization response had validation errors: "
                              "Audience must be a server public key"),
    "response that has expired": (
        answer(exp=1000), "Authorization response had validation errors: claim is expired"),
    "response from the future": (
        answer(nbf=NOW + 1000),
        "Authorization response had validation errors: claim is not yet valid"),
    "user of a stranger": (
        lambda s, q: s.answer(q, ISSUER, user_jwt(q, OTHER_ISSUER, aud="APP")),
        'Wrong issuer for auth callout response on account "AUTH", '
        f'expected "{ISSUER}" got "{OTHER_ISSUER}"'),
    "user forged": (lambda s, q: s.answer(q, ISSUER, user_jwt(q, ISSUER, aud="APP",
                                                              signer=OTHER_ISSUER)), ""),
    "user of another login": (grant(sub=SOMEBODY.public), "Expected authorized user of "),
    "user that has expired": (grant(exp=1000), "Error validating user JWT: claim is expired"),
    "user that makes no sense": (grant({"pub": {"allow": ["a..b"]}}),
                                 'Error validating user JWT: subject "a..b" '),
    "user in no account": (
        lambda s, q: s.grant(q, ISSUER),
        'No valid account "" for auth callout response on account "AUTH": account missing'),
    "user in an unknown account": (
        grant(aud="NOPE"),
        'No valid account "NOPE" for auth callout response on account "AUTH": account missing'),
    "user with issuer_account": (
        grant({"issuer_account": OTHER_ISSUER.public}),
        'Error non operator mode account "AUTH": attempted to use issuer_account'),
    "user at another time": (
        grant({"times": [{"start": "00:00:00", "end": "00:00:00"}]}),
        'Authorized user on account "AUTH" outside of valid connect times'),
    "user of another type": (grant({"allowed_connection_types": ["MQTT"]}),
                             'Authorized user on account "AUTH" not allowed to use connection type'),
    "user of unknown types": (grant({"allowed_connection_types": ["X"]}),
                              'Authorized user on account "AUTH" using invalid connection type'),
    "user behind a proxy": (grant({"proxy_required": True}), "Proxy connection required"),
    "no user": (answer(jwt=make_token("account", ISSUER, ISSUER, {"limits": NO_LIMITS})),
                "Not user claim"),
}


@pytest.mark.rows("AUTH-50", "AUTH-53")
@pytest.mark.parametrize("case", REFUSED)
def test_refused(start, case):
    say, why = REFUSED[case]
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    say(service, question)
    assert client.next_line() == VIOLATION
    assert client.next_line() == ""
    line = server.wait_log(r'authentication error - User "ann".*').group(0)
    servers.wait_until(lambda: why in server.log(), why)
    if servers.kind() == "midge":
        assert line.startswith('authentication error - User "ann": ' + why)
    assert "secret" not in server.log()
    [closed] = servers.wait_until(
        lambda: server.json("/connz?auth=1&state=closed")["connections"], "the end")
    assert closed["reason"] == ("Proxy Required" if "proxy" in case else "Authentication Failure")


@pytest.mark.rows("AUTH-53")
def test_the_user_is_called_as_the_service_says(start):
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP", name="renamed")
    assert client.next_line() == "PONG"
    assert shown(server, "renamed")["account"] == "APP"


@pytest.mark.rows("AUTH-53")
def test_what_the_user_may_do(start):
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, ISSUER, {"pub": {"allow": ["a.*"]}, "sub": {"deny": ["secret"]}},
                  aud="APP")
    assert client.next_line() == "PONG"
    client.send("PUB a.b 1\r\nx\r\nPUB b 1\r\nx\r\nSUB secret 1\r\n")
    assert said(client) == ["-ERR 'Permissions Violation for Publish to \"b\"'",
                            "-ERR 'Permissions Violation for Subscription to \"secret\"'", "PONG"]


@pytest.mark.rows("AUTH-53")
@midge_only("nats-server ignores them")
def test_limits_of_the_user_hold(start):
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, ISSUER, {"subs": 1, "payload": 3}, aud="APP")
    assert client.next_line() == "PONG"
    client.send("SUB a 1\r\nSUB b 2\r\n")
    assert said(client) == ["-ERR 'maximum subscriptions exceeded'", "PONG"]
    client.send("PUB a 4\r\nlong\r\n")
    assert client.next_line() == "-ERR 'Maximum Payload Violation'"
    client, question = ask(server, service)
    service.grant(question, ISSUER, {"src": ["10.0.0.0/8"]}, aud="APP")
    assert client.next_line() == VIOLATION
    server.wait_log("Bad src Ip 127.0.0.1")


@pytest.mark.rows("AUTH-53")
def test_the_user_expires(start):
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP", exp=int(time.time()) + 2)
    assert client.next_line() == "PONG"
    assert client.next_line() == "-ERR 'User Authentication Expired'"
    assert client.next_line() == ""
    [closed] = server.json("/connz?state=closed")["connections"]
    assert closed["reason"] == "Authentication Expired"


# ---- who is asked about, and who may ask

@pytest.mark.rows("AUTH-50")
def test_the_services_own_users_are_the_configurations_business(start):
    server = start(config=configuration())
    assert Session(server.port).login(user="auth", **{"pass": "wrong"}) == VIOLATION
    assert Session(server.port).login(user="auth", **{"pass": "x"}) == "PONG"


@pytest.mark.rows("AUTH-50")
def test_accounts_that_are_not_allowed_are_the_configurations_business(start):
    server = start(config=configuration(", allowed_accounts: [ APP ]", timeout=0.3))
    # Nobody listens: whoever is asked about does not get in.
    assert Session(server.port).login(user="other", **{"pass": "z"}) == "PONG"
    assert Session(server.port).login(user="app", **{"pass": "y"}) == VIOLATION
    # A wrong password names nobody: the service's business.
    service = service_of(server)
    client, question = ask(server, service, user="other", **{"pass": "wrong"})
    service.answer(question, ISSUER, error="no")
    assert client.next_line() == VIOLATION


@pytest.mark.rows("AUTH-53")
def test_only_the_server_asks(start):
    server = start(config=configuration())
    denied = "-ERR 'Permissions Violation for Publish to \"$SYS.REQ.USER.AUTH\"'"
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, ISSUER, {"pub": {"allow": [">"]}}, aud="AUTH")
    assert client.next_line() == "PONG"
    for session in (service, client):
        session.send("PUB $SYS.REQ.USER.AUTH 1\r\nx\r\n")
        assert said(session) == [denied, "PONG"]
    # In other accounts the subject is one like any other.
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"
    client.send("PUB $SYS.REQ.USER.AUTH 1\r\nx\r\n")
    assert said(client) == ["PONG"]


@pytest.mark.rows("AUTH-53")
@midge_only("nats-server lets those ask whom allowed_accounts leaves to the configuration")
def test_only_the_server_asks_whoever_else_is_in(start):
    server = start(config=configuration(", allowed_accounts: [ APP ]"))
    for user, password in ("plain", "p"), ("auth", "x"):
        session = Session(server.port)
        assert session.login(user=user, **{"pass": password}) == "PONG"
        session.send("PUB $SYS.REQ.USER.AUTH 1\r\nx\r\n")
        assert said(session) == [
            "-ERR 'Permissions Violation for Publish to \"$SYS.REQ.USER.AUTH\"'", "PONG"]


@pytest.mark.rows("AUTH-50")
def test_whoever_does_not_send_connect_is_not_asked_about(start):
    server = start(config=configuration())
    service = service_of(server)
    silent = Session(server.port)
    silent.send("PING\r\n")
    assert silent.next_line() == VIOLATION
    assert said(service) == ["PONG"]


# ---- when things go wrong

@pytest.mark.rows("AUTH-53")
def test_no_service(start):
    server = start(config=configuration(timeout=0.3))
    client = Asking(server.port, user="ann")
    assert client.next_line() == VIOLATION
    if servers.kind() == "midge":
        server.wait_log('User "ann": Authorization callout response not received in time on '
                        r'account "AUTH": nobody is subscribed to \$SYS.REQ.USER.AUTH')


@pytest.mark.rows("AUTH-53")
@midge_only("nats-server asks once")
def test_a_service_that_comes_in_time_is_asked(start):
    server = start(config=configuration(timeout=servers.PATIENCE))
    client = Asking(server.port, user="ann")
    service = service_of(server)
    service.grant(service.next(), ISSUER, aud="APP")
    assert client.next_line() == "PONG"


@pytest.mark.rows("AUTH-53")
def test_a_silent_service_and_an_answer_too_late(start):
    server = start("-m", "-1", config=configuration(timeout=0.3))
    service = service_of(server)
    client, question = ask(server, service)
    assert client.next_line() == VIOLATION and client.next_line() == ""
    if servers.kind() == "midge":
        server.wait_log('User "ann": Authorization callout response not received in time on '
                        'account "AUTH"$')
    # Nobody waits for it any more.
    service.send("SUB _INBOX.x 9\r\n")
    service.send(f"PUB {question.reply} _INBOX.x 1\r\nx\r\n")
    assert service.next_line().startswith("HMSG _INBOX.x 9 ")
    assert service.file.readline() == b"NATS/1.0 503\r\n"
    assert len(server.json("/connz")["connections"]) == 1


@pytest.mark.rows("AUTH-53")
def test_the_first_answer_counts(start):
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP")
    service.answer(question, ISSUER, error="no")
    assert client.next_line() == "PONG" and said(client) == ["PONG"]


@pytest.mark.rows("AUTH-53")
def test_an_answer_is_good_for_one_login(start):
    server = start(config=configuration())
    service = service_of(server)
    first, question = ask(server, service)
    granted = user_jwt(question, ISSUER, aud="APP")
    service.answer(question, ISSUER, granted)
    assert first.next_line() == "PONG"
    # The same user again, in a new response; then the whole response again.
    second, other = ask(server, service)
    service.answer(other, ISSUER, granted)
    assert second.next_line() == VIOLATION
    third, other = ask(server, service)
    service.answer(other, ISSUER, granted, sub=question.user)
    assert third.next_line() == VIOLATION


@pytest.mark.rows("AUTH-53")
def test_a_client_that_leaves_while_asked_about(start):
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    client, question = ask(server, service)
    client.file.close()
    client.close()
    service.grant(question, ISSUER, aud="APP")
    servers.wait_until(lambda: len(server.json("/connz")["connections"]) == 1, "it to be gone")
    # The next one is served.
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"


@pytest.mark.rows("AUTH-53")
def test_nobody_waits_for_another_login(start):
    """While the service thinks, sessions and other logins go on."""
    server = start(config=configuration(timeout=servers.PATIENCE))
    service = service_of(server)
    waiting = [ask(server, service) for _ in range(20)]
    assert said(service) == ["PONG"]
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"
    for other, question in reversed(waiting):
        service.grant(question, ISSUER, aud="APP")
        assert other.next_line() == "PONG"


@pytest.mark.rows("AUTH-53")
def test_only_whoever_was_asked_can_answer(start):
    """A reply subject that was not seen cannot be guessed, and without the issuer's key a member of
    the service's account who sees it lets nobody in."""
    server = start(config=configuration())
    service = service_of(server)
    client, question = ask(server, service, user="plain", **{"pass": "p"})
    service.grant(question, ISSUER, aud="AUTH", name="spy")
    assert client.next_line() == "PONG"
    client.send("SUB $SYS.REQ.USER.AUTH 1\r\n")
    assert said(client) == ["PONG"]
    victim, question = ask(server, service)
    assert client.next_line().startswith(f"MSG $SYS.REQ.USER.AUTH 1 {question.reply} ")
    assert len(question.reply.split(".")[-1]) >= (22 if servers.kind() == "midge" else 8)
    forged = make_token("authorization_response", question.user, STRANGER,
                        {"jwt": user_jwt(question, STRANGER, aud="APP")}, aud=question.server)
    client.send(f"PUB {question.reply} {len(forged)}\r\n{forged}\r\n")
    assert victim.next_line() == VIOLATION


# ---- changes

@pytest.mark.rows("AUTH-50", "CONF-121")
@midge_only("nats-server closes them all")
def test_sessions_stay_by_the_answer_they_came_with(start):
    server = start("-m", "-1", config=configuration())
    service = service_of(server)
    app, question = ask(server, service)
    service.grant(question, ISSUER, {"pub": {"allow": ["a"]}}, aud="APP")
    other, question = ask(server, service, user="bob")
    service.grant(question, ISSUER, aud="OTHER")
    assert (app.next_line(), other.next_line()) == ("PONG", "PONG")
    reload(server, configuration().replace("user: plain", "user: plainer"))
    # Nobody is asked again.
    assert said(app) == said(other) == said(service) == ["PONG"]
    app.send("PUB b 1\r\nx\r\n")
    assert said(app) == ["-ERR 'Permissions Violation for Publish to \"b\"'", "PONG"]
    # Without the account, without the session.
    reload(server, configuration().replace(
        "OTHER { users: [ { user: other, password: z } ] }", ""))
    assert other.next_line() == VIOLATION
    assert said(app) == ["PONG"]


@pytest.mark.rows("AUTH-50", "CONF-121")
@midge_only("nats-server takes the answer")
def test_a_reload_while_a_service_is_asked(start):
    server = start(config=configuration(timeout=servers.PATIENCE))
    service = service_of(server)
    client, question = ask(server, service)
    reload(server, configuration(timeout=servers.PATIENCE + 1))
    # What it was asked by is not the rule any more.
    service.answer(question, ISSUER, error="no")
    again = service.next()
    assert again.user != question.user
    service.grant(again, ISSUER, aud="APP")
    assert client.next_line() == "PONG"


@pytest.mark.rows("AUTH-50")
def test_a_configuration_that_cannot_work_is_logged(start):
    config = configuration(timeout=0.3, auth_user="nobody").replace("account: AUTH",
                                                                    "account: MISSING")
    server = start(config=config)
    if servers.kind() == "midge":  # nats-server looks before its log is open
        server.wait_log('Authorization callout account "MISSING" not valid')
        server.wait_log('Authorization callout user "nobody" not valid: account missing')
    assert Session(server.port).login(user="ann") == VIOLATION
    server.wait_log('No valid account "MISSING" for auth callout request: account missing')


# ---- xkey

@pytest.mark.rows("AUTH-50", "AUTH-52", "CORE-27")
def test_a_sealed_question(start):
    server = start(config=configuration(f", xkey: {CURVE}"))
    service = service_of(server, curve=CURVE)
    client, question = ask(server, service)
    assert client.info["xkey"] == question.xkey == question.nats["server_id"]["xkey"]
    assert question.raw.startswith(b"xkv1") and b"eyJ" not in question.raw
    service.grant(question, ISSUER, aud="APP", encrypt=True)
    assert client.next_line() == "PONG"
    # It may be answered in the open, by the issuer.
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP")
    assert client.next_line() == "PONG"
    client, question = ask(server, service)
    service.grant(question, ISSUER, aud="APP", response_issuer=OTHER_ISSUER)
    assert client.next_line() == VIOLATION


WRONG_BOXES = {
    "another's": (lambda token, to: OTHER_CURVE.seal(token, to), "nkeys: could not decrypt input"),
    "to another": (lambda token, to: CURVE.seal(token, OTHER_CURVE.public),
                   "nkeys: could not decrypt input"),
    "short": (lambda token, to: b"xkv1", "nkeys: encrypted input is not valid"),
    "another version": (lambda token, to: b"xkv2" + CURVE.seal(token, to)[4:],
                        "nkeys: encrypted input wrong version"),
}


@pytest.mark.rows("AUTH-50", "AUTH-53")
@pytest.mark.parametrize("case", WRONG_BOXES)
def test_a_wrong_box(start, case):
    seal, why = WRONG_BOXES[case]
    server = start(config=configuration(f", xkey: {CURVE}"))
    service = service_of(server, curve=CURVE)
    client, question = ask(server, service)
    token = make_token("authorization_response", question.user, ISSUER,
                       {"jwt": user_jwt(question, ISSUER, aud="APP")}, aud=question.server)
    service.say(question, seal(token.encode(), question.xkey))
    assert client.next_line() == VIOLATION
    server.wait_log(f'Error decrypting auth callout response on account "AUTH": {why}')


# ---- an official client

@pytest.mark.rows("AUTH-50", "AUTH-52", "AUTH-53")
@pytest.mark.parametrize("curve", [None, CURVE])
def test_nats_py_is_the_service_and_the_client(start, curve):
    xkey = f", xkey: {curve}" if curve else ""
    server = start("-m", "-1", config=configuration(xkey, timeout=servers.PATIENCE))

    async def answer_questions(message):
        question = Question(message.reply, message.headers or {}, message.data, curve)
        options = question.nats["connect_opts"]
        if options.get("pass") == "right":
            body = {"jwt": user_jwt(question, ISSUER, aud="APP", name=options["user"])}
        else:
            body = {"error": "wrong password"}
        token = make_token("authorization_response", question.user, ISSUER, body,
                           aud=question.server).encode()
        await message.respond(curve.seal(token, question.xkey) if curve else token)

    async def play():
        service = await nats.connect(server.url, user="auth", password="x")
        await service.subscribe("$SYS.REQ.USER.AUTH", "service", cb=answer_questions)
        await subscribed(server, 1)
        clients = [await nats.connect(server.url, user=f"user{n}", password="right")
                   for n in range(5)]
        subscription = await clients[0].subscribe("hello")
        await subscribed(server, 2)
        await clients[4].publish("hello", b"there")
        assert (await subscription.next_msg(timeout=servers.PATIENCE)).data == b"there"
        with pytest.raises(Exception, match="Authorization Violation"):
            await nats.connect(server.url, user="user", password="wrong", allow_reconnect=False,
                               max_reconnect_attempts=1)
        for client in (*clients, service):
            await client.close()

    asyncio.run(asyncio.wait_for(play(), 6 * servers.PATIENCE))
