"""Service latency: the metrics that an account gets of the services it exports."""

import json
import re

import pytest

from harness.wire import client

LOOPS = ["", "loops: 4\nconnection_placement: spread\n"]

CONFIG = """
accounts {
  SVC {
    users: [ { user: svc, password: pw } ]
    exports: [
      { service: "svc", latency: "lat.svc" }
      { service: "hdr", latency: { sampling: headers, subject: "lat.hdr" } }
      { service: "slow", threshold: "150ms", latency: "lat.slow" }
    ]
  }
  REQ {
    users: [ { user: req, password: pw } ]
    imports: [
      { service: { account: SVC, subject: svc }, share: true }
      { service: { account: SVC, subject: hdr } }
      { service: { account: SVC, subject: slow } }
    ]
  }
}
"""


@pytest.fixture(params=LOOPS, ids=["default", "four loops"])
def server(request, start, kind):
    if request.param and kind == "peer":
        pytest.skip("the peer has no loops")
    return start(config=request.param + CONFIG)


def subscribed(server, user, subject):
    wire = client(server, user=user, **{"pass": "pw"}, headers=True, no_responders=True, name=user)
    wire.send(b"SUB %s 1\r\n" % subject)
    wire.barrier()
    return wire


def metric(monitor):
    head, body = monitor.frame().split(b"\r\n", 1)
    result = json.loads(body)
    assert result["type"] == "io.nats.server.metric.v1.service_latency"
    assert len(result["id"]) == 22
    return head.split(b" ")[1].decode(), result


def answer(service):
    reply = re.search(rb" (_R_\.\S+) ", service.frame()).group(1)
    service.send(b"PUB %s 1\r\na\r\n" % reply)
    service.barrier()


@pytest.mark.rows("ACCT-14")
def test_an_answer_is_measured(server):
    monitor = subscribed(server, "svc", b"lat.>")
    service = subscribed(server, "svc", b"svc")
    requester = subscribed(server, "req", b"in.*")
    requester.send(b"PUB svc in.1 1\r\nq\r\n")
    requester.barrier()
    answer(service)
    subject, result = metric(monitor)
    assert subject == "lat.svc"
    assert result["status"] == 200 and "description" not in result
    assert result["requestor"]["user"] == "req" and result["requestor"]["acc"] == "REQ"
    assert result["responder"]["user"] == "svc" and result["responder"]["acc"] == "SVC"
    assert result["total"] >= result["service"] >= 0 and result["system"] >= 0


@pytest.mark.rows("ACCT-14", "ACCT-16")
def test_what_goes_wrong_is_measured(server):
    monitor = subscribed(server, "svc", b"lat.>")
    requester = subscribed(server, "req", b"in.*")
    requester.send(b"PUB svc in.1 1\r\nq\r\n")
    assert metric(monitor)[1]["status"] == 503
    service = subscribed(server, "svc", b"slow")
    requester.send(b"PUB slow 1\r\nq\r\n")
    _, result = metric(monitor)
    assert (result["status"], result["description"]) == (400, "Bad Request")
    assert service.frame()
    requester.send(b"PUB slow in.2 1\r\nq\r\n")
    assert service.frame()
    _, result = metric(monitor)
    assert (result["status"], result["description"]) == (504, "Service Timeout")
    assert "responder" not in result and result["total"] == 0


@pytest.mark.rows("ACCT-16")
def test_a_requester_that_left_is_noticed(server):
    monitor = subscribed(server, "svc", b"lat.>")
    service = subscribed(server, "svc", b"svc")
    requester = subscribed(server, "req", b"in.*")
    requester.send(b"PUB svc in.1 1\r\nq\r\nUNSUB 1\r\n")
    requester.barrier()
    answer(service)
    _, result = metric(monitor)
    assert (result["status"], result["description"]) == (408, "Request Timeout")


@pytest.mark.rows("ACCT-15")
def test_headers_ask_for_a_sample(server):
    monitor = subscribed(server, "svc", b"lat.>")
    service = subscribed(server, "svc", b"hdr")
    requester = subscribed(server, "req", b"in.*")

    def ask(header):
        block = b"NATS/1.0\r\n%s\r\n\r\n" % header
        requester.send(b"HPUB hdr in.1 %d %d\r\n%s\r\n" % (len(block), len(block), block))
        requester.barrier()
        answer(service)

    ask(b"A: b")
    ask(b"Traceparent: 00-abc-def-00")
    ask(b"Traceparent: 00-abc-def-01")
    ask(b"X-B3-Sampled: 1")
    assert metric(monitor)[1]["header"] == {"Traceparent": ["00-abc-def-01"]}
    assert metric(monitor)[1]["header"] == {"X-B3-Sampled": ["1"]}
    assert monitor.barrier() == []
