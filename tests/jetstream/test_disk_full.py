"""A disk that takes nothing more: writers are told so, all else goes on, and it is written again
soon after there is room, without a restart; what was acknowledged stays.

A file that may not grow (RLIMIT_FSIZE) needs no rights; a small volume that is filled and freed
needs those of root to mount one. MIDGE_TEST_FILLS says how often each (3)."""

import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import system_calls  # noqa: E402
from api_talk import SILENCE, Talk  # noqa: E402
from disk_load import STREAM, Filler, Told  # noqa: E402

from harness import server as servers  # noqa: E402

pytestmark = pytest.mark.skipif(servers.kind() != "midge",
                                reason="what nats-server does then is another matter")

FILLS = int(os.environ.get("MIDGE_TEST_FILLS", "3"))
PATIENCE = 6 * servers.PATIENCE
RESUMED = 10 * servers.PATIENCE / 10  # seconds, as promised

NO_SPACE = {"code": 500, "err_code": 10047,
            "description": "insufficient storage resources available"}


def raw(talk, verb, body=None):
    return json.loads(talk.request(f"$JS.API.{verb}", json.dumps(body).encode() if body else b"",
                                   patience=PATIENCE).body)


def ask(talk, verb, body=None):
    answer = raw(talk, verb, body)
    assert "error" not in answer, answer
    return answer


