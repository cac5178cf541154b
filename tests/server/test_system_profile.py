"""Profiles of the running server, as `go tool pprof` reads them."""

import base64
import contextlib
import gzip
import json
import os
import shutil
import subprocess
import threading

import pytest

import system_talk
from harness.wire import client

CONFIG = system_talk.CONFIG
GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


@pytest.fixture
def asker(start, tmp_path):
    server = start(config=CONFIG.replace("%DIR%", str(tmp_path)))
    asker = system_talk.Asker(server, "s")
    asker.server = server
    return asker


def profile(asker, **options):
    answer = asker.ask("$SYS.REQ.SERVER.PING.PROFILEZ", json.dumps(options))
    return json.loads(answer[1])["data"]


@contextlib.contextmanager
def busy(server):
    """A client that keeps the server busy for as long as it is wanted."""
    over = threading.Event()
    wire = client(server, user="a", **{"pass": "a"})
    wire.send(b"SUB x 1\r\n")

    def work():
        while not over.is_set():
            wire.send(b"PUB x 5\r\nhello\r\n" * 5_000)
            wire.barrier()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()
        wire.close()


def processor_profile(asker, duration):
    asker.publish("$SYS.REQ.SERVER.PING.PROFILEZ", json.dumps({"name": "cpu", "duration": duration}))
    with busy(asker.server):
        answer = json.loads(asker.frame().partition(b"\r\n")[2])["data"]
    assert answer["error"] == ""
    return base64.b64decode(answer["profile"])


@pytest.mark.rows("SYS-09")
def test_processor_time(asker):
    text = gzip.decompress(processor_profile(asker, 1_000_000_000))
    # Named by the server's own symbols, where it has some.
    for name in (b"cpu", b"nanoseconds", b"samples", os.fsencode(asker.server.path)):
        assert name in text
    assert b"midge::broker::Client::" in text


@pytest.mark.rows("SYS-09")
@pytest.mark.skipif(not GO, reason="go is not installed")
def test_go_reads_it(asker, tmp_path):
    path = tmp_path / "cpu.pprof"
    path.write_bytes(processor_profile(asker, 1_000_000_000))
    shown = subprocess.run([GO, "tool", "pprof", "-symbolize=none", "-top", "-cum", str(path)],
                           capture_output=True, text=True, timeout=300, check=True)
    assert "Type: cpu" in shown.stdout
    assert "midge::io::PosixLoop::tick" in shown.stdout


@pytest.mark.rows("SYS-09")
def test_what_threads_do(asker):
    answer = profile(asker, name="goroutine")
    text = gzip.decompress(base64.b64decode(answer["profile"]))
    assert answer["error"] == "" and b"goroutine" in text and b"midge::io::PosixLoop" in text


@pytest.mark.rows("SYS-09")
@pytest.mark.parametrize("options, error", [
    ({}, "Profile name not specified"),
    ({"name": "bogus"}, 'Profile "bogus" not found'),
    ({"name": "heap"}, 'Profile "heap" is not kept by Midge'),
    ({"name": "cpu", "duration": 20_000_000_000}, "Duration 20s should be between 0s and 15s"),
    ({"name": "cpu", "duration": -1}, "Duration -1ns should be between 0s and 15s"),
])
def test_there_is_none(asker, options, error):
    assert profile(asker, **options) == {"profile": None, "error": error}


@pytest.mark.rows("SYS-09")
def test_one_at_a_time(asker):
    for _ in range(2):
        asker.publish("$SYS.REQ.SERVER.PING.PROFILEZ",
                      json.dumps({"name": "cpu", "duration": 100_000_000}))
    answers = [json.loads(asker.frame().partition(b"\r\n")[2])["data"] for _ in range(2)]
    assert [answer["error"] for answer in answers] == ["cpu profiling already in use", ""]
