"""memory_limit with streams: what they can do without they let go of; what has no room is refused
with an error of the API, and taken again when there is room."""

import json
import pathlib
import random
import re
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from archive_talk import send_backup, take_backup  # noqa: E402

from harness.server import PATIENCE, Server, kind, wait_until  # noqa: E402

pytestmark = pytest.mark.skipif(kind() != "midge", reason="nats-server has no memory_limit")

MIB = 1 << 20
LIMIT = 160 * MIB
NO_MEMORY = {"code": 500, "err_code": 10028, "description": "insufficient memory resources available"}
NO_ROOM = {"code": 503, "err_code": 10023, "description": "insufficient resources"}


class Site:
    def __init__(self, store):
        self.server = Server(config=f'memory_limit: 160MB\nhttp: "127.0.0.1:-1"\n'
                                    f'jetstream {{ store_dir: "{store}", max_mem: 1GB }}\n')
        self.talk = Talk(self.server.port)

    def raw(self, verb, **body):
        return json.loads(self.talk.request(f"$JS.API.{verb}",
                                            json.dumps(body).encode() if body else b"").body)

    def ask(self, verb, **body):
        answer = self.raw(verb, **body)
        assert "error" not in answer, answer
        return answer

    def put(self, subject, body, headers=None):
        """The sequence, or the error."""
        answer = json.loads(self.talk.request(subject, body, headers).body)
        return answer.get("error") or answer["seq"]

    def peak(self):
        status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def memory(self):
        return self.server.json("/varz")["memory"]


@pytest.fixture
def site(tmp_path):
    one = Site(tmp_path / "store")
    yield one
    assert one.server.process.poll() is None
    assert one.peak() <= LIMIT
    one.talk.close()
    one.server.stop()


def fill(site, subject, size=50_000):
    """Publishes until it is refused; returns how many were taken, and the error."""
    for count in range(1, 10_000):
        answer = site.put(f"{subject}.{count % 100}", b"." * size)
        if not isinstance(answer, int):
            return count - 1, answer
    raise AssertionError("it was never refused")


def test_a_stream_in_memory(site):
    site.ask("STREAM.CREATE.M", name="M", subjects=["m.>"], storage="memory", allow_direct=True)
    site.ask("STREAM.CREATE.F", name="F", subjects=["f.>"])
    count, error = fill(site, "m")
    assert error == NO_MEMORY
    assert site.memory()["state"] == "full"
    assert site.server.http("/healthz")[0] == 503
    wait_until(lambda: site.memory()["stream_blocks"] > 20 * MIB, "what streams hold to be counted")
    # Nothing else is taken in, and everything else works; also for who comes only now.
    assert site.put("f.x", b"x") == NO_ROOM
    assert site.raw("STREAM.CREATE.N", name="N")["error"] == NO_ROOM
    assert site.raw("STREAM.CREATE.N", name="N", storage="memory")["error"] == NO_MEMORY
    assert site.raw("CONSUMER.CREATE.M.c", stream_name="M",
                    config={"name": "c", "ack_policy": "none"})["error"] == NO_MEMORY
    late = Talk(site.server.port)
    message = late.request("$JS.API.DIRECT.GET.M", json.dumps({"seq": 7}).encode())
    assert message.body == b"." * 50_000
    late.close()
    assert site.ask("STREAM.INFO.M")["state"]["messages"] == count
    site.ask("STREAM.PURGE.M")
    wait_until(lambda: isinstance(site.put("m.x", b"x"), int), "there to be room again")
    assert isinstance(site.put("f.x", b"x"), int)
    assert site.server.http("/healthz")[0] == 200


def test_streams_on_disk_hold_as_much_as_there_is_room_for(site):
    """Several times the limit goes through, and is read again."""
    for i in range(20):
        site.ask(f"STREAM.CREATE.S{i}", name=f"S{i}", subjects=[f"s.{i}.>"], allow_direct=True)
    site.talk.subscribe("acks", "ack.>")
    body = b"." * 60_000
    left = [(i % 20, i) for i in range(8_000)]  # 480 MB
    under_way = set()
    stored = {}
    refused = 0
    while left or under_way:
        while left and len(under_way) < 50:
            stream, number = left.pop()
            under_way.add(number)
            site.talk.publish(f"s.{stream}.{number}", body, reply=f"ack.{number}")
        answer = site.talk.receive("acks", 3 * PATIENCE)
        number = int(answer.subject.split(".")[1])
        under_way.remove(number)
        told = json.loads(answer.body)
        if "error" in told:
            assert told["error"] == NO_ROOM
            refused += 1
            time.sleep(0.005)  # as any client would
            left.insert(0, (number % 20, number))
        else:
            stored[number] = told["seq"]
    assert len(stored) == 8_000
    for i in range(20):
        assert site.ask(f"STREAM.INFO.S{i}")["state"]["messages"] == 400
    for number in range(0, 8_000, 37):
        message = site.talk.request(f"$JS.API.DIRECT.GET.S{number % 20}",
                                    json.dumps({"seq": stored[number]}).encode())
        assert message.body == body
    print(f"480 MB within {site.peak() / MIB:.0f} of {LIMIT / MIB:.0f} MiB, {refused} refused")


