"""`/accstatz`: how much each account is used. Expected: what nats-server 2.15.2 answers."""

import pytest

from harness.server import wait_until
from harness.wire import client

CONFIG = """
http: "127.0.0.1:-1"
accounts {
  A { users [{user: a, password: a}] }
  B { users [{user: b, password: b}] }
  SYS { users [{user: s, password: s}] }
}
system_account: SYS
"""
NONE = {"msgs": 0, "bytes": 0}


def flow(messages, size):
    return {"msgs": messages, "bytes": size, "gateways": NONE, "routes": NONE, "leafs": NONE}


def statz(server, query=""):
    answer = server.json("/accstatz" + query)
    assert list(answer) == ["server_id", "now", "account_statz"]
    return {one["acc"]: one for one in answer["account_statz"]}


@pytest.mark.rows("MON-22")
def test_accounts_in_use(start):
    server = start(config=CONFIG)
    assert statz(server) == {}
    wire = client(server, user="a", **{"pass": "a"})
    assert wire.barrier() == []  # in a read of its own: nats-server does not count what comes with CONNECT
    wire.send(b"SUB x 1\r\nPUB x 5\r\nhello\r\nPUB y 2\r\nhi\r\n")
    assert wire.barrier()
    told = statz(server)
    assert list(told) == ["A"]
    assert told["A"].pop("num_subscriptions") >= 1
    assert told["A"] == {"acc": "A", "name": "A", "conns": 1, "leafnodes": 0, "total_conns": 1,
                         "sent": flow(1, 5), "received": flow(2, 7), "slow_consumers": 0}


@pytest.mark.rows("MON-22")
def test_accounts_that_nobody_is_in(start):
    """What was is remembered."""
    server = start(config=CONFIG)
    wire = client(server, user="b", **{"pass": "b"})
    assert wire.barrier() == []
    wire.send(b"PUB x 5\r\nhello\r\n")
    wire.barrier()
    wire.close()
    wait_until(lambda: statz(server) == {}, "the end of the session")
    told = statz(server, "?unused=1")
    assert {"$G", "A", "B", "SYS"} <= set(told)
    assert told["B"]["received"] == flow(1, 5)
    assert (told["B"]["conns"], told["A"]["received"]) == (0, flow(0, 0))


@pytest.mark.rows("MON-22")
def test_bad_parameter(start):
    server = start(config=CONFIG)
    assert server.http("/accstatz?unused=x")[:2] == (
        400, "Error decoding boolean for 'unused': strconv.ParseBool: parsing \"x\": invalid syntax")
