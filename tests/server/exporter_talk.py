"""What prometheus-nats-exporter and nats-surveyor ask a server for, and what they export of it.

`exporter_talk.json` is recorded from nats-server 2.15.2 with `python tests/server/exporter_talk.py`, which needs these
programs: the requests, and of each metric the names of its labels."""

import contextlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness.server import PATIENCE, Server, wait_until  # noqa: E402
from harness.wire import client  # noqa: E402

RECORD = pathlib.Path(__file__).with_name("exporter_talk.json")
PATH = f"{os.environ['PATH']}:{pathlib.Path.home()}/go/bin"
EXPORTER, SURVEYOR = (shutil.which(name, path=PATH) for name in ("prometheus-nats-exporter", "nats-surveyor"))
# Two runs: connections in sum and one by one; what is asked about health differs, too.
RUNS = (
    ("-varz", "-connz", "-subz", "-routez", "-gatewayz", "-leafz", "-accstatz", "-accountz", "-healthz", "-jsz=all"),
    ("-connz_detailed", "-healthz_js_enabled_only", "-healthz_js_server_only", "-use_internal_server_id", "-varz"),
)
CONFIG = """
server_name: paris
jetstream: { store_dir: "%DIR%/js" }
accounts: {
  A: { jetstream: enabled, users: [ { user: a, password: a } ] }
  B: { users: [ { user: b, password: b } ] }
  SYS: { users: [ { user: s, password: s } ] }
}
system_account: SYS
"""
SURVEY = ("--user", "s", "--password", "s", "--accounts", "--accounts-detailed", "--gatewayz", "--raftz", "--jsz", "all")
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? \S+$", re.MULTILINE)
REQUEST = re.compile(rb"H?MSG (\S+) .*", re.DOTALL)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def use(server) -> list:
    """A stream with a message, a consumer, traffic in two accounts; returns the connections."""
    one, two = client(server, user="a", **{"pass": "a"}), client(server, user="b", **{"pass": "b"})
    one.send(b"SUB reply 1\r\nSUB foo 2\r\n")
    for subject, body in (
            (b"STREAM.CREATE.S", b'{"name":"S","subjects":["s"],"storage":"file"}'),
            (b"CONSUMER.CREATE.S.C",
             b'{"stream_name":"S","config":{"durable_name":"C","name":"C","ack_policy":"explicit"}}')):
        one.send(b"PUB $JS.API.%b reply %d\r\n%b\r\n" % (subject, len(body), body))
        assert b"error" not in one.frame()
    one.send(b"PUB s reply 5\r\nhello\r\n")
    one.frame()
    two.send(b"SUB x 1\r\nPUB x 3\r\nabc\r\n")
    two.frame()
    return [one, two]


@contextlib.contextmanager
def listener(server):
    """Passes requests on to the server's monitoring port: yields its URL, and what was asked for."""
    asked = set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.add(self.path)
            status, body, headers = server.http(self.path)
            self.send_response(status)
            self.send_header("Content-Type", headers["Content-Type"])
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    passing = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=passing.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{passing.server_address[1]}", asked
    finally:
        passing.shutdown()
        thread.join()
        passing.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape(*command: str) -> str:
    """What one program tells that takes a port to tell it on."""
    port = free_port()  # they take no 0
    program = subprocess.Popen([command[0], "--addr", "127.0.0.1", "--port", str(port), *command[1:]],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def told():
        assert program.poll() is None, f"{command[0]} has ended"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
                return answer.read().decode()
        return None

    try:
        return wait_until(told, f"{command[0]} to answer")
    finally:
        program.kill()
        program.wait()


def metrics(text: str) -> dict:
    """Of each of the server's metrics the names of its labels. Not how often each page was asked for: the exporter
    asks for several at once, and which of them are counted already when it sees the counters is chance."""
    found = {}
    for name, labels in sorted(SAMPLE.findall(text)):
        if name.startswith(("gnatsd_", "jetstream_", "nats_")) and "_http_req_stats_" not in name:
            found.setdefault(name, set()).update(key for key, _ in LABEL.findall(labels))
    return {name: sorted(labels) for name, labels in found.items()}


@contextlib.contextmanager
def used(server):
    wires = use(server)
    try:
        yield
    finally:
        for wire in wires:
            wire.close()


def talk_to_exporter(server) -> dict:
    """As it is recorded."""
    with used(server), listener(server) as (url, asked):
        return {"metrics": [metrics(scrape(EXPORTER, *flags, url)) for flags in RUNS],
                "requests": sorted(asked)}


def talk_to_surveyor(server) -> dict:
    """The same; its requests are those that the system account sees."""
    server_id = server.json("/varz")["server_id"]
    with used(server), client(server, user="s", **{"pass": "s"}) as ear:
        ear.send(b"SUB $SYS.REQ.> 1\r\n")
        ear.barrier()
        told = metrics(scrape(SURVEYOR, "--servers", f"nats://127.0.0.1:{server.port}", *SURVEY))
        asked = {REQUEST.fullmatch(frame)[1].decode().replace(server_id, "ID") for frame in ear.barrier()}
    return {"metrics": told, "requests": sorted(asked)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        with Server(("-m", "-1"), config=CONFIG.replace("%DIR%", folder)) as peer:
            record = {"exporter": talk_to_exporter(peer), "surveyor": talk_to_surveyor(peer)}
            RECORD.write_text(json.dumps(record, indent=1) + "\n")
