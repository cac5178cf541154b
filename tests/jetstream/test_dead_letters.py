"""Dead letters: what a consumer gives up is stored once at its dead letter subject, with headers
that say where it comes from, whatever is killed in between."""

import json
import pathlib
import random
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from test_consumers import Site  # noqa: E402

from harness.server import PATIENCE, kind, wait_until  # noqa: E402

pytestmark = pytest.mark.skipif(kind() != "midge", reason="nats-server has no dead letters")

WAIT = 100_000_000  # ack_wait
PREFIX = "Midge-Dead-Letter-"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path / "store")
    yield made
    made.stop()


def dead_stream(site, **config):
    return site.ask("STREAM.CREATE.D", {"name": "D", "subjects": ["dead.>"],
                                        "allow_direct": True, **config})


def headers_of(text):
    lines = text.split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines if line)


def letters(site, stream="D"):
    """All that is stored there: [(headers, body)]."""
    state = site.ask(f"STREAM.INFO.{stream}")["state"]
    found = []
    for sequence in range(1, state["last_seq"] + 1):
        message = site.talk.request(f"$JS.API.DIRECT.GET.{stream}",
                                    json.dumps({"seq": sequence}).encode())
        found.append((headers_of(message.headers), message.body))
    return found


def stored(site, count, stream="D"):
    """Waits for so many letters."""
    wait_until(lambda: site.ask(f"STREAM.INFO.{stream}")["state"]["messages"] >= count,
               f"{count} dead letters", 6 * PATIENCE)
    return letters(site, stream)


def deliver(site, count=1, name="c"):
    """Asks for messages and returns them, unanswered."""
    site.talk.subscribe("in", "_INBOX.in")
    site.pull("_INBOX.in", name, batch=count, expires=int(PATIENCE * 1e9))
    messages = [site.take("in") for _ in range(count)]
    site.talk.unsubscribe("in")
    return messages


def nothing_left(site, name="c"):
    info = site.info(name)
    return info["num_ack_pending"] == 0 and "dead_letters" not in info


def test_delivered_as_often_as_may_be(site):
    site.stream()
    dead_stream(site)
    site.consumer(max_deliver=2, ack_wait=WAIT, dead_letter={"subject": "dead.orders"})
    site.talk.publish("s.new", b"paid", headers={
        "Order": "7", "Nats-Msg-Id": "m-7", "Nats-Expected-Stream": "S"})
    for _ in range(2):
        deliver(site)
    # Nobody asks any more: it goes all the same.
    (headers, body), = stored(site, 1)
    assert body == b"paid"
    assert headers["Nats-Subject"] == "dead.orders" and headers["Order"] == "7"
    assert "Nats-Expected-Stream" not in headers
    assert {name[len(PREFIX):]: value for name, value in headers.items()
            if name.startswith(PREFIX) and name[len(PREFIX):] not in ("Time", "Given-Up")} == {
        "Stream": "S", "Consumer": "c", "Sequence": "1", "Subject": "s.new", "Deliveries": "2",
        "Reason": "max_deliveries", "Msg-Id": "m-7"}
    assert headers[PREFIX + "Time"] <= headers[PREFIX + "Given-Up"]
    wait_until(lambda: nothing_left(site), "the consumer to be done with it")
    assert site.ask("STREAM.INFO.S")["state"]["messages"] == 1


def test_terminated(site):
    site.stream()
    dead_stream(site)
    info = site.consumer(ack_wait=WAIT, metadata={"midge.dead_letter.subject": "dead.s"})
    assert info["config"]["metadata"]["midge.dead_letter.subject"] == "dead.s"
    site.put("s.a")
    message, = deliver(site)
    site.ack(message, b"+TERM the customer is gone")
    (headers, _), = stored(site, 1)
    assert headers[PREFIX + "Reason"] == "terminated"
    assert headers[PREFIX + "Description"] == "the customer is gone"
    assert headers[PREFIX + "Deliveries"] == "1"


def test_naked_the_last_time(site):
    site.stream()
    dead_stream(site)
    site.consumer(max_deliver=1, dead_letter={"subject": "dead.s"})
    site.put("s.a")
    message, = deliver(site)
    site.ack(message, b"-NAK")
    (headers, _), = stored(site, 1)
    assert headers[PREFIX + "Reason"] == "max_deliveries"


def test_work_queue_keeps_it_until_it_is_stored(site):
    site.stream(retention="workqueue")
    site.consumer(dead_letter={"subject": "dead.s"})
    site.put("s.a")
    message, = deliver(site)
    site.ack(message, b"+TERM")
    wait_until(lambda: site.info().get("dead_letters", {}).get("error"), "what is in the way")
    assert site.info()["dead_letters"] == {"waiting": 1, "error": "no stream takes them"}
    assert site.ask("STREAM.INFO.S")["state"]["messages"] == 1
    assert "dead letters of consumer" in site.server.log()
    dead_stream(site)
    assert len(stored(site, 1)) == 1
    wait_until(lambda: site.ask("STREAM.INFO.S")["state"]["messages"] == 0, "the work to be gone")


def test_refused_by_its_stream_for_a_while(site):
    site.stream()
    dead_stream(site, max_msgs=1, discard="new")
    site.put("dead.filler")
    site.consumer(dead_letter={"subject": "dead.s"})
    site.put("s.a")
    message, = deliver(site)
    site.ack(message, b"+TERM")
    wait_until(lambda: site.info().get("dead_letters", {}).get("error"), "what is in the way")
    assert site.info()["dead_letters"]["error"] == "maximum messages exceeded"
    site.ask("STREAM.PURGE.D")
    wait_until(lambda: site.ask("STREAM.INFO.D")["state"]["messages"] == 1, "the letter")