def test_ids_are_forgotten_when_their_time_is_over(site):
    stream = {"name": "D", "subjects": ["d.>"], "max_msgs": 1}
    site.ask("STREAM.CREATE.D", **stream)
    for i in range(20_000):
        site.talk.publish("d.x", b"", headers={"Nats-Msg-Id": f"{i}".rjust(1000, "x")})
    site.talk.flush()
    site.ask("STREAM.CREATE.M", name="M", subjects=["m.>"], storage="memory")
    wait_until(lambda: site.memory()["message_ids"] > 10 * MIB, "ids to be counted")
    site.ask("STREAM.UPDATE.D", **stream, duplicate_window=100_000_000)
    # Nobody publishes to it any more; others need the room.
    for i in range(10_000):
        if site.memory()["message_ids"] == 0:
            break
        site.put(f"m.{i}", b"." * 50_000)
    assert site.memory()["message_ids"] == 0


def test_a_restore(site):
    """Neither begun nor gone on with while memory is full, and nothing of it stays."""
    site.ask("STREAM.CREATE.B", name="B", subjects=["b.>"])
    site.put("b.x", b"." * 1000)
    head, data = take_backup(site.talk, "B")
    site.ask("STREAM.DELETE.B")
    begun = site.ask("STREAM.RESTORE.B", **head)["deliver_subject"]
    site.ask("STREAM.CREATE.M", name="M", subjects=["m.>"], storage="memory")
    fill(site, "m")
    assert json.loads(site.talk.request(begun, data).body)["error"] == NO_ROOM
    assert site.raw("STREAM.RESTORE.B", **head)["error"] == NO_ROOM
    assert site.raw("STREAM.INFO.B")["error"]["err_code"] == 10059
    site.ask("STREAM.DELETE.M")
    wait_until(lambda: "error" not in (send_backup(site.talk, head, data) or {}),
               "there to be room again")
    assert site.ask("STREAM.INFO.B")["state"]["messages"] == 1


def serve_with(store, limit):
    return Server(config=f'memory_limit: {limit}\nhttp: "127.0.0.1:-1"\nloops: 1\n'
                         f'jetstream {{ store_dir: "{store}" }}\n')


def test_a_start_with_a_long_journal(tmp_path):
    """A kill leaves more in the journal than the limit; it is read within it, but for a segment."""
    body = b"." * 100_000
    with Server(config=f'loops: 1\njetstream {{ store_dir: "{tmp_path}" }}\n') as server:
        talk = Talk(server.port)
        talk.request("$JS.API.STREAM.CREATE.L", json.dumps(
            {"name": "L", "subjects": ["l.*"]}).encode())
        for number in range(1100):
            talk.publish(f"l.{number}", body)
        talk.request("l.last", body)
        server.signal("KILL")
        server.wait_exit()
    with serve_with(tmp_path, "100MB") as server:
        talk = Talk(server.port)
        wait_until(lambda: "error" not in json.loads(talk.request("$JS.API.INFO", b"").body),
                   "the store to be read")
        info = json.loads(talk.request("$JS.API.STREAM.INFO.L", b"").body)
        assert info["state"]["messages"] == 1101
        status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024
        assert peak <= (100 + 64 + 16) * MIB


def test_a_start_without_room(tmp_path):
    """What streams know of each subject can not be let go of: the server is there without JetStream
    until the limit is raised."""
    count, size = 300_000, 300
    with Server(config=f'loops: 1\njetstream {{ store_dir: "{tmp_path}" }}\n') as server:
        talk = Talk(server.port)
        talk.request("$JS.API.STREAM.CREATE.W", json.dumps(
            {"name": "W", "subjects": ["w.>"]}).encode())
        texts = random.Random(7).randbytes(count * size).hex()
        for first in range(0, count, 10_000):
            talk._send("".join(f"PUB w.{texts[2 * size * number:2 * size * (number + 1)]} 0\r\n\r\n"
                               for number in range(first, first + 10_000)).encode())
        talk.flush()
        wait_until(lambda: json.loads(talk.request("$JS.API.STREAM.INFO.W", b"").body)["state"][
            "messages"] == count, "all to be stored")
        server.signal("TERM")
        server.wait_exit()
    with serve_with(tmp_path, "64MB") as server:
        wait_until(lambda: "JetStream can not be started, and is tried again: what is in the store "
                           "needs more than memory_limit, 64 MiB" in server.log(), "it to give up")
        wait_until(lambda: server.json("/varz")["memory"]["state"] == "easy", "it to let go")
        talk = Talk(server.port)
        talk.subscribe("core", "core")
        talk.publish("core", b"works")
        assert talk.receive("core", PATIENCE).body == b"works"
        assert json.loads(talk.request("$JS.API.INFO", b"").body)["error"]["err_code"] == 10008
        assert server.http("/healthz")[0] == 503
        server.reload(server.config_path.read_text().replace("64MB", "2GB"))
        wait_until(lambda: server.http("/healthz")[0] == 200, "JetStream to start", 6 * PATIENCE)
        info = json.loads(talk.request("$JS.API.STREAM.INFO.W", b"").body)
        assert info["state"]["messages"] == count
