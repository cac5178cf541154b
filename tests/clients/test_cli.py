"""The `nats` command line tool, where it is installed."""

import os
import re
import shutil
import subprocess

import pytest

from harness import server as servers

TOOL = shutil.which("nats") or shutil.which("nats", path=os.path.expanduser("~/go/bin"))

pytestmark = pytest.mark.skipif(not TOOL, reason="the nats tool is not on PATH or in ~/go/bin")


@pytest.fixture(scope="module")
def server():
    running = servers.Server()
    yield running
    running.stop()


@pytest.fixture
def environment(tmp_path):
    return {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


def nats(server, environment, *arguments):
    done = subprocess.run([TOOL, "-s", server.url, *arguments], capture_output=True, text=True,
                          env=environment, timeout=6 * servers.PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def background(server, environment, *arguments):
    return subprocess.Popen([TOOL, "-s", server.url, *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, env=environment)


def wait_line(process, pattern):
    seen = []
    for line in process.stdout:
        seen.append(line)
        if re.search(pattern, line):
            return line
    raise AssertionError(f"no {pattern} in {seen}")


def test_pub_sub(server, environment):
    with background(server, environment, "sub", "foo.>", "--count", "1") as subscriber:
        wait_line(subscriber, "Subscribing")
        for _ in range(50):  # the line above comes before the subscription is there
            nats(server, environment, "pub", "foo.bar", "hello")
            try:
                out, _ = subscriber.communicate(timeout=0.2)
                break
            except subprocess.TimeoutExpired:
                pass
        assert "foo.bar" in out
        assert "hello" in out


def test_request_reply(server, environment):
    with background(server, environment, "reply", "svc", "answer") as service:
        wait_line(service, "[Ll]istening")
        try:
            assert "answer" in nats(server, environment, "request", "svc", "q")
        finally:
            service.terminate()


def test_rtt(server, environment):
    assert re.search(r"nats://.*\d(µs|ms)", nats(server, environment, "rtt"))


def test_bench(server, environment):
    out = nats(server, environment, "bench", "pub", "b", "--msgs", "20000", "--size", "16",
               "--no-progress")
    assert re.search(r"stats: [\d,]+ msgs/sec", out)


def test_latency(server, environment):
    out = nats(server, environment, "latency", "--server-b", server.url, "--size", "16",
               "--rate", "100", "--duration", "1s")
    assert re.search("(?i)latency", out)
