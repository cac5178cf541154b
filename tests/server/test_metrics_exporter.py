"""prometheus-nats-exporter and nats-surveyor themselves, where they are installed, and the requests they make."""

import json

import pytest

import exporter_talk
from harness import server as servers
from harness.wire import client

RECORDED = json.loads(exporter_talk.RECORD.read_text())
# Midge's own fields of /varz.
MORE = {"gnatsd_varz_dropped_msgs", "gnatsd_varz_pending_bytes"}
# A default of nats-server's that Midge has not (docs/deviations.md).
LESS = {"gnatsd_varz_jetstream_limits_default_max_consumers"}


@pytest.fixture
def server(start):
    return start("-m", "-1", config=exporter_talk.CONFIG.replace("%DIR%", "."))


@pytest.mark.rows("OPS-07")
@pytest.mark.parametrize("path", RECORDED["exporter"]["requests"])
def test_what_the_exporter_asks_for(server, path):
    with exporter_talk.used(server):
        status, body, headers = server.http(path)
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert json.loads(body)


@pytest.mark.parametrize("subject", RECORDED["surveyor"]["requests"])
def test_what_the_surveyor_asks_for(server, subject):
    subject = subject.replace("ID", server.json("/varz")["server_id"])
    with exporter_talk.used(server), client(server, user="s", **{"pass": "s"}) as wire:
        wire.send(b"SUB in 1\r\nPUB %b in 0\r\n\r\n" % subject.encode())
        answer = json.loads(wire.frame().partition(b"\r\n")[2])
    assert answer["server"]["name"] == "paris" and "error" not in answer


def without(metrics: dict, names: set) -> dict:
    return {name: labels for name, labels in metrics.items() if name not in names}


@pytest.mark.skipif(servers.kind() == "peer", reason="it is what is recorded")
@pytest.mark.skipif(exporter_talk.EXPORTER is None, reason="prometheus-nats-exporter is not installed")
def test_what_the_exporter_tells(server):
    """The same metrics with the same labels as of nats-server."""
    told, recorded = exporter_talk.talk_to_exporter(server), RECORDED["exporter"]
    assert told["requests"] == recorded["requests"]
    for own, theirs in zip(told["metrics"], recorded["metrics"], strict=True):
        assert without(own, MORE) == without(theirs, LESS)


@pytest.mark.skipif(servers.kind() == "peer", reason="it is what is recorded")
@pytest.mark.skipif(exporter_talk.SURVEYOR is None, reason="nats-surveyor is not installed")
def test_what_the_surveyor_tells(server):
    assert exporter_talk.talk_to_surveyor(server) == RECORDED["surveyor"]
