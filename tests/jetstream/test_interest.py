"""A stream with interest retention holds what somebody still needs, and no more. The peer does the
same in each case."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from test_crash import ask  # noqa: E402

from harness import server as servers  # noqa: E402


def make_consumer(talk, name, **config):
    ask(talk, f"CONSUMER.CREATE.I.{name}", {"stream_name": "I", "config": {
        "durable_name": name, "ack_policy": "explicit", **config}})


def publish(talk, *subjects, headers=None):
    return [json.loads(talk.request(subject, b"x", headers).body) for subject in subjects]


def pull(talk, name, batch):
    """What a request that does not wait gets: messages, then its status."""
    inbox = f"_INBOX.pull.{name}"
    talk.subscribe(inbox, inbox)
    talk.publish(f"$JS.API.CONSUMER.MSG.NEXT.I.{name}",
                 json.dumps({"batch": batch, "no_wait": True}).encode(), reply=inbox)
    got = []
    while len(got) < batch:
        got.append(talk.receive(inbox, servers.PATIENCE))
        if not got[-1].reply:
            break
    talk.unsubscribe(inbox)
    return got


def held(talk):
    state = ask(talk, "STREAM.INFO.I")["state"]
    return state["messages"]


def wait_held(talk, count):
    servers.wait_until(lambda: held(talk) == count, f"{count} messages")


@pytest.fixture
def store(tmp_path):
    return f'jetstream {{ store_dir: "{tmp_path}/store" }}\n'


@pytest.fixture
def talk(start, store):
    client = Talk(start(config=store).port)
    ask(client, "STREAM.CREATE.I", {"name": "I", "subjects": ["i.*"], "retention": "interest"})
    yield client
    client.close()


@pytest.mark.rows("JS-S-31")
def test_what_only_a_removed_consumer_needed_goes(talk):
    make_consumer(talk, "c")
    make_consumer(talk, "d", filter_subject="i.a")
    publish(talk, "i.a", "i.a", "i.b", "i.b")
    for message in pull(talk, "c", 4):
        talk.request(message.reply, b"+ACK")
    assert held(talk) == 2
    ask(talk, "CONSUMER.DELETE.I.d")
    wait_held(talk, 0)


@pytest.mark.rows("JS-S-31")
def test_what_lies_before_the_start_of_a_removed_consumer_goes(talk):
    make_consumer(talk, "c", deliver_policy="by_start_sequence", opt_start_seq=2)
    publish(talk, "i.a", "i.a")
    assert held(talk) == 2
    ask(talk, "CONSUMER.DELETE.I.c")
    wait_held(talk, 0)


@pytest.mark.rows("JS-S-31")
def test_what_lies_before_the_start_of_one_goes_with_one_that_reads_other_subjects(talk):
    make_consumer(talk, "d", filter_subject="i.b")
    make_consumer(talk, "c", deliver_policy="by_start_sequence", opt_start_seq=3)
    publish(talk, "i.a", "i.a", "i.a")
    assert held(talk) == 3
    ask(talk, "CONSUMER.DELETE.I.d")
    wait_held(talk, 1)


@pytest.mark.rows("JS-S-31")
def test_what_a_consumer_no_longer_reads_goes(talk):
    make_consumer(talk, "c")
    publish(talk, "i.a", "i.b")
    make_consumer(talk, "c", filter_subject="i.a")
    wait_held(talk, 1)


@pytest.mark.rows("JS-S-31")
def test_an_id_nobody_was_interested_in_is_known(talk):
    first, again = publish(talk, "i.a", "i.a", headers={"Nats-Msg-Id": "1"})
    assert first == {"stream": "I", "seq": 1}
    assert again == {"stream": "I", "seq": 1, "duplicate": True}


@pytest.mark.rows("JS-S-31", "JS-C-17")
def test_what_was_delivered_too_often_stays_over_a_restart(start, store):
    with servers.Server(config=store) as server:
        talk = Talk(server.port)
        ask(talk, "STREAM.CREATE.I", {"name": "I", "subjects": ["i.*"], "retention": "interest"})
        make_consumer(talk, "c", max_deliver=1, ack_wait=100_000_000)
        make_consumer(talk, "d")
        publish(talk, "i.a")
        assert len(pull(talk, "c", 1)) == 1
        servers.wait_until(lambda: pull(talk, "c", 1)[0].headers.startswith("NATS/1.0 404")
                           and ask(talk, "CONSUMER.INFO.I.c")["num_ack_pending"] == 0, "the end")
        talk.request(pull(talk, "d", 1)[0].reply, b"+ACK")
        assert held(talk) == 1
        talk.close()
        server.process.kill()
        server.process.wait()
    talk = Talk(start(config=store).port)
    make_consumer(talk, "e", deliver_policy="new")
    ask(talk, "CONSUMER.DELETE.I.e")  # looks at all messages again
    assert held(talk) == 1
    ask(talk, "CONSUMER.DELETE.I.c")
    wait_held(talk, 0)
    talk.close()


@pytest.mark.rows("JS-C-08", "JS-C-40")
def test_a_request_that_does_not_wait_is_told_so_by_a_paused_consumer(talk):
    make_consumer(talk, "c")
    publish(talk, "i.a")
    ask(talk, "CONSUMER.PAUSE.I.c", {"pause_until": "2100-01-01T00:00:00Z"})
    assert pull(talk, "c", 1)[0].headers.startswith("NATS/1.0 404")
