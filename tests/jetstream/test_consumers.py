"""What consumers owe whoever waits: nobody is forgotten when the other side changes, and a killed
server's consumers go on where they were."""

import json
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402

from harness.server import PATIENCE, Server, kind, wait_until  # noqa: E402


class Site:
    """A server with JetStream, and one client of it."""

    def __init__(self, store):
        self.config = f"jetstream {{ store_dir: {json.dumps(str(store))} }}"
        self.server = self.talk = None
        self.start()

    def start(self):
        self.server = Server(config=self.config)
        self.talk = Talk(self.server.port)

    def stop(self):
        self.talk.close()
        self.server.stop()

    def kill_and_start(self):
        self.talk.close()
        self.server.process.kill()
        self.server.process.wait()
        self.server.stop()
        self.start()

    def ask(self, verb, body=None):
        answer = json.loads(self.talk.request(f"$JS.API.{verb}",
                                              json.dumps(body).encode() if body else b"").body)
        assert "error" not in answer, answer
        return answer

    def stream(self, **config):
        return self.ask("STREAM.CREATE.S", {"name": "S", "subjects": ["s.>"], **config})

    def consumer(self, name="c", **config):
        config = {"durable_name": name, "ack_policy": "explicit", **config}
        return self.ask(f"CONSUMER.CREATE.S.{name}", {"stream_name": "S", "config": config})

    def info(self, name="c"):
        return self.ask(f"CONSUMER.INFO.S.{name}")

    def put(self, subject, body=b"x"):
        return json.loads(self.talk.request(subject, body).body)["seq"]

    def pull(self, inbox, name="c", **terms):
        self.talk.publish(f"$JS.API.CONSUMER.MSG.NEXT.S.{name}", json.dumps(terms).encode(),
                          reply=inbox)

    def take(self, sub):
        message = self.talk.receive(sub, PATIENCE)
        assert message is not None
        return message

    def ack(self, message, kind=b"+ACK"):
        answer = self.talk.request(message.reply, kind)
        assert answer.body == b""


@pytest.fixture
def site(tmp_path):
    one = Site(tmp_path / "store")
    yield one
    one.stop()


def sequence(message):
    assert message.reply.startswith("$JS.ACK."), (message.subject, message.headers, message.body)
    return int(message.reply.split(".")[5])


def deliveries(message):
    return int(message.reply.split(".")[4])


@pytest.mark.rows("JS-C-24")
def test_room_by_removal_lets_a_full_consumer_go_on(site):
    site.stream()
    site.consumer(max_ack_pending=1)
    site.talk.subscribe("in", "in.box")
    site.put("s.1")
    site.put("s.2")
    site.pull("in.box", batch=2)
    assert sequence(site.take("in")) == 1
    site.ask("STREAM.MSG.DELETE.S", {"seq": 1})
    assert sequence(site.take("in")) == 2


@pytest.mark.rows("JS-C-39", "JS-C-48")
def test_a_requester_that_is_gone_does_not_hold_up_the_next(site):
    site.stream()
    site.consumer()
    site.talk.subscribe("in", "in.box")
    for gone in range(3):
        other = Talk(site.server.port)
        other.subscribe("x", f"gone.{gone}")
        other.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", b"1", reply=f"gone.{gone}")
        other.flush()
        other.close()
    site.pull("in.box", batch=1)
    site.put("s.1")
    assert sequence(site.take("in")) == 1
    assert site.info()["num_waiting"] == 0


@pytest.mark.rows("JS-C-38")
def test_a_push_consumer_waits_for_somebody(site):
    site.stream()
    site.consumer(deliver_subject="d.x")
    for i in range(5):
        site.put("s.1")
    assert site.info()["delivered"]["consumer_seq"] == 0
    site.talk.subscribe("in", "d.x")
    assert [sequence(site.take("in")) for _ in range(5)] == [1, 2, 3, 4, 5]
    site.talk.unsubscribe("in")
    site.put("s.1")
    site.talk.subscribe("in", "d.x")
    assert sequence(site.take("in")) == 6


@pytest.mark.rows("JS-C-38")
@pytest.mark.parametrize("pattern", ["d.y", "*.y", "d.>"])
def test_a_lonely_push_consumer_delivers_before_what_its_subscriber_does_next(site, pattern):
    site.stream(max_msgs_per_subject=1)
    site.consumer(deliver_subject="d.x")
    site.put("s.1", b"old")
    # Nobody listens to the new subject either.
    site.consumer(deliver_subject="d.y")
    for round_ in range(20):
        site.talk.subscribe("in", pattern)
        site.put("s.2")  # answered: the subscription is known
        site.put("s.1", b"new")
        seen = [sequence(site.take("in")) for _ in range(3)]
        assert seen == [3 * round_ + i for i in (1, 2, 3)]
        site.talk.unsubscribe("in")
        site.put("s.1", b"old")


