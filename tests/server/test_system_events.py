"""What the system account is told unasked. Expected: what nats-server 2.15.2 tells."""

import datetime
import json
import re

import pytest

from harness.callout import Asking, Service
from harness.claims import Key
from harness.server import wait_until
from harness.wire import Wire, client

CONFIG = """
server_name: paris
accounts {
  A { users [{user: a, password: a}] }
  SYS { users [{user: s, password: s}, {user: t, password: t}] }
}
system_account: SYS
authorization { timeout: 1 }
lame_duck_duration: "30s"
lame_duck_grace_period: "1s"
"""
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
NONE = {"msgs": 0, "bytes": 0}


def flow(messages, size):
    return {"msgs": messages, "bytes": size, "gateways": NONE, "routes": NONE, "leafs": NONE}


class Listener:
    """Hears what comes on some subjects of the system account."""

    def __init__(self, server, *subjects, user="s"):
        self.wire = client(server, user=user, **{"pass": user}, name="listener")
        for sid, subject in enumerate(subjects, 1):
            self.wire.send(f"SUB {subject} {sid}\r\n".encode())
        self.wire.barrier()
        self.id = self.wire.info["server_id"]

    def next(self, subject, patience=0.0):
        """The next event there; others are left out."""
        while True:
            frame = self.wire.frame(patience)
            if frame == b"PING":
                self.wire.send(b"PONG\r\n")
                continue
            line, _, payload = frame.partition(b"\r\n")
            if line.split()[1].decode() == subject.replace("%ID%", self.id):
                return json.loads(payload)


def check_head(event, kind):
    assert list(event)[:4] == ["type", "id", "timestamp", "server"]
    assert event["type"] == f"io.nats.server.advisory.v1.{kind}"
    assert re.match(r"^[0-9A-Za-z]{22}$", event["id"]) and TIME.match(event["timestamp"])
    assert event["server"]["name"] == "paris" and event["server"]["seq"] > 0


@pytest.mark.rows("SYS-21", "SYS-22")
def test_who_comes_and_goes(start):
    server = start(config=CONFIG)
    listener = Listener(server, "$SYS.ACCOUNT.*.CONNECT", "$SYS.ACCOUNT.*.DISCONNECT")
    wire = client(server, user="a", **{"pass": "a"}, name="nm", lang="py", version="1.2")
    wire.barrier()
    event = listener.next("$SYS.ACCOUNT.A.CONNECT")
    check_head(event, "client_connect")
    told = event["client"]
    assert TIME.match(told.pop("start")) and told.pop("id") > 0
    told.pop("rtt", None)
    assert told == {"host": "127.0.0.1", "acc": "A", "user": "a", "name": "nm", "lang": "py",
                    "ver": "1.2", "name_tag": "A", "kind": "Client", "client_type": "nats"}
    wire.send(b"SUB x 1\r\nPUB x 3\r\nabc\r\n")
    wire.frame()
    wire.close()
    event = listener.next("$SYS.ACCOUNT.A.DISCONNECT")
    check_head(event, "client_disconnect")
    assert TIME.match(event["client"]["stop"])
    assert (event["sent"], event["received"]) == ({"msgs": 1, "bytes": 3}, {"msgs": 1, "bytes": 3})
    assert event["reason"] == "Client Closed"


@pytest.mark.rows("SYS-22", "SYS-23")
def test_refused_logins(start):
    server = start(config=CONFIG)
    listener = Listener(server, "$SYS.>")
    wrong = client(server, user="a", **{"pass": "no"})
    wrong.until_closed()
    event = listener.next("$SYS.SERVER.%ID%.CLIENT.AUTH.ERR")
    check_head(event, "client_disconnect")
    assert event["client"]["user"] == "a" and event["client"]["acc"] == "$G"
    assert event["reason"] == "Authentication Failure"
    assert listener.next("$SYS.ACCOUNT.$G.DISCONNECT")["reason"] == "Authentication Failure"
    with Wire("127.0.0.1", server.port) as silent:
        silent.until_closed()
        assert listener.next("$SYS.ACCOUNT.$G.DISCONNECT")["reason"] == "Authentication Timeout"


@pytest.mark.rows("SYS-24")
def test_how_many_are_in(start):
    server = start(config=CONFIG)
    new, old = "$SYS.ACCOUNT.A.SERVER.CONNS", "$SYS.SERVER.ACCOUNT.A.CONNS"
    listener = Listener(server, new, old)
    wire = client(server, user="a", **{"pass": "a"})
    wire.barrier()
    first = listener.next(old)
    event = listener.next(new)
    check_head(event, "account_connections")
    assert first["conns"] == event["conns"] == 1
    told = {name: event[name] for name in list(event)[4:]}
    assert told.pop("num_subscriptions") >= 0
    assert told == {"acc": "A", "name": "A", "conns": 1, "leafnodes": 0, "total_conns": 1,
                    "sent": flow(0, 0), "received": flow(0, 0), "slow_consumers": 0}
    # However many come at once, the last word is how many there are.
    crowd = [client(server, user="a", **{"pass": "a"}) for _ in range(20)]
    for one in crowd:
        one.barrier()
    while listener.next(new)["conns"] != 21:
        pass
    for one in [wire, *crowd]:
        one.close()
    while listener.next(new)["conns"] != 0:
        pass