class Site:
    """A server whose store is on a disk with troubles, fillers, and a client that looks on."""

    def __init__(self, store, size, config="", more=""):
        self.config = f'jetstream {{ store_dir: "{store}"\n{more} }}\n{config}'
        self.told = Told(threading.Condition())
        self.size = size
        self.fillers = []
        self.first = 1
        self.start()
        ask(self.talk, f"STREAM.CREATE.{STREAM}", {
            "name": STREAM, "subjects": ["fill.*"], "allow_direct": True})
        ask(self.talk, f"CONSUMER.CREATE.{STREAM}.old", {"stream_name": STREAM, "config": {
            "durable_name": "old", "ack_policy": "explicit"}})

    def start(self):
        self.server = servers.Server(config=self.config, ready=False)
        self.server.wait_log("Server is ready", PATIENCE)
        self.server.wait_ready()
        self.talk = Talk(self.server.port)

    def fill(self, count=2):
        lives = len(self.fillers)
        for i in range(count):
            self.fillers.append(Filler(self.server, self.told, f"f{lives + i}", self.size))
            self.fillers[-1].start()

    def stop(self):
        self.talk.close()
        self.server.stop()

    def stop_filling(self):
        for filler in self.fillers:
            filler.stop()
        assert not self.told.faults, self.told.faults[:5]

    def wait_refused(self):
        """Publishes until one is refused. What was under way when the disk failed is answered later."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.talk.request("fill.0", b"probe .", patience=0.5)
            if answer is SILENCE:
                continue
            told = json.loads(answer.body)
            if "error" in told:
                return told["error"]
            self.told.stored(told["seq"], "probe")
        return None

    def others_go_on(self):
        """Reads and core traffic, while nothing can be written."""
        with self.told.lock:
            sequence, name = next((s, n) for s, n in self.told.acknowledged.items()
                                  if s >= self.first)
        message = self.talk.request(f"$JS.API.DIRECT.GET.{STREAM}",
                                    json.dumps({"seq": sequence}).encode())
        assert message.body.decode().split(" ")[0] == name
        assert ask(self.talk, f"STREAM.INFO.{STREAM}")["state"]["messages"] > 0
        assert ask(self.talk, f"CONSUMER.INFO.{STREAM}.old")["name"] == "old"
        self.talk.subscribe("core", "core.x")
        self.talk.publish("core.x", b"there")
        assert self.talk.receive("core", servers.PATIENCE).body == b"there"
        self.talk.unsubscribe("core")

    def read(self):
        """All of the stream: {sequence: name}."""
        state = ask(self.talk, f"STREAM.INFO.{STREAM}")["state"]
        there = {}
        if state["messages"] == 0:
            return there
        ask(self.talk, f"CONSUMER.CREATE.{STREAM}.reader", {"stream_name": STREAM, "config": {
            "name": "reader", "ack_policy": "none", "mem_storage": True}})
        self.talk.subscribe("read", "_INBOX.read")
        while len(there) < state["messages"]:
            self.talk.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.reader",
                              b'{"batch":200,"no_wait":true}', reply="_INBOX.read")
            for _ in range(min(200, state["messages"] - len(there))):
                message = self.talk.receive("read", PATIENCE)
                assert message.reply.startswith("$JS.ACK."), message.headers
                there[int(message.reply.split(".")[5])] = message.body.decode().split(" ")[0]
        self.talk.unsubscribe("read")
        ask(self.talk, f"CONSUMER.DELETE.{STREAM}.reader")
        return there

    def compare(self):
        """What was acknowledged is there, from the last purge on."""
        with self.told.lock:
            wanted = {s: n for s, n in self.told.acknowledged.items() if s >= self.first}
        there = self.read()
        lost = {s: (n, there.get(s)) for s, n in wanted.items() if there.get(s) != n}
        assert not lost, f"{len(lost)} of {len(wanted)}, such as {sorted(lost.items())[:5]}"
        return there

    def wait_resumed(self, began):
        assert self.told.wait_more(100, PATIENCE), self.server.log()[-3000:]
        took = time.monotonic() - began
        assert took < RESUMED, f"{took:.1f} s"
        return took


def report(what, site, times):
    print(f"{what}: {len(times)} times, {len(site.told.acknowledged)} messages acknowledged, "
          f"{sum(site.told.refusals.values())} refused ({dict(site.told.refusals)}), none lost; "
          f"writing resumed after {max(times):.1f} s at most")


@pytest.mark.rows("JS-S-64")
def test_files_that_may_not_grow(tmp_path):
    stop_growing(tmp_path, "")


@pytest.mark.rows("JS-S-64", "JS-S-80")
def test_files_of_an_encrypted_store_that_may_not_grow(tmp_path):
    stop_growing(tmp_path, 'key: "k"')


def stop_growing(tmp_path, more):
    site = Site(tmp_path / "store", 1024, more=more)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    times = []
    site.fill()
    for _ in range(FILLS):
        assert site.told.wait_more(300, PATIENCE)
        resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE, (0, hard))
        assert site.wait_refused() == NO_SPACE
        assert raw(site.talk, "STREAM.CREATE.N", {"name": "N"})["error"] == NO_SPACE
        assert raw(site.talk, f"STREAM.PURGE.{STREAM}")["error"] == NO_SPACE
        site.others_go_on()
        began = time.monotonic()
        resource.prlimit(site.server.pid, resource.RLIMIT_FSIZE, (hard, hard))
        times.append(site.wait_resumed(began))
    site.stop_filling()
    assert set(site.told.refusals) <= {"10047 insufficient storage resources available"}
    site.compare()
    site.talk.close()
    site.server.process.kill()
    site.server.process.wait()
    site.start()
    site.compare()
    site.stop()
    report("files that may not grow", site, times)


@contextlib.contextmanager
def failing_syncs(pid):
    """Every fdatasync of the process is an I/O error."""
    with subprocess.Popen(
            ["strace", "-f", "-p", str(pid), "-e", "trace=fdatasync", "-e",
             "inject=fdatasync:error=EIO", "-o", "/dev/null"],
            stderr=subprocess.PIPE, text=True) as strace:
        assert "attached" in strace.stderr.readline()
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)


@pytest.mark.skipif(bool(system_calls.why_not()), reason=system_calls.why_not())
@pytest.mark.rows("JS-S-84", "MON-25", "MON-28")
def test_a_disk_that_fails(tmp_path):
    site = Site(tmp_path / "store", 1024, 'http: "127.0.0.1:-1"')
    ask(site.talk, "STREAM.CREATE.M", {"name": "M", "subjects": ["m"], "storage": "memory"})
    site.fill()
    assert site.told.wait_more(100, PATIENCE)
    with failing_syncs(site.server.pid):
        error = {"code": 503, "err_code": 10077, "description": "write error: input/output error"}
        assert site.wait_refused() == error
        site.others_go_on()
        assert "seq" in json.loads(site.talk.request("m", b"x").body)
        status, body, _ = site.server.http("/healthz")
        assert (status, json.loads(body)) == (503, {
            "status": "unavailable", "error": "JetStream write error: its disk fails"})
        for narrower in ("js-server-only", "js-enabled-only"):
            assert site.server.http(f"/healthz?{narrower}=true")[0] == 200
    site.wait_resumed(time.monotonic())
    site.stop_filling()
    # None at all, where all that they had under way was answered only when the disk worked again.
    assert set(site.told.refusals) <= {"10077 write error: input/output error"}
    assert site.server.http("/healthz")[0] == 200
    assert "JetStream can not write to disk" in site.server.log()
    site.compare()
    site.stop()


@pytest.fixture
def volume(tmp_path):
    """A small filesystem of its own."""
    folder = tmp_path / "volume"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"needs a volume of its own: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def available(folder):
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def leave(folder, room):
    """Somebody else's file takes all but `room` bytes."""
    ballast = folder / "ballast"
    ballast.unlink(missing_ok=True)
    with open(ballast, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(available(folder) - room, 1))
    return ballast


@pytest.mark.rows("JS-S-64")
@pytest.mark.parametrize("more", ["", 'key: "k"'])
def test_fill_and_free(volume, more):
    """In turn somebody else frees space, and the stream is purged."""
    site = Site(volume / "store", 32 * 1024, more=more)
    times = []
    site.fill()
    assert site.told.wait_more(100, PATIENCE)
    for i in range(FILLS):
        ballast = leave(volume, 300 << 20)
        assert site.wait_refused() == NO_SPACE
        assert raw(site.talk, "STREAM.CREATE.N", {"name": "N"})["error"] == NO_SPACE
        site.others_go_on()
        if i % 2 == 0:
            began = time.monotonic()
            ballast.unlink()
        else:
            last = max(site.compare())
            ask(site.talk, f"STREAM.PURGE.{STREAM}", {"seq": last + 1})
            site.first = last + 1
            began = time.monotonic()
        times.append(site.wait_resumed(began))
    site.stop_filling()
    site.compare()
    site.talk.close()
    site.server.process.kill()
    site.server.process.wait()
    (volume / "ballast").unlink(missing_ok=True)
    site.start()
    site.compare()
    site.stop()
    report("a volume filled and freed", site, times)
