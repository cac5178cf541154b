"""The port for profiles: what Go's net/http/pprof serves on nats-server's, as far as Midge has it."""

import gzip
import os
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from harness import server as servers
from harness.wire import Wire, client

GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")


class Port:
    """What is served there."""

    def __init__(self, server):
        self.server = server
        found = server.wait_log(r"profiling port: (\d+)")
        self.number = int(found[1])
        self.url = f"http://127.0.0.1:{self.number}"

    def get(self, path: str):
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers


@pytest.fixture
def port(start):
    return Port(start(config="prof_port: -1\nhttp: '127.0.0.1:-1'\n"))


def busy(server, until: threading.Event):
    wire = client(server)
    batch = b"PUB x 5\r\nhello\r\n" * 20_000
    while not until.is_set():
        wire.send(batch)
        wire.barrier()
    wire.close()


@pytest.fixture
def busy_port(port):
    over = threading.Event()
    worker = threading.Thread(target=busy, args=(port.server, over))
    worker.start()
    yield port
    over.set()
    worker.join()


@pytest.mark.rows("MON-33", "CONF-032")
def test_index(port):
    status, page, headers = port.get("/debug/pprof/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"profile" in page and b"goroutine" in page
    # Without the slash: sent there.
    assert port.get("/debug/pprof")[1] == page
    assert port.get("/debug/vars")[0] == 200


@pytest.mark.rows("MON-33")
def test_processor_time(busy_port):
    def profile() -> bytes:
        status, packed, headers = busy_port.get("/debug/pprof/profile?seconds=1")
        assert status == 200 and headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"] == 'attachment; filename="profile"'
        text = gzip.decompress(packed)
        assert b"cpu" in text and b"nanoseconds" in text
        return text

    # Where others have the processor, a second may pass without a sample.
    own = b"midge::broker::Client::" if servers.kind() == "midge" else b"nats-server"
    servers.wait_until(lambda: own in profile(), "a profile that names what was done", 60)


@pytest.mark.skipif(not GO, reason="go is not installed")
def test_go_fetches_it(busy_port, tmp_path):
    shown = subprocess.run(
        [GO, "tool", "pprof", "-symbolize=none", "-top", "-cum",
         busy_port.url + "/debug/pprof/profile?seconds=3"],
        capture_output=True, text=True, timeout=300, check=True,
        env={**os.environ, "PPROF_TMPDIR": str(tmp_path)})
    assert "Type: cpu" in shown.stdout
    if servers.kind() == "midge":
        assert "midge::io::PosixLoop::tick" in shown.stdout


def test_what_threads_do(port):
    status, packed, _ = port.get("/debug/pprof/goroutine")
    assert status == 200 and b"goroutine" in gzip.decompress(packed)


def test_one_at_a_time(port):
    """And one that is under way does not hold up the server's end."""
    with Wire("127.0.0.1", port.number) as first:
        first.send(b"GET /debug/pprof/profile?seconds=60 HTTP/1.1\r\nHost: x\r\n\r\n")
        first.wait_consumed()
        status, text, headers = port.get("/debug/pprof/profile?seconds=1")
        assert status == 500 and headers["X-Go-Pprof"] == "1"
        assert b"cpu profiling already in use" in text
        port.server.stop()


def test_symbols(port):
    assert port.get("/debug/pprof/symbol")[1] == b"num_symbols: 1\n"
    assert port.get("/debug/pprof/symbol?0x1")[1] == b"num_symbols: 1\n"


def test_unknown(port):
    status, text, headers = port.get("/debug/pprof/nope")
    assert (status, text, headers["X-Go-Pprof"]) == (404, b"Unknown profile\n", "1")
    # The monitoring pages are not here, nor the profiles there.
    assert port.get("/varz")[:2] == (404, b"404 page not found\n")
    assert port.server.http("/debug/pprof/")[0] == 404


@pytest.mark.skipif(servers.kind() == "peer", reason="Go keeps them")
@pytest.mark.parametrize("name", ["heap", "allocs", "block", "mutex", "trace"])
def test_not_kept(port, name):
    status, text, headers = port.get(f"/debug/pprof/{name}")
    assert status == 501 and headers["X-Go-Pprof"] == "1"
    assert re.match(rb"(Midge|This).*\.\n$", text)


@pytest.mark.skipif(servers.kind() == "peer", reason="a profile of the peer's may last as long as it likes")
def test_too_long(port):
    status, text, _ = port.get("/debug/pprof/profile?seconds=301")
    assert (status, text) == (400, b"profile duration is at most 300 s\n")
