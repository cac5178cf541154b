"""Health for orchestrators: /livez, /startedz, /readyz, /stopz. docs/health.md."""

import json

import pytest

from harness import server as servers
from harness.wire import client

pytestmark = pytest.mark.skipif(servers.kind() == "peer", reason="Midge's own")

OK = {"status": "ok"}


def reasons(server, path) -> list:
    """None stands against: []."""
    status, body, headers = server.http(path)
    assert headers["Content-Type"] == "application/json"
    answer = json.loads(body)
    assert (status == 200) == (answer == OK)
    if answer == OK:
        return []
    assert (status, answer["status"]) == (503, "unavailable")
    return [f"{reason['type']}: {reason['error']}" for reason in answer["reasons"]]


def test_a_server_that_serves(start):
    server = start("-m", "-1", "-js", "-sd", "%DIR%/js")
    for path in ("/livez", "/startedz", "/readyz", "/stopz"):
        assert reasons(server, path) == []


def test_clients_stand_against_stopping(start):
    server = start("-m", "-1")
    wires = [client(server) for _ in range(2)]
    for wire in wires:
        wire.barrier()
    assert reasons(server, "/stopz") == [
        "CONNECTION: 2 clients are connected and know no other server"]
    assert reasons(server, "/readyz") == []
    for wire in wires:
        wire.finish()
    servers.wait_until(lambda: reasons(server, "/stopz") == [], "them to leave")


def test_lame_duck_mode(start):
    server = start("-m", "-1", config="lame_duck_grace_period: 30s\n")
    wire = client(server)
    wire.barrier()
    server.signal("USR2")
    servers.wait_until(lambda: reasons(server, "/readyz"), "lame duck mode")
    assert reasons(server, "/readyz") == [
        "LAME_DUCK: lame duck mode: the server is about to end"]
    assert reasons(server, "/startedz") == []
    assert reasons(server, "/livez") == []
    assert reasons(server, "/stopz") == [
        "LAME_DUCK: lame duck mode is under way, 1 clients have not left yet"]
    wire.finish()
    servers.wait_until(lambda: reasons(server, "/stopz") == [], "the last to leave")


def test_streams_in_memory_stand_against_stopping(start):
    server = start("-m", "-1", "-js", "-sd", "%DIR%/js")
    with client(server) as wire:
        wire.send(b"SUB reply 1\r\n")
        body = b'{"name":"M","subjects":["m"],"storage":"memory"}'
        wire.send(b"PUB $JS.API.STREAM.CREATE.M reply %d\r\n%b\r\n" % (len(body), body))
        wire.frame()
        wire.send(b"PUB m reply 5\r\nhello\r\n")
        wire.frame()
        wire.finish()
    servers.wait_until(lambda: len(reasons(server, "/stopz")) == 1, "the client to leave")
    (reason,) = reasons(server, "/stopz")
    assert reason.startswith("JETSTREAM: streams in memory hold ")
