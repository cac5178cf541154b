"""What permissions say is remembered beside routes, and who asks is remembered for service imports:
neither may hold for anybody else, or longer than it is true."""

import json

import pytest

from harness import server as servers
from harness.wire import client

# The verdict on a subject is kept from the third publish on; more are sent than that.
ROUNDS = 6

RULES = """
accounts {
  A { users: [
    { user: all, password: pw }
    { user: may, password: pw, permissions: { publish: { allow: ["a.*"], deny: ["a.x"] } } }
    { user: not, password: pw, permissions: { publish: { allow: ["b.*"] } } }
    { user: changed, password: pw, permissions: { publish: { %s: ["a.b"] } } }
  ] }
  B { users: [ { user: other, password: pw, permissions: { publish: { deny: ["a.b"] } } } ] }
}
"""


@pytest.fixture(name="one_loop")
def fixture_one_loop(kind):
    """All sessions share one loop's routes."""
    return "" if kind == "peer" else "loops: 1\n"


def logged_in(server, user):
    wire = client(server, user=user, **{"pass": "pw"}, headers=True)
    wire.barrier()
    return wire


def is_refused(wire, subject):
    wire.send(b"PUB %s 1\r\nx\r\n" % subject)
    answer = wire.barrier()
    assert answer in ([], [b"-ERR 'Permissions Violation for Publish to \"%s\"'" % subject])
    return answer != []


@pytest.mark.rows("AUTH-42", "ACCT-01")
def test_a_verdict_is_nobody_elses(start, one_loop):
    server = start(config=one_loop + RULES % "allow")
    users = {name: logged_in(server, name) for name in ("all", "may", "not", "other")}
    for _ in range(ROUNDS):
        assert [name for name, wire in users.items() if is_refused(wire, b"a.b")] == ["not", "other"]
        assert [name for name, wire in users.items() if is_refused(wire, b"a.x")] == ["may", "not"]
        assert [name for name, wire in users.items() if is_refused(wire, b"b.c")] == ["may"]


@pytest.mark.rows("AUTH-42")
def test_a_verdict_goes_with_the_permissions_it_came_from(start, one_loop):
    server = start(config=one_loop + RULES % "allow")
    changed, untouched = logged_in(server, "changed"), logged_in(server, "may")
    for _ in range(ROUNDS):
        assert not is_refused(changed, b"a.b") and not is_refused(untouched, b"a.b")
    for rule, refused in (("deny", True), ("allow", False), ("deny", True)):
        count = server.log().count("Reloaded server configuration")
        server.config_path.write_text(one_loop + RULES % rule, encoding="utf-8")
        server.signal("HUP")
        servers.wait_until(
            lambda: server.log().count("Reloaded server configuration") > count, "the reload")
        servers.wait_until(lambda: is_refused(changed, b"a.b") == refused, "the other rules")
        for _ in range(ROUNDS):
            assert is_refused(changed, b"a.b") == refused
            assert not is_refused(untouched, b"a.b")


IMPORTERS = """
accounts {
  SVC { users: [ { user: svc, password: pw } ], exports: [ { service: "s.*" } ] }
  A { users: [ { user: a, password: pw }, { user: a2, password: pw } ]
      imports: [ { service: { account: SVC, subject: "s.*" } } ] }
  B { users: [ { user: b, password: pw } ]
      imports: [ { service: { account: SVC, subject: "s.*" } } ] }
  C { users: [ { user: c, password: pw }, { user: c2, password: pw } ]
      imports: [ { service: { account: SVC, subject: "s.*" }, share: true } ] }
}
"""


@pytest.mark.rows("ACCT-11")
def test_each_request_tells_its_own_requester(start, one_loop):
    server = start(config=one_loop + IMPORTERS)
    service = logged_in(server, "svc")
    service.send(b"SUB s.* 1\r\n")
    service.barrier()
    users = {name: logged_in(server, name) for name in ("a", "a2", "b", "c", "c2")}

    def info(user):
        users[user].send(b"PUB s.x in 1\r\nq\r\n" * 2)
        users[user].barrier()
        told = [json.loads(service.frame().split(b"\r\n")[2].split(b": ", 1)[1]) for _ in range(2)]
        assert told[0] == told[1]
        return told[0]

    for _ in range(3):
        for user in ("a", "b", "c", "a2", "c2", "a", "c", "b"):
            told = info(user)
            assert told["acc"] == user[0].upper()
            if user.startswith("c"):
                assert told["user"] == user and told["id"] > 0
            else:
                assert set(told) == {"acc", "rtt"}
