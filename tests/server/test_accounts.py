"""Accounts over the wire: services and their responses, mappings by weight, reloads.

What one connection sees of a fixed exchange is in the transcripts; here is what needs a reply subject
that only the server knows, several loops, or an official client.
"""

import asyncio
import json
import re

import nats
import pytest

from harness import server as servers
from harness.wire import client

LOOPS = ["", "loops: 1\n", "loops: 4\nconnection_placement: spread\n"]

ACCOUNTS = """
accounts {
  SVC {
    users: [ { user: svc, password: pw } ]
    exports: [
      { service: "one.*" }
      { service: "stream.*", response: stream }
      { service: "chunk.*", response: chunked }
      { service: "short", threshold: "150ms", response: stream }
      { service: "shared" }
      { stream: "news.>" }
    ]
  }
  REQ {
    users: [ { user: req, password: pw } ]
    imports: [
      { service: { account: SVC, subject: "one.*" }, to: "my.$1" }
      { service: { account: SVC, subject: "stream.*" } }
      { service: { account: SVC, subject: "chunk.*" } }
      { service: { account: SVC, subject: "short" } }
      { service: { account: SVC, subject: "shared" }, share: true }
      %s
    ]
  }
  OTHER { users: [ { user: other, password: pw } ] }
}
"""

NEWS = '{ stream: { account: SVC, subject: "news.>" }, prefix: ext }'


@pytest.fixture(params=LOOPS, ids=["default", "one loop", "four loops"])
def server(request, start, kind):
    if request.param and kind == "peer":
        pytest.skip("the peer has no loops")
    return start(config=request.param + ACCOUNTS % NEWS)


def logged_in(server, user):
    wire = client(server, user=user, **{"pass": "pw"}, headers=True, no_responders=True)
    wire.barrier()
    return wire


def subscribed(server, user, subject):
    wire = logged_in(server, user)
    wire.send(b"SUB %s 1\r\n" % subject)
    wire.barrier()
    return wire


def request(requester, subject, reply, payload=b"q"):
    requester.send(b"PUB %s %s %d\r\n%s\r\n" % (subject, reply, len(payload), payload))
    requester.barrier()


def reply_subject(service):
    """Of the one request that the service has received."""
    frame = service.frame()
    return re.search(rb" (_R_\.\S+) ", frame).group(1)


def answer(service, subject, payload):
    service.send(b"PUB %s %d\r\n%s\r\n" % (subject, len(payload), payload))
    assert service.barrier() == []


@pytest.mark.rows("ACCT-07", "ACCT-09")
def test_one_answer_and_no_more(server):
    service = subscribed(server, "svc", b"one.*")
    requester = subscribed(server, "req", b"in.*")
    request(requester, b"my.x", b"in.1")
    reply = reply_subject(service)
    answer(service, reply, b"a")
    assert requester.barrier() == [b"MSG in.1 1 1\r\na"]
    answer(service, reply, b"b")
    assert requester.barrier() == []


@pytest.mark.rows("ACCT-07")
def test_only_the_account_of_the_service_can_answer(server):
    service = subscribed(server, "svc", b"one.*")
    requester = subscribed(server, "req", b"in.*")
    stranger = logged_in(server, "other")
    request(requester, b"my.x", b"in.1")
    reply = reply_subject(service)
    for forger in (stranger, requester):
        answer(forger, reply, b"forged")
    middle = len(reply) - 1
    letter = b"A" if reply[middle:] != b"A" else b"B"
    answer(service, reply[:middle] + letter, b"guessed")
    assert requester.barrier() == []
    answer(service, reply, b"a")
    assert requester.barrier() == [b"MSG in.1 1 1\r\na"]


@pytest.mark.rows("ACCT-09")
def test_many_answers(server):
    service = subscribed(server, "svc", b"stream.*")
    requester = subscribed(server, "req", b"in.*")
    request(requester, b"stream.x", b"in.1")
    reply = reply_subject(service)
    for i in range(50):
        answer(service, reply, b"%02d" % i)
    assert requester.barrier() == [b"MSG in.1 1 2\r\n%02d" % i for i in range(50)]


@pytest.mark.rows("ACCT-09")
def test_chunks_end_with_an_empty_one(server):
    service = subscribed(server, "svc", b"chunk.*")
    requester = subscribed(server, "req", b"in.*")
    request(requester, b"chunk.x", b"in.1")
    reply = reply_subject(service)
    for payload in (b"1", b"2", b"", b"3"):
        answer(service, reply, payload)
    assert requester.barrier() == [
        b"MSG in.1 1 1\r\n1", b"MSG in.1 1 1\r\n2", b"MSG in.1 1 0\r\n"]


@pytest.mark.rows("ACCT-10")
def test_answers_after_the_threshold_are_dropped(server):
    service = subscribed(server, "svc", b"short")
    requester = subscribed(server, "req", b"in.*")
    request(requester, b"short", b"in.1")
    reply = reply_subject(service)

    def dropped():
        answer(service, reply, b"a")
        return requester.barrier() == []

    servers.wait_until(dropped, "the threshold")


