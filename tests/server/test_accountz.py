"""`/accountz`, and what other endpoints tell of one account. Expected: what nats-server 2.15.2 answers.

What the server itself exports and imports in every account has a test of its own.
"""

import base64
import json
import re

import pytest

from harness.claims import NO_LIMITS, USER_LIMITS, Key, Session, make_token
from harness.server import wait_until
from harness.wire import client

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"

CONFIG = """
accounts {
  SYS { users [ { user: s, password: s } ] }
  A { users [ { user: a, password: a } ]
      exports [ { stream: "st.>", accounts: [B] }
                { stream: "pub.*" }
                { service: "svc.*", threshold: "3s", latency: { sampling: 50, subject: lat } }
                { service: one, response: chunked }
                { service: hdr, latency: { sampling: headers, subject: lat2 } } ]
      mappings { "m.1": "x.1"
                 "w.*": [ { dest: "y.$1", weight: 20% }
                          { dest: "z.{{wildcard(1)}}", weight: 30, cluster: east } ] }
      limits { max_connections: 5 } }
  B { users [ { user: b, password: b } ]
      imports [ { stream: { account: A, subject: "st.>" }, prefix: p }
                { stream: { account: A, subject: "pub.*" }, to: "q.*" }
                { service: { account: A, subject: "svc.*" }, to: "loc.*", share: true }
                { service: { account: A, subject: one } } ] }
}
system_account: SYS
"""


def detail(server, account: str) -> dict:
    answer = server.json(f"/accountz?acc={account}")
    shown = answer["account_detail"]
    shown["imports"] = [each for each in shown.get("imports", [])
                        if not each["subject"].startswith("$SYS.REQ.")]
    for each in ("exports", "imports"):
        shown[each] = sorted(shown.get(each, []), key=lambda item: item["subject"])
    return shown


@pytest.mark.rows("MON-21")
def test_the_list(start):
    server = start("-m", "-1", config=CONFIG)
    answer = server.json("/accountz")
    assert list(answer) == ["server_id", "now", "system_account", "accounts"]
    assert answer["system_account"] == "SYS"
    assert sorted(answer["accounts"]) == ["$G", "A", "B", "SYS"]
    assert re.fullmatch(RFC3339, answer["now"])


@pytest.mark.rows("MON-21")
def test_an_account_that_exports(start):
    server = start("-m", "-1", config=CONFIG)
    wire = client(server, user="a", **{"pass": "a"})
    wire.send(b"SUB svc.* 1\r\nSUB foo q 2\r\n")
    wire.barrier()
    shown = detail(server, "A")
    assert re.fullmatch(RFC3339, shown.pop("update_time"))
    own = shown.pop("subscriptions")
    assert own >= 2 and shown.pop("sublist_stats")["num_subscriptions"] == own
    assert shown == {
        "account_name": "A", "expired": False, "complete": True, "jetstream_enabled": False,
        "leafnode_connections": 0, "client_connections": 1, "name_tag": "A", "imports": [],
        "mappings": {
            "m.1": [{"subject": "x.1", "weight": 100}],
            "w.*": [{"subject": "y.$1", "weight": 20}, {"subject": "w.$1", "weight": 100},
                    {"subject": "z.{{wildcard(1)}}", "weight": 30, "cluster": "east"},
                    {"subject": "w.$1", "weight": 100, "cluster": "east"}]},
        "exports": [
            {"subject": "hdr", "type": "service", "response_type": "Singleton",
             "service_latency": {"sampling": "headers", "results": "lat2"}},
            {"subject": "one", "type": "service", "response_type": "Chunked"},
            {"subject": "pub.*", "type": "stream"},
            {"subject": "st.>", "type": "stream", "approved_accounts": ["B"]},
            {"subject": "svc.*", "type": "service", "response_type": "Singleton",
             "service_latency": {"sampling": 50, "results": "lat"}}]}


@pytest.mark.rows("MON-21")
def test_an_account_that_imports(start):
    server = start("-m", "-1", config=CONFIG)
    common = {"account": "A", "invalid": False, "tracking": False}
    assert detail(server, "B")["imports"] == [
        {"subject": "one", "to": "one", "local_subject": "one", "type": "service",
         "share": False, **common},
        {"subject": "pub.*", "local_subject": "q.*", "type": "stream", "share": False, **common},
        {"subject": "st.>", "local_subject": "p.st.>", "type": "stream", "share": False, **common},
        {"subject": "svc.*", "to": "loc.*", "local_subject": "loc.*", "type": "service",
         "share": True, "latency": {"sampling": 50, "results": "lat"}, **common}]


@pytest.mark.rows("MON-21")
def test_the_system_account_and_one_that_is_not_there(start):
    server = start("-m", "-1", config=CONFIG)
    assert detail(server, "SYS")["is_system"] is True
    assert "is_system" not in detail(server, "$G")
    assert server.http("/accountz?acc=NX")[:2] == (400, "Account NX does not exist")