@pytest.mark.rows("SYS-24")
def test_how_many_are_in_is_told_again(start):
    """Every 30 s, though nothing changes."""
    server = start(config=CONFIG)
    subject = "$SYS.ACCOUNT.A.SERVER.CONNS"
    listener = Listener(server, subject)
    with client(server, user="a", **{"pass": "a"}) as wire:
        wire.barrier()

        def time_of(event):
            return datetime.datetime.fromisoformat(event["timestamp"])

        begin = time_of(listener.next(subject))
        while time_of(event := listener.next(subject, patience=60)) - begin < datetime.timedelta(seconds=10):
            pass
        assert event["conns"] == 1


@pytest.mark.rows("SYS-08", "SYS-10")
def test_figures_come_by_themselves(start):
    server = start(config=CONFIG)
    listener = Listener(server, "$SYS.SERVER.*.STATSZ")
    for _ in range(2):
        event = listener.next("$SYS.SERVER.%ID%.STATSZ")
        assert list(event) == ["server", "statsz"]
        assert event["statsz"]["connections"] == 1


@pytest.mark.rows("SYS-25", "CORE-71")
def test_the_end(start):
    server = start(config=CONFIG)
    listener = Listener(server, "$SYS.SERVER.*.SHUTDOWN", "$SYS.SERVER.*.LAMEDUCK")
    server.signal("USR2")
    for what in ("LAMEDUCK", "SHUTDOWN"):
        event = listener.next(f"$SYS.SERVER.%ID%.{what}")
        assert event["name"] == "paris" and event["id"] == listener.id
        assert event["ver"] == "2.15.2" and TIME.match(event["time"])
        if what == "LAMEDUCK":
            server.process.kill()
            server = start(config=CONFIG)
            listener = Listener(server, "$SYS.SERVER.*.SHUTDOWN")
            server.signal("TERM")


@pytest.mark.rows("SYS-23")
def test_whom_a_callout_refuses(start):
    """The service's account hears of them."""
    issuer = Key("A", "issuer")
    server = start(config=f"""
        server_name: paris
        accounts {{ AUTH {{ users [{{user: auth, password: auth}}] }} }}
        authorization {{
          timeout: 1
          auth_callout {{ issuer: {issuer}, account: AUTH, auth_users: [auth] }}
        }}""")
    service = Service(server.port, user="auth", **{"pass": "auth"})
    listener = Listener(server, "$SYS.ACCOUNT.CLIENT.AUTH.ERR", user="auth")
    asking = Asking(server.port, user="ann", **{"pass": "x"})
    service.answer(service.next(), issuer, error="go away")
    event = listener.next("$SYS.ACCOUNT.CLIENT.AUTH.ERR")
    check_head(event, "client_disconnect")
    assert (event["client"]["acc"], event["client"]["user"]) == ("AUTH", "ann")
    assert "go away" in event["reason"]
    assert asking.next_line() == "-ERR 'Authorization Violation'"


@pytest.mark.rows("SYS-01", "SYS-30", "SYS-32")
def test_other_accounts_hear_nothing(start):
    server = start(config=CONFIG)
    outsider = Listener(server, "$SYS.>", user="a").wire
    client(server, user="a", **{"pass": "a"}).barrier()
    client(server, user="t", **{"pass": "t"}).barrier()
    assert outsider.barrier() == []


@pytest.mark.rows("SYS-12", "CORE-73")
def test_a_kick(start):
    server = start("-m", "-1", config=CONFIG)
    listener = Listener(server, "$SYS.ACCOUNT.A.*", "_INBOX.here")
    wire = client(server, user="a", **{"pass": "a"})
    wire.barrier()
    cid = listener.next("$SYS.ACCOUNT.A.CONNECT")["client"]["id"]
    body = json.dumps({"cid": cid}).encode()
    listener.wire.send(b"PUB $SYS.REQ.SERVER.%s.KICK _INBOX.here %d\r\n%s\r\n" %
                       (listener.id.encode(), len(body), body))
    assert wire.until_closed() == b""
    assert "error" not in listener.next("_INBOX.here")
    closed = wait_until(lambda: server.json("/connz?state=closed")["connections"], "its end")
    assert closed[0]["reason"] == "Kicked"


@pytest.mark.rows("SYS-13", "CORE-73")
def test_one_client_is_sent_away(start):
    server = start(config=CONFIG)
    listener = Listener(server, "_INBOX.here")
    ready = client(server, user="a", **{"pass": "a"}, protocol=1)
    ready.barrier()
    deaf = client(server, user="a", **{"pass": "a"}, protocol=0)
    deaf.barrier()

    def send_away(wire):
        body = json.dumps({"cid": wire.info["client_id"]}).encode()
        listener.wire.send(b"PUB $SYS.REQ.SERVER.%s.LDM _INBOX.here %d\r\n%s\r\n" %
                           (listener.id.encode(), len(body), body))
        return listener.next("_INBOX.here")

    assert "error" not in send_away(ready)
    # One INFO answers the first PING.
    infos = [json.loads(ready.line()[len("INFO "):]) for _ in range(2)]
    assert [info.get("ldm", False) for info in infos] == [False, True]
    assert send_away(deaf)["error"]["description"] == (
        "client does not support Lame Duck Mode or is not ready to receive the notification")
    assert deaf.barrier() == []