@pytest.mark.rows("ACCT-11")
def test_who_asks_is_shared_where_the_import_says_so(server):
    service = subscribed(server, "svc", b">")
    requester = subscribed(server, "req", b"in.*")

    def info(subject):
        requester.send(b"HPUB %s 44 45\r\nNATS/1.0\r\nNats-Request-Info: {\"acc\":\"X\"}\r\n\r\nq\r\n"
                       % subject)
        requester.barrier()
        lines = service.frame().split(b"\r\n")
        infos = [line for line in lines if line.startswith(b"Nats-Request-Info: ")]
        assert len(infos) == 1
        return json.loads(infos[0][len(b"Nats-Request-Info: "):])

    assert set(info(b"my.x")) == {"acc", "rtt"}
    shared = info(b"shared")
    assert shared["acc"] == "REQ" and shared["user"] == "req" and shared["host"] == "127.0.0.1"
    assert {"start", "id", "rtt", "server"} <= set(shared)
    assert shared["kind"] == "Client" and shared["client_type"] == "nats"


@pytest.mark.rows("ACCT-07")
def test_an_answer_may_ask_back(server):
    service = subscribed(server, "svc", b"one.*")
    requester = subscribed(server, "req", b"in.*")
    service.send(b"SUB back.* 2\r\n")
    service.barrier()
    request(requester, b"my.x", b"in.1")
    service.send(b"PUB %s back.1 1\r\na\r\n" % reply_subject(service))
    service.barrier()
    (frame,) = requester.barrier()
    subject = re.match(rb"MSG in\.1 1 (_R_\.\S+) 1\r\na$", frame).group(1)
    answer(requester, subject, b"b")
    assert service.barrier() == [b"MSG back.1 2 1\r\nb"]


@pytest.mark.rows("ACCT-06", "ACCT-07")
def test_official_client_requests(server):
    async def run():
        services = [await nats.connect(server.url, user="svc", password="pw") for _ in range(3)]
        for number, service in enumerate(services):
            async def serve(message, number=number):
                await message.respond(message.subject.encode() + b" by %d" % number)
            await service.subscribe("one.*", queue="workers", cb=serve)
            await service.flush()
        requesters = [await nats.connect(server.url, user="req", password="pw") for _ in range(3)]
        answers = await asyncio.gather(*(
            requester.request(f"my.{i}", b"", timeout=10)
            for i in range(60) for requester in requesters))
        # Not close(): the server may hear of that only after the request.
        for service in services:
            await service.drain()
        with pytest.raises(nats.errors.NoRespondersError):
            await requesters[0].request("my.x", b"", timeout=10)
        for requester in requesters:
            await requester.close()
        return [a.data.decode() for a in answers]

    answers = asyncio.run(run())
    assert sorted(a.split(" ")[0] for a in answers) == sorted(
        f"one.{i}" for i in range(60) for _ in range(3))
    assert len({a.split(" ")[2] for a in answers}) == 3


@pytest.mark.rows("ACCT-18")
def test_weights(start):
    server = start(config="""
mappings {
  w: [ { destination: w1, weight: 50% }, { destination: w2, weight: 30% } ]
}""")
    wire = client(server)
    wire.send(b"SUB > 1\r\n" + b"PUB w 0\r\n\r\n" * 2000)
    counts = {}
    for frame in wire.barrier():
        subject = frame.split(b" ")[1]
        counts[subject] = counts.get(subject, 0) + 1
    assert set(counts) == {b"w", b"w1", b"w2"}
    assert abs(counts[b"w1"] - 1000) < 200
    assert abs(counts[b"w2"] - 600) < 200


@pytest.mark.rows("ACCT-01", "ACCT-07")
def test_an_answer_is_seen_by_the_requesters_account_alone(start):
    """Who imports a stream on the subject that the requester waits on does not get the answer."""
    config = ACCOUNTS % ""
    config = config.replace("  REQ {", '  REQ {\n    exports: [ { stream: "in.*" } ]')
    config = config.replace(
        "  OTHER {", '  OTHER { imports: [ { stream: { account: REQ, subject: "in.*" } } ]\n')
    server = start(config=config)
    service = subscribed(server, "svc", b"one.*")
    requester = subscribed(server, "req", b"in.*")
    other = subscribed(server, "other", b"in.*")
    request(requester, b"my.x", b"in.1")
    answer(service, reply_subject(service), b"a")
    assert requester.frame() == b"MSG in.1 1 1\r\na"
    requester.send(b"PUB in.2 1\r\np\r\n")
    requester.barrier()
    assert other.frame() == b"MSG in.2 1 1\r\np"