@pytest.mark.rows("JS-C-25")
def test_flow_control_goes_on_with_the_answer(site):
    site.stream()
    site.talk.subscribe("in", "d.x")
    site.consumer(deliver_subject="d.x", flow_control=True, idle_heartbeat=1_000_000_000,
                  ack_policy="none")
    body = b"x" * 50_000
    for _ in range(40):
        site.put("s.1", body)
    seen = 0
    while seen < 40:
        message = site.take("in")
        if message.headers.startswith("NATS/1.0 100"):
            if message.reply:
                site.talk.publish(message.reply, b"")
            continue
        seen += 1
        assert sequence(message) == seen


@pytest.mark.rows("JS-C-39")
def test_a_reply_that_is_a_subject_of_the_stream_itself(site):
    site.stream(max_msgs=3)
    site.consumer(ack_policy="explicit")
    for i in range(3):
        site.put(f"s.{i}")
    site.pull("s.loop", batch=3)
    # Each delivery becomes a message of the stream and pushes the eldest out.
    site.talk.subscribe("in", "in.box")
    site.pull("in.box", batch=1)
    assert sequence(site.take("in")) >= 4
    assert site.ask("STREAM.INFO.S")["state"]["messages"] == 3


@pytest.mark.rows("JS-C-14", "JS-C-64", "KV-04")
def test_last_per_subject_goes_on_after_a_kill(site):
    site.stream()
    for round in range(3):
        for key in range(10):
            site.put(f"s.{key}", f"{round}".encode())
    made = site.consumer(deliver_policy="last_per_subject", filter_subject="s.*")
    assert made["num_pending"] == 10
    site.talk.subscribe("in", "in.box")
    site.pull("in.box", batch=4)
    for expected in range(21, 25):
        message = site.take("in")
        assert sequence(message) == expected
        site.ack(message)
    site.put("s.1", b"later")
    site.kill_and_start()
    assert site.info()["num_pending"] == 7
    site.talk.subscribe("in", "in.box")
    site.pull("in.box", batch=7)
    assert [sequence(site.take("in")) for _ in range(7)] == [25, 26, 27, 28, 29, 30, 31]


@pytest.mark.rows("JS-C-57")
def test_counts_of_deliveries_outlive_kills(site):
    site.stream()
    site.consumer(ack_wait=3_600_000_000_000)
    site.put("s.1")
    for expected in range(1, 6):
        site.talk.subscribe("in", "in.box")
        site.pull("in.box", batch=1)
        message = site.take("in")
        assert (sequence(message), deliveries(message)) == (1, expected)
        # A publish that is answered is behind the delivery in the journal.
        site.put("s.other")
        site.kill_and_start()
        site.talk.publish(message.reply, b"-NAK")
    assert site.info()["num_redelivered"] == 1


@pytest.mark.rows("JS-C-20")
def test_replay_as_it_was(site):
    site.stream()
    for body in (b"1", b"2", b"3"):
        site.put("s.1", body)
        time.sleep(0.15)
    site.talk.subscribe("in", "d.x")
    before = time.monotonic()
    site.consumer(deliver_subject="d.x", replay_policy="original", ack_policy="none")
    for _ in range(3):
        site.take("in")
    assert time.monotonic() - before >= 0.29


@pytest.mark.rows("JS-C-21")
def test_a_rate_is_kept(site):
    site.stream()
    for _ in range(5):
        site.put("s.1", b"x" * 1000)
    site.talk.subscribe("in", "d.x")
    before = time.monotonic()
    site.consumer(deliver_subject="d.x", rate_limit_bps=80_000, ack_policy="none")
    for _ in range(5):
        site.take("in")
    # Four messages of 1,003 bytes at 10,000 bytes a second, and the last one.
    assert time.monotonic() - before >= 0.4


@pytest.mark.rows("JS-C-08")
def test_resuming_delivers_to_who_waited(site):
    site.stream()
    site.consumer()
    site.talk.subscribe("in", "in.box")
    site.ask("CONSUMER.PAUSE.S.c", {"pause_until": "2100-01-01T00:00:00Z"})
    site.put("s.1")
    site.pull("in.box", batch=1)
    site.talk.flush()
    assert site.info()["num_waiting"] == 1
    site.ask("CONSUMER.PAUSE.S.c", {})
    assert sequence(site.take("in")) == 1


