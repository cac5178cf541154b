"""More than can be dealt with: publishes and API requests are refused, with what nats-server 2.15.2
says."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402

from harness import server as servers  # noqa: E402

COUNT = 5000
ACCOUNTS = """
accounts { A { jetstream: enabled, users: [{user: a, password: a}] }
           $SYS { users: [{user: s, password: s}] } }
"""


@pytest.fixture
def serve(start, tmp_path):
    def with_limit(limit):
        return start(config=f'jetstream {{ store_dir: "{tmp_path}"\n{limit} }}\n{ACCOUNTS}')
    return with_limit


def flood(talk, subject, body):
    """All at once; returns the answers."""
    talk._send(b"".join(b"PUB %s _INBOX.t.x %d\r\n%s\r\n" % (subject, len(body), body)
                        for _ in range(COUNT)))
    talk.flush()


@pytest.mark.rows("JS-S-74", "CONF-078")
@pytest.mark.parametrize("limit,storage", [
    ("max_buffered_msgs: 10", "file"), ("max_buffered_size: 1K", "file"),
    ("max_buffered_msgs: 10", "memory")])
def test_publishes(serve, limit, storage):
    talk = Talk(serve(limit).port, "a", "a")
    talk.request("$JS.API.STREAM.CREATE.Q", json.dumps(
        {"name": "Q", "subjects": ["q"], "storage": storage}).encode())
    flood(talk, b"q", b"x" * 100)
    answers = [talk.receive("_inbox", servers.PATIENCE) for _ in range(COUNT)]
    refused = [answer for answer in answers if answer.headers]
    assert 0 < len(refused) < COUNT
    assert {(answer.headers, answer.body) for answer in refused} == {(
        "NATS/1.0 429 Too Many Requests\r\n\r\n",
        b'{"error":{"code":429,"err_code":10167,"description":"too many requests"},'
        b'"stream":"Q","seq":0}')}
    sequences = [json.loads(answer.body)["seq"] for answer in answers if not answer.headers]
    assert sequences == list(range(1, COUNT - len(refused) + 1))
    # What comes slowly is taken in.
    assert json.loads(talk.request("q", b"x").body)["seq"] == len(sequences) + 1


@pytest.mark.rows("JS-S-87", "CONF-079")
def test_requests(serve):
    server = serve("request_queue_limit: 100, info_queue_limit: 10, domain: hub")
    watcher = Talk(server.port, "s", "s")
    watcher.subscribe("told", "$JS.EVENT.ADVISORY.API.LIMIT_REACHED")
    talk = Talk(server.port, "a", "a")
    flood(talk, b"$JS.API.STREAM.NAMES", b"")
    told = json.loads(watcher.receive("told", servers.PATIENCE).body)
    assert told["type"] == "io.nats.jetstream.advisory.v1.api_limit_reached"
    assert list(told) == ["type", "id", "timestamp", "server", "domain", "dropped"]
    assert (told["domain"], told["dropped"]) == ("hub", 10)
    # Others have a queue of their own.
    assert "error" not in json.loads(talk.request("$JS.API.STREAM.CREATE.Q", json.dumps(
        {"name": "Q", "subjects": ["q"]}).encode()).body)
    assert json.loads(talk.request("$JS.API.STREAM.NAMES", b"").body)["streams"] == ["Q"]