@pytest.mark.rows("ACCT-09", "CONF-121")
def test_an_import_that_is_gone_takes_its_open_answers_along(start):
    server = start(config=ACCOUNTS % NEWS)
    service = subscribed(server, "svc", b"stream.*")
    requester = subscribed(server, "req", b"in.*")
    request(requester, b"stream.x", b"in.1")
    reply = reply_subject(service)
    answer(service, reply, b"a")
    assert requester.frame() == b"MSG in.1 1 1\r\na"
    without = "\n".join(line for line in (ACCOUNTS % NEWS).splitlines() if "account: SVC" not in line)
    server.reload(without)

    def dropped():
        answer(service, reply, b"b")
        return requester.barrier() == []

    servers.wait_until(dropped, "the end of the answers")


LIMITED = "accounts { A { users: [ { user: a, password: pw } ], limits { %s } } }"


@pytest.mark.rows("ACCT-03", "CONF-121", "CORE-45")
@pytest.mark.parametrize("servers_limit", ["", "max_subscriptions: 3\n"])
def test_a_reload_closes_who_has_more_subscriptions_than_allowed(start, servers_limit):
    server = start("-m", "-1", config=servers_limit + LIMITED % "max_subs: 10")
    many, few = logged_in(server, "a"), logged_in(server, "a")
    many.send(b"SUB a 1\r\nSUB b 2\r\nSUB c 3\r\n")
    few.send(b"SUB a 1\r\n")
    assert many.barrier() == few.barrier() == []
    server.reload(servers_limit + LIMITED % "max_subs: 2")
    assert many.until_closed() == b"-ERR 'maximum subscriptions exceeded'\r\n"
    few.send(b"SUB b 2\r\nSUB c 3\r\n")
    assert few.barrier() == [b"-ERR 'maximum subscriptions exceeded'"]
    reasons = [c["reason"] for c in server.json("/connz?state=closed")["connections"]]
    assert reasons == ["Maximum Subscriptions Exceeded"]


@pytest.mark.rows("ACCT-03", "CONF-121", "CORE-44")
def test_a_reload_closes_those_an_account_has_too_many_of(start, kind):
    server = start(config=LIMITED % "max_connections: 9")
    sessions = [logged_in(server, "a") for _ in range(3)]
    server.reload(LIMITED % "max_connections: 1")
    refusal = b"-ERR 'maximum account active connections exceeded'\r\n"
    if kind == "midge":  # the newest go; with the peer, any
        assert [session.until_closed() for session in sessions[1:]] == [refusal, refusal]
        assert sessions[0].barrier() == []
    else:
        servers.wait_until(lambda: server.log().count("connections exceeded") > 0, "one")


@pytest.mark.rows("ACCT-05", "ACCT-17")
def test_reload_changes_what_live_subscriptions_get(start):
    server = start(config=ACCOUNTS % "")
    listener = subscribed(server, "req", b">")
    publisher = logged_in(server, "svc")

    def heard(subject):
        publisher.send(b"PUB %s 1\r\nx\r\n" % subject)
        publisher.barrier()
        return listener.barrier()

    def reload(config):
        count = server.log().count("Reloaded server configuration")
        server.config_path.write_text(config, encoding="utf-8")
        server.signal("HUP")
        servers.wait_until(
            lambda: server.log().count("Reloaded server configuration") > count, "the reload")

    assert heard(b"news.a") == []
    reload(ACCOUNTS % NEWS)
    servers.wait_until(lambda: heard(b"news.a") == [b"MSG ext.news.a 1 1\r\nx"], "the import")
    mapped = (ACCOUNTS % NEWS).replace("  SVC {", '  SVC {\n    mappings { "old.*": "news.$1" }')
    reload(mapped)
    servers.wait_until(lambda: heard(b"old.b") == [b"MSG ext.news.b 1 1\r\nx"], "the mapping")
    reload(ACCOUNTS % "")
    servers.wait_until(lambda: heard(b"news.a") == heard(b"old.b") == [], "no import any more")


@pytest.mark.rows("ACCT-01", "ACCT-05")
def test_many_publishers_across_accounts_lose_nothing(server):
    listeners = [subscribed(server, "req", b"ext.news.>") for _ in range(4)]
    publishers = [logged_in(server, "svc") for _ in range(4)]
    for number, publisher in enumerate(publishers):
        publisher.send(b"".join(
            b"PUB news.%d %d\r\n%s\r\n" % (number, len(str(i)), str(i).encode()) for i in range(500)))
    for publisher in publishers:
        publisher.barrier()
    for listener in listeners:
        arrived = {}
        for frame in listener.barrier():
            head, payload = frame.split(b"\r\n")
            arrived.setdefault(head.split(b" ")[1], []).append(int(payload))
        assert arrived == {b"ext.news.%d" % n: list(range(500)) for n in range(4)}


@pytest.mark.rows("ACCT-17")
def test_mappings_of_the_requester_apply_to_answers(start):
    server = start(config=(ACCOUNTS % NEWS).replace("  REQ {", '  REQ {\n    mappings { "in.*": "out.$1" }'))
    service = subscribed(server, "svc", b"one.*")
    requester = subscribed(server, "req", b"out.*")
    request(requester, b"my.x", b"in.1")
    answer(service, reply_subject(service), b"a")
    assert requester.barrier() == [b"MSG out.1 1 1\r\na"]