@pytest.mark.rows("JS-C-19")
def test_each_of_many_filters_gets_its_own(site):
    site.stream()
    site.talk.subscribe("in", "in.>")
    for i in range(300):
        pattern = f"s.{i}.*" if i % 2 else f"s.{i}.a"
        site.consumer(f"c{i}", filter_subject=pattern)
        site.pull(f"in.{i}", f"c{i}", batch=1)
    for i in reversed(range(300)):
        site.put(f"s.{i}.a")
    seen = {}
    for _ in range(300):
        message = site.take("in")
        seen[message.subject] = message.reply
    assert sorted(seen) == sorted(f"s.{i}.a" for i in range(300))
    for subject, reply in seen.items():
        assert reply.split(".")[3] == f"c{subject.split('.')[1]}"


@pytest.mark.rows("JS-S-23", "JS-S-25")
def test_a_batch_of_direct_gets_in_full(site):
    site.stream(allow_direct=True)
    many = 5000
    for i in range(many):
        site.talk.publish(f"s.{i % 7}", b"%d" % i)
    assert site.put("s.end") == many + 1
    site.talk.subscribe("in", "in.box")
    site.talk.publish("$JS.API.DIRECT.GET.S", b'{"seq":1,"batch":100000}', reply="in.box")
    for i in range(many + 1):
        message = site.take("in")
        assert f"Nats-Sequence: {i + 1}\r\n" in message.headers
        assert f"Nats-Num-Pending: {many - i}\r\n" in message.headers
    assert site.take("in").headers.startswith("NATS/1.0 204 EOB\r\nNats-Num-Pending: 0\r\n")


@pytest.mark.rows("JS-S-25")
def test_too_many_subjects_for_one_answer(site):
    site.stream(allow_direct=True)
    for i in range(1025):
        site.talk.publish(f"s.{i}", b"x")
    site.put("s.1")
    site.talk.subscribe("in", "in.box")
    site.talk.publish("$JS.API.DIRECT.GET.S", b'{"multi_last":["s.>"]}', reply="in.box")
    assert site.take("in").headers == "NATS/1.0 413 Too Many Results\r\n\r\n"
    site.ask("STREAM.MSG.DELETE.S", {"seq": 1025})
    site.talk.publish("$JS.API.DIRECT.GET.S", b'{"multi_last":["s.>"]}', reply="in.box")
    for _ in range(1024):
        assert site.take("in").headers.startswith("NATS/1.0\r\n")
    assert site.take("in").headers.startswith("NATS/1.0 204 EOB")


@pytest.mark.rows("CORE-72", "JS-C-45")
def test_those_who_wait_are_told_that_the_server_ends(site):
    site.stream()
    site.consumer()
    waiting = [Talk(site.server.port) for _ in range(5)]
    for number, one in enumerate(waiting):
        one.subscribe("in", f"in.{number}")
        one.publish("$JS.API.CONSUMER.MSG.NEXT.S.c", b"2", reply=f"in.{number}")
    wait_until(lambda: site.info()["num_waiting"] == 5, "five requests")
    site.server.signal("TERM")
    for one in waiting:
        told = one.receive("in", PATIENCE).headers
        assert told.startswith("NATS/1.0 409 Server Shutdown\r\nNats-Pending-Messages: 2\r\n"), told
        one.close()


@pytest.mark.skipif(kind() != "midge", reason="nats-server leaves it to chance")
@pytest.mark.rows("JS-C-02", "JS-C-38")
def test_who_makes_a_consumer_hears_of_it_before_its_messages(site):
    site.stream()
    for _ in range(50):
        site.put("s.1")
    site.talk.subscribe("in", "in.box")
    for number, storage in enumerate((False, True) * 10):
        config = {"name": f"p{number}", "deliver_subject": "in.box", "ack_policy": "none",
                  "mem_storage": storage}
        site.talk.publish(f"$JS.API.CONSUMER.CREATE.S.p{number}", json.dumps(
            {"stream_name": "S", "config": config}).encode(), reply="in.box")
        assert json.loads(site.take("in").body)["name"] == f"p{number}"
        assert [sequence(site.take("in")) for _ in range(50)] == list(range(1, 51))
        site.ask(f"CONSUMER.DELETE.S.p{number}")