def test_confirmed_then_killed(site):
    """A +TERM that was confirmed is not forgotten, nor what it said; it is stored once."""
    site.stream()
    site.consumer(dead_letter={"subject": "dead.s"}, ack_wait=WAIT)
    for i in range(20):
        site.put("s.a", b"%d" % i)
    for message in deliver(site, 20):
        site.talk.request(message.reply, b"+TERM no use")
    site.kill_and_start()
    assert site.info()["num_ack_pending"] == 0 and site.info()["dead_letters"]["waiting"] == 20
    dead_stream(site)
    found = stored(site, 20)
    wait_until(lambda: nothing_left(site), "all to be stored")
    site.kill_and_start()
    found = letters(site)
    assert sorted(int(headers[PREFIX + "Sequence"]) for headers, _ in found) == \
        list(range(1, 21))
    assert {headers[PREFIX + "Description"] for headers, _ in found} == {"no use"}


@pytest.mark.parametrize("window", [120_000_000_000, 100_000_000])
def test_killed_at_any_time(site, window):
    """Kills while letters are under way: each is there once, also where the stream has forgotten
    its message ids meanwhile."""
    site.stream()
    dead_stream(site, duplicate_window=window)
    site.consumer(max_deliver=1, ack_wait=20_000_000, max_ack_pending=10_000,
                  dead_letter={"subject": "dead.s"})
    draw = random.Random(7)
    count = 0
    for _ in range(5):
        for _ in range(100):
            count += 1
            site.talk.publish("s.a", b"%d" % count)
        site.talk.flush()
        wait_until(lambda: site.ask("STREAM.INFO.S")["state"]["last_seq"] == count, "all to be in")
        deliver(site, 100)
        seen = draw.randrange(100)
        wait_until(lambda: site.ask("STREAM.INFO.D")["state"]["messages"] >= count - 100 + seen,
                   "some letters")
        site.kill_and_start()
        site.info()  # the stream listens again: what nobody takes is lost
        if window < 1_000_000_000:
            time.sleep(window / 1e9)  # the stream forgets
    stored(site, count)
    wait_until(lambda: nothing_left(site), "all to be stored", 6 * PATIENCE)
    sequences = [int(headers[PREFIX + "Sequence"]) for headers, _ in letters(site)]
    assert sorted(sequences) == list(range(1, count + 1))


@pytest.mark.parametrize("config, error", [
    ({"dead_letter": {"subject": "dead.*"}},
     'dead letter subject "dead.*" is not a subject without wildcards'),
    ({"dead_letter": {"subject": ""}},
     'dead letter subject "" is not a subject without wildcards'),
    ({"metadata": {"midge.dead_letter.subject": "dead..x"}},
     'dead letter subject "dead..x" is not a subject without wildcards'),
    ({"dead_letter": {"subject": "$JS.API.STREAM.DELETE.S"}},
     'dead letter subject "$JS.API.STREAM.DELETE.S" is the server\'s own'),
    ({"dead_letter": {"subject": "s.dead"}},
     'dead letter subject "s.dead" would come back to this consumer'),
    ({"dead_letter": {"subject": "dead.x"}, "metadata": {"midge.dead_letter.subject": "dead.y"}},
     "dead_letter.subject and metadata midge.dead_letter.subject name different subjects"),
    ({"dead_letter": {"subject": "dead.x"}, "ack_policy": "none"},
     "dead letters need ack policy explicit or all"),
])
def test_refused(site, config, error):
    site.stream()
    answer = json.loads(site.talk.request("$JS.API.CONSUMER.CREATE.S.c", json.dumps({
        "stream_name": "S",
        "config": {"durable_name": "c", "ack_policy": "explicit", **config}}).encode()).body)
    assert answer["error"] == {"code": 500, "err_code": 10012, "description": error}


def test_unknown_fields_are_refused_still(site):
    site.stream()
    answer = json.loads(site.talk.request("$JS.API.CONSUMER.CREATE.S.c", json.dumps({
        "stream_name": "S", "config": {"durable_name": "c", "ack_policy": "explicit",
                                       "dead_letter": {"subject": "a", "tries": 3}}}).encode()).body)
    assert answer["error"]["err_code"] == 10025


def test_within_one_stream(site):
    """The stream's own, where the consumer's filter does not want it."""
    site.stream()
    info = site.consumer(filter_subject="s.new", dead_letter={"subject": "s.dead"})
    assert info["config"]["dead_letter"] == {"subject": "s.dead"}
    site.put("s.new")
    message, = deliver(site)
    site.ack(message, b"+TERM")
    wait_until(lambda: site.ask("STREAM.INFO.S")["state"]["messages"] == 2, "the letter")


def test_a_configuration_that_wants_them_no_more(site):
    site.stream(retention="workqueue")
    site.consumer(dead_letter={"subject": "dead.s"})
    site.put("s.a")
    message, = deliver(site)
    site.ack(message, b"+TERM")
    wait_until(lambda: site.info().get("dead_letters"), "the letter to wait")
    site.consumer()
    wait_until(lambda: nothing_left(site), "the letter to be let go")
    assert site.ask("STREAM.INFO.S")["state"]["messages"] == 0