@pytest.mark.rows("MON-21")
def test_the_servers_own_services(start):
    """Exports of the system account that every account imports."""
    server = start("-m", "-1", config=CONFIG)

    def subjects(account: str, kind: str) -> list:
        shown = server.json(f"/accountz?acc={account}")["account_detail"].get(kind, [])
        return sorted((each["subject"], each.get("to", each.get("response_type")))
                      for each in shown if each["subject"].startswith("$SYS.REQ."))

    assert subjects("B", "imports") == [
        ("$SYS.REQ.ACCOUNT.B.CONNZ", "$SYS.REQ.ACCOUNT.PING.CONNZ"),
        ("$SYS.REQ.ACCOUNT.B.CONNZ", "$SYS.REQ.SERVER.PING.CONNZ"),
        ("$SYS.REQ.ACCOUNT.B.STATZ", "$SYS.REQ.ACCOUNT.PING.STATZ"),
        ("$SYS.REQ.USER.B.INFO", "$SYS.REQ.USER.INFO")]
    assert subjects("SYS", "imports") == [("$SYS.REQ.USER.SYS.INFO", "$SYS.REQ.USER.INFO")]
    assert subjects("SYS", "exports") == [
        ("$SYS.REQ.ACCOUNT.*.CONNZ", "Streamed"), ("$SYS.REQ.ACCOUNT.*.STATZ", "Streamed"),
        ("$SYS.REQ.USER.*.INFO", "Singleton")]
    own = [each for each in server.json("/accountz?acc=B")["account_detail"]["imports"]
           if each.get("to") == "$SYS.REQ.USER.INFO"]
    assert own == [{"subject": "$SYS.REQ.USER.B.INFO", "account": "SYS", "to": "$SYS.REQ.USER.INFO",
                    "local_subject": "$SYS.REQ.USER.INFO", "type": "service", "invalid": False,
                    "share": True, "tracking": False}]


OPERATOR, ACCOUNT, OTHER, SYSTEM = (Key("O", "operator"), Key("A", "acc"), Key("A", "other"),
                                    Key("A", "system"))
USER, REVOKED = Key("U", "user"), Key("U", "revoked")


def operator_server(start, pinned=()):
    account = make_token("account", ACCOUNT, OPERATOR, {
        "limits": {**NO_LIMITS, "conn": 7}, "description": "all of it is shown",
        "exports": [
            {"name": "E", "subject": "svc.*", "type": "service", "response_type": "Stream"},
            {"name": "T", "subject": "st.>", "type": "stream", "token_req": True}],
        "revocations": {REVOKED.public: 1700000000, "*": 1500000000}, "tags": ["t1", "t2"]},
        name="acc", exp=2100000000)
    other = make_token("account", OTHER, OPERATOR, {"limits": NO_LIMITS, "imports": [
        {"name": "I", "subject": "svc.*", "account": ACCOUNT.public, "type": "service"},
        {"name": "bad", "subject": "st.>", "account": ACCOUNT.public, "type": "stream",
         "local_subject": "l.>"}]}, name="other")
    system = make_token("account", SYSTEM, OPERATOR, {"limits": NO_LIMITS}, name="SYS")
    operator = make_token("operator", OPERATOR, OPERATOR, {"system_account": SYSTEM.public})
    pins = f"resolver_pinned_accounts: [{', '.join(pinned)}]\n" if pinned else ""
    server = start("-m", "-1", config=(
        f"operator: {operator}\nresolver: MEMORY\n{pins}resolver_preload {{\n{ACCOUNT}: {account}\n"
        f"{OTHER}: {other}\n{SYSTEM}: {system}\n}}\n"))
    return server, account


@pytest.mark.rows("MON-21")
def test_operator_mode(start):
    server, token = operator_server(start)
    sessions = []
    for key in (ACCOUNT, OTHER):
        sessions.append(Session(server.port))
        assert sessions[-1].login(make_token("user", USER, key, USER_LIMITS), USER) == "PONG"
    assert sorted(server.json("/accountz")["accounts"]) == sorted(
        ["$G", ACCOUNT.public, OTHER.public, SYSTEM.public])
    shown = detail(server, ACCOUNT.public)
    wanted = {
        "account_name": ACCOUNT.public, "expired": False, "complete": True,
        "client_connections": 1, "jwt": token, "issuer_key": OPERATOR.public, "name_tag": "acc",
        "tags": ["t1", "t2"],
        "revoked_user": {"*": "2017-07-14T02:40:00Z", REVOKED.public: "2023-11-14T22:13:20Z"},
        "exports": [{"subject": "st.>", "type": "stream", "token_req": True},
                    {"subject": "svc.*", "type": "service", "response_type": "Streamed"}]}
    assert {name: shown[name] for name in wanted} == wanted
    claims = shown["decoded_jwt"]
    signed = token.split(".")[1]
    signed = json.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))
    for name in ("iss", "sub", "name", "exp"):
        assert claims[name] == signed[name]
    assert claims["nats"]["description"] == "all of it is shown"
    assert claims["nats"]["limits"] == signed["nats"]["limits"]
    incomplete = detail(server, OTHER.public)
    assert incomplete["complete"] is False
    assert "svc.*" in [each["subject"] for each in incomplete["imports"]]


@pytest.mark.rows("MON-20")
def test_subsz_of_one_account(start):
    server = start("-m", "-1", config=CONFIG)
    wire = client(server, user="b", **{"pass": "b"})
    before = server.json("/subsz?acc=B")["num_subscriptions"]
    wire.send(b"SUB one.b 1\r\nSUB two.b 2\r\n")
    wire.barrier()
    assert server.json("/subsz?acc=B")["num_subscriptions"] == before + 2
    assert server.json("/subsz?acc=NX")["num_subscriptions"] == 0
    listed = server.json("/subsz?acc=B&subs=1")["subscriptions_list"]
    assert {"one.b", "two.b"} <= {each["subject"] for each in listed}
    assert {each["account"] for each in listed} == {"B"}


@pytest.mark.rows("AUTH-21", "MON-08")
def test_varz_counts_logins_to_accounts_that_are_not_pinned(start):
    server, _ = operator_server(start, pinned=[OTHER.public])
    assert "pinned_account_fails" not in server.json("/varz")
    for _ in range(2):
        session = Session(server.port)
        answer = session.login(make_token("user", USER, ACCOUNT, USER_LIMITS), USER)
        assert answer == "-ERR 'Authorization Violation'"
    wait_until(lambda: server.json("/varz").get("pinned_account_fails") == 2, "the count")
