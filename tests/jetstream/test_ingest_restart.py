"""What a stream remembers of its messages besides the messages survives a kill: ids, who expires when,
schedules, whole batches."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402

from harness import server as servers  # noqa: E402


@pytest.fixture
def killed(tmp_path):
    """A function that starts the server on the same store, having killed the one before."""
    running = []

    def start():
        if running:
            running[-1][1].close()
            running[-1][0].signal("KILL")
            running[-1][0].wait_exit()
        server = servers.Server(config=f"jetstream {{ store_dir: {tmp_path} }}\n")
        running.append((server, Talk(server.port)))
        return running[-1][1]

    yield start
    running[-1][1].close()
    for server, _ in running:
        server.stop()


def ask(talk, subject, body=b"", headers=None):
    answer = talk.request(subject, body, headers)
    return json.loads(answer.body) if answer.body else {}


def create(talk, **config):
    answer = ask(talk, "$JS.API.STREAM.CREATE.S",
                 json.dumps({"name": "S", "subjects": ["s.>"]} | config).encode())
    assert "error" not in answer, answer


def last(talk, subject):
    return ask(talk, "$JS.API.STREAM.MSG.GET.S", json.dumps({"last_by_subj": subject}).encode())


@pytest.mark.rows("JS-S-65")
def test_ids(killed):
    talk = killed()
    create(talk)
    assert ask(talk, "s.a", b"1", {"Nats-Msg-Id": "x"}) == {"stream": "S", "seq": 1}
    talk = killed()
    assert ask(talk, "s.a", b"1", {"Nats-Msg-Id": "x"}) == {"stream": "S", "seq": 1, "duplicate": True}


@pytest.mark.rows("JS-S-71", "JS-S-79")
def test_expiry(killed):
    talk = killed()
    create(talk, allow_msg_ttl=True, subject_delete_marker_ttl=1_000_000_000)
    ask(talk, "s.a", b"1", {"Nats-TTL": "1"})
    ask(talk, "s.b", b"1", {"Nats-TTL": "1h"})
    talk = killed()
    # First the marker comes, then it goes as well.
    servers.wait_until(lambda: "error" in last(talk, "s.a"), "s.a is gone")
    assert "message" in last(talk, "s.b")
    talk = killed()
    assert "message" in last(talk, "s.b")


@pytest.mark.rows("JS-S-78")
def test_schedule(killed):
    talk = killed()
    create(talk, allow_msg_schedules=True)
    ask(talk, "s.plan", b"again", {"Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "s.out"})
    talk = killed()
    servers.wait_until(lambda: "message" in last(talk, "s.out"), "the schedule produces")
    ask(talk, "$JS.API.STREAM.PURGE.S", b'{"filter":"s.plan"}')
    talk = killed()
    assert "error" in last(talk, "s.plan")


@pytest.mark.rows("JS-S-76")
def test_batch(killed):
    talk = killed()
    create(talk, allow_atomic=True)

    def part(batch, number, commit=""):
        return ask(talk, f"s.{batch}", b"x" * 1000, {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
                   | ({"Nats-Batch-Commit": commit} if commit else {}))

    for number in range(1, 200):
        assert part("whole", number) == {}
    assert part("whole", 200, "1") == {"stream": "S", "seq": 200, "batch": "whole", "count": 200}
    assert part("half", 1) == {}
    talk = killed()
    state = ask(talk, "$JS.API.STREAM.INFO.S")["state"]
    assert (state["messages"], state["first_seq"], state["last_seq"]) == (200, 1, 200)
    # Nothing is left of the other one.
    assert part("half", 2)["error"]["err_code"] == 10176
    assert ask(talk, "s.a", b"") == {"stream": "S", "seq": 201}


@pytest.mark.rows("JS-S-76")
def test_idle_batch_is_abandoned(killed):
    talk = killed()
    create(talk, allow_atomic=True)
    talk.subscribe("advisories", "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.S")
    ask(talk, "s.a", b"", {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1"})
    told = json.loads(talk.receive("advisories", 10 + servers.PATIENCE).body)
    assert (told["batch"], told["reason"]) == ("b", "timeout")
    answer = ask(talk, "s.a", b"", {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "2"})
    assert answer["error"]["err_code"] == 10176


@pytest.mark.rows("JS-S-76")
def test_limits_of_batches(killed):
    talk = killed()
    create(talk, allow_atomic=True)
    talk.subscribe("advisories", "$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.S")

    def part(batch, number):
        return ask(talk, "s.a", b"", {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)})

    for batch in range(50):
        assert part(f"b{batch}", 1) == {}
    assert part("more", 1)["error"] == {
        "code": 429, "err_code": 10210, "description": "atomic publish too many inflight"}
    for number in range(2, 1001):
        assert part("b0", number) == {}
    assert part("b0", 1001)["error"] == {
        "code": 400, "err_code": 10199, "description": "atomic publish batch is too large: 1000"}
    told = json.loads(talk.receive("advisories", servers.PATIENCE).body)
    assert (told["batch"], told["reason"]) == ("b0", "large")
    assert part("more", 1) == {}
