"""Requests about the server itself, in the system account."""

import json

import pytest

from harness.server import wait_until
from harness.wire import client

CONFIG = """
accounts {
  SYS { users [{user: s, password: s}] }
  A { users [{user: a, password: a}] }
}
system_account: SYS
server_tags: ["x:1"]
max_payload: 5000
"""


def system_client(server):
    wire = client(server, user="s", **{"pass": "s"}, headers=True, no_responders=True)
    wire.send(b"SUB _INBOX.here 1\r\n")
    assert wire.barrier() == []
    return wire


def request(wire, subject: str, body: bytes = b""):
    """The answer as JSON; None if nobody is there."""
    wire.send(f"PUB {subject} _INBOX.here {len(body)}\r\n".encode() + body + b"\r\n")
    frame = wire.frame()
    head, _, payload = frame.partition(b"\r\n")
    return None if head.startswith(b"HMSG ") else json.loads(payload)


def reload_subject(wire) -> str:
    return f"$SYS.REQ.SERVER.{wire.info['server_id']}.RELOAD"


def change(server, before: str, after: str):
    text = server.config_path.read_text()
    assert before in text
    server.config_path.write_text(text.replace(before, after))


@pytest.mark.rows("SYS-11", "CONF-118")
def test_reload(start):
    server = start(config=CONFIG)
    wire = system_client(server)
    answer = request(wire, reload_subject(wire))
    told = answer.pop("server")
    assert answer == {}
    assert told["id"] == told["name"] == wire.info["server_id"] and told["host"] == "127.0.0.1"
    assert told["ver"] == "2.15.2" and told["tags"] == ["x:1"] and told["seq"] > 0
    change(server, "max_payload: 5000", "max_payload: 6000")
    assert "error" not in request(wire, reload_subject(wire))
    server.wait_log(r"\[INF\] Reloaded: max_payload = 6000$")
    server.wait_log(r"\[INF\] Reloaded server configuration \(sha256:")
    wait_until(lambda: client(server, user="a", **{"pass": "a"}).info["max_payload"] == 6000,
               "the new limit")


@pytest.mark.rows("SYS-11", "CONF-118")
@pytest.mark.parametrize("before, after, text", [
    ("max_payload: 5000", 'max_payload: "x"',
     "{path}:8:1: interface conversion: interface {{}} is string, not int64"),
    ("max_payload: 5000", "max_payload: 5000\nallow_non_tls: true",
     "config reload not supported for AllowNonTLS: old=false, new=true"),
])
def test_a_reload_that_fails(start, before, after, text):
    server = start(config=CONFIG)
    wire = system_client(server)
    change(server, before, after)
    answer = request(wire, reload_subject(wire))
    assert answer["error"]["code"] == 500
    # Midge may say more behind it.
    assert answer["error"]["description"].startswith(text.format(path=server.config_path))
    # The old configuration serves on.
    assert client(server, user="a", **{"pass": "a"}).info["max_payload"] == 5000


@pytest.mark.rows("SYS-11")
def test_whose_reload_it_is(start):
    server = start(config=CONFIG)
    wire = system_client(server)
    change(server, "max_payload: 5000", "max_payload: 6000")
    name = wire.info["server_name"]
    for body in [{"server_name": "other"}, {"server_name": name[:5], "exact_match": True},
                 {"host": "10.0.0.1"}, {"cluster": "c"}, {"domain": "d"}, {"tags": ["y"]}]:
        body = json.dumps(body).encode()
        wire.send(f"PUB {reload_subject(wire)} _INBOX.here {len(body)}\r\n".encode() + body +
                  b"\r\n")
    assert wire.barrier() == []  # nobody answers
    malformed = request(wire, reload_subject(wire), b"{bad")
    assert malformed["error"]["code"] == 400
    assert "Reloaded" not in server.log()
    mine = json.dumps({"server_name": name[:5], "tags": ["x:1"], "host": "127"}).encode()
    assert "error" not in request(wire, reload_subject(wire), mine)
    server.wait_log("Reloaded: max_payload = 6000")


@pytest.mark.rows("SYS-11")
def test_only_the_system_account_reaches_it(start):
    server = start(config=CONFIG)
    other = client(server, user="a", **{"pass": "a"}, headers=True, no_responders=True)
    other.send(b"SUB _INBOX.here 1\r\n")
    assert request(other, reload_subject(other)) is None
    change(server, "max_payload: 5000", "max_payload: 6000")
    wire = system_client(server)
    for subject in ("$SYS.REQ.SERVER.PING.RELOAD", "$SYS.REQ.SERVER.NOBODY.RELOAD"):
        assert request(wire, subject) is None
    assert "Reloaded" not in server.log()


@pytest.mark.rows("SYS-11")
def test_who_waits_for_no_answer_reloads_nothing(start):
    server = start(config=CONFIG)
    wire = system_client(server)
    change(server, "max_payload: 5000", "max_payload: 6000")
    wire.send(f"PUB {reload_subject(wire)} 0\r\n\r\n".encode())
    assert request(wire, reload_subject(wire), b"{bad")["error"]["code"] == 400
    assert "Reloaded" not in server.log()


SUBSCRIBERS = """
accounts {
  SYS { users [{user: s, password: s}], exports [{service: "$SYS.DEBUG.SUBSCRIBERS"}] }
  A { users [{user: a, password: a}]
      imports [{service: {account: SYS, subject: "$SYS.DEBUG.SUBSCRIBERS"}}] }
  B { users [{user: b, password: b}] }
}
system_account: SYS
"""


@pytest.mark.rows("SYS-17")
def test_subscribers_are_those_of_the_account_that_asks(start):
    server = start(config=SUBSCRIBERS)

    def enter(name: str, *subscriptions: bytes):
        wire = client(server, user=name, **{"pass": name}, headers=True, no_responders=True)
        wire.send(b"SUB _INBOX.here 1\r\n" + b"".join(subscriptions))
        assert wire.barrier() == []
        return wire

    asks = enter("a", b"SUB foo 2\r\n", b"SUB * 3\r\n", b"SUB foo q 4\r\n")
    system = enter("s", b"SUB foo 2\r\n")
    stranger = enter("b", b"SUB foo 2\r\n", b"SUB foo 3\r\n")
    assert request(asks, "$SYS.DEBUG.SUBSCRIBERS", b"foo") == 3
    assert request(asks, "$SYS.DEBUG.SUBSCRIBERS", b"foo q") == 1
    assert request(system, "$SYS.DEBUG.SUBSCRIBERS", b"foo") == 1
    assert request(stranger, "$SYS.DEBUG.SUBSCRIBERS", b"foo") is None
