"""Whole workflows of the `nats` command line tool on JetStream, where it is installed."""

import json
import os
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import server as servers

TOOL = shutil.which("nats") or shutil.which("nats", path=os.path.expanduser("~/go/bin"))

pytestmark = pytest.mark.skipif(not TOOL, reason="the nats tool is not on PATH or in ~/go/bin")


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory(prefix="midge-store-") as store:
        with servers.Server(config=f'jetstream {{ store_dir: "{store}" }}') as running:
            yield running


@pytest.fixture(scope="module")
def nats(server):
    """Runs the tool to its end and returns what it printed."""
    with tempfile.TemporaryDirectory(prefix="midge-home-") as home:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home}

        def run(*arguments, text="", fails=False):
            done = subprocess.run([TOOL, "-s", server.url, *arguments], capture_output=True,
                                  text=True, input=text, env=environment,
                                  timeout=6 * servers.PATIENCE, check=False)
            assert fails in (None, done.returncode != 0), done.stdout + done.stderr
            return done.stdout + done.stderr

        run.environment = environment
        yield run


def state(nats, stream: str) -> dict:
    return json.loads(nats("stream", "info", stream, "--json"))["state"]


@pytest.mark.rows("JS-S-09", "JS-S-10", "JS-S-11", "JS-S-12", "JS-S-13", "JS-S-14", "JS-S-16", "JS-S-17",
                  "JS-S-18", "JS-S-19", "JS-S-51")
def test_streams(nats):
    out = nats("stream", "add", "ORDERS", "--subjects", "orders.>", "--defaults")
    assert "Stream ORDERS was created" in out
    for number in range(3):
        nats("pub", f"orders.{number}", f"order {number}", "-J")
    assert nats("stream", "ls", "--names").split() == ["ORDERS"]
    assert "ORDERS" in nats("stream", "report")
    assert state(nats, "ORDERS")["messages"] == 3
    assert "orders.1" in nats("stream", "subjects", "ORDERS")
    assert "order 1" in nats("stream", "get", "ORDERS", "2")
    assert "order 2" in nats("stream", "get", "ORDERS", "--last-for", "orders.2")
    nats("stream", "edit", "ORDERS", "--max-msgs", "100", "--description", "all of them", "--force")
    config = json.loads(nats("stream", "info", "ORDERS", "--json"))["config"]
    assert (config["max_msgs"], config["description"]) == (100, "all of them")
    nats("stream", "rmm", "ORDERS", "2", "--force")
    assert state(nats, "ORDERS")["messages"] == 2
    nats("stream", "purge", "ORDERS", "--subject", "orders.0", "--force")
    assert state(nats, "ORDERS")["messages"] == 1
    nats("stream", "copy", "ORDERS", "COPY", "--subjects", "copy.>")
    assert sorted(nats("stream", "ls", "--names").split()) == ["COPY", "ORDERS"]
    assert nats("stream", "ls", "--names", "--subject", "copy.x").split() == ["COPY"]
    nats("stream", "seal", "ORDERS", "--force")
    assert "sealed" in nats("pub", "orders.9", "too late", "-J", fails=True)
    for stream in ("COPY", "ORDERS"):
        nats("stream", "rm", stream, "--force")
    assert nats("stream", "ls", "--names").strip() in ("", "No Streams defined")


@pytest.mark.rows("JS-C-02", "JS-C-05", "JS-C-06", "JS-C-07", "JS-C-08", "JS-C-11", "JS-C-38", "JS-C-39",
                  "JS-C-54")
def test_consumers(nats):
    nats("stream", "add", "WORK", "--subjects", "work.>", "--defaults")
    for number in range(4):
        nats("pub", f"work.{number}", f"job {number}", "-J")
    nats("consumer", "add", "WORK", "pull", "--pull", "--defaults")
    assert nats("consumer", "ls", "WORK", "--names").split() == ["pull"]
    assert "job 0" in nats("consumer", "next", "WORK", "pull", "--ack")
    out = nats("consumer", "next", "WORK", "pull", "--count", "2", "--ack")
    assert "job 1" in out and "job 2" in out
    info = json.loads(nats("consumer", "info", "WORK", "pull", "--json"))
    assert (info["num_pending"], info["ack_floor"]["stream_seq"]) == (1, 3)
    assert "pull" in nats("consumer", "report", "WORK")
    nats("consumer", "edit", "WORK", "pull", "--description", "edited", "--force")
    assert "edited" in nats("consumer", "info", "WORK", "pull")
    nats("consumer", "pause", "WORK", "pull", "1h", "--force")
    assert json.loads(nats("consumer", "info", "WORK", "pull", "--json"))["paused"] is True
    nats("consumer", "resume", "WORK", "pull", "--force")
    assert "paused" not in json.loads(nats("consumer", "info", "WORK", "pull", "--json"))
    nats("consumer", "copy", "WORK", "pull", "second")
    assert sorted(nats("consumer", "ls", "WORK", "--names").split()) == ["pull", "second"]
    assert "job 3" in nats("consumer", "next", "WORK", "pull", "--ack", "--raw")
    nats("consumer", "rm", "WORK", "second", "--force")
    nats("consumer", "rm", "WORK", "pull", "--force")
    nats("stream", "rm", "WORK", "--force")


@pytest.mark.rows("KV-01", "KV-02", "KV-03", "KV-04", "KV-08")
def test_key_value(nats, server):
    nats("kv", "add", "CONFIG", "--history", "5", "--description", "settings")
    assert nats("kv", "ls", "--names").split() == ["CONFIG"]
    nats("kv", "put", "CONFIG", "color", "red")
    nats("kv", "put", "CONFIG", "color", "blue")
    nats("kv", "create", "CONFIG", "size", "1")
    assert nats("kv", "get", "CONFIG", "color", "--raw").strip() == "blue"
    assert nats("kv", "get", "CONFIG", "color", "--revision", "1", "--raw").strip() == "red"
    assert sorted(nats("kv", "ls", "CONFIG").split()) == ["color", "size"]
    nats("kv", "create", "CONFIG", "size", "2", fails=True)
    nats("kv", "update", "CONFIG", "size", "2", "3")
    nats("kv", "update", "CONFIG", "size", "4", "3", fails=True)
    history = nats("kv", "history", "CONFIG", "color")
    assert "red" in history and "blue" in history
    watching = subprocess.Popen([TOOL, "-s", server.url, "kv", "watch", "CONFIG", "color"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env=nats.environment)
    with watching:
        assert any("blue" in line for line in iter(watching.stdout.readline, ""))
        nats("kv", "put", "CONFIG", "color", "green")
        assert any("green" in line for line in iter(watching.stdout.readline, ""))
        watching.terminate()
    nats("kv", "del", "CONFIG", "color", "--force")
    nats("kv", "get", "CONFIG", "color", fails=True)
    nats("kv", "purge", "CONFIG", "color", "--force")
    assert "red" not in nats("kv", "history", "CONFIG", "color")
    nats("kv", "revert", "CONFIG", "size", "3", "--force")
    assert nats("kv", "get", "CONFIG", "size", "--raw").strip() == "1"
    nats("kv", "compact", "CONFIG", "--force")
    assert "settings" in nats("kv", "status", "CONFIG")
    nats("kv", "del", "CONFIG", "--force")
    assert "CONFIG" not in nats("kv", "ls", "--names")


@pytest.mark.rows("KV-09", "KV-10")
def test_objects(nats, tmp_path):
    original = tmp_path / "original"
    original.write_bytes(os.urandom(300_000))
    nats("object", "add", "FILES")
    nats("object", "put", "FILES", str(original), "--name", "data", "--no-progress")
    assert "data" in nats("object", "ls", "FILES")
    assert "data" in nats("object", "info", "FILES", "data")
    nats("object", "get", "FILES", "data", "--output", str(tmp_path / "copy"), "--no-progress")
    assert (tmp_path / "copy").read_bytes() == original.read_bytes()
    nats("object", "rm", "FILES", "data", "--force")
    nats("object", "get", "FILES", "data", "--output", str(tmp_path / "none"), "--no-progress",
         fails=True)
    nats("object", "seal", "FILES", "--force")
    nats("object", "put", "FILES", str(original), "--name", "late", "--no-progress", "--force",
         fails=True)
    nats("object", "rm", "FILES", "--force")
    assert "FILES" not in nats("object", "ls", "--names")


@pytest.mark.rows("SVC-01", "SVC-03")
def test_services(nats, server):
    serving = subprocess.Popen([TOOL, "-s", server.url, "service", "serve", "demo"],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env=nats.environment)
    with serving:
        assert any("demo" in line for line in iter(serving.stdout.readline, ""))
        servers.wait_until(lambda: "demo" in nats("service", "ls", fails=None), "the service")
        assert "demo" in nats("service", "ping")
        assert "demo" in nats("service", "info", "demo")
        assert "demo" in nats("service", "stats", "demo")
        serving.terminate()


@pytest.mark.rows("JS-S-09", "ACCT-36")
def test_account_info(nats):
    out = nats("account", "info")
    assert re.search(r"Storage: .* of Unlimited", out), out
    assert re.search(r"Streams: \d+ of Unlimited", out), out


@pytest.mark.parametrize("arguments", [
    ("js", "pub", "sync", "bench.x", "--msgs", "200", "--create", "--purge", "--stream", "B"),
    ("js", "pub", "async", "bench.x", "--msgs", "5000", "--batch", "100", "--stream", "B"),
    ("js", "consume", "--msgs", "5000", "--stream", "B"),
    ("js", "fetch", "--msgs", "5000", "--batch", "100", "--stream", "B"),
    ("js", "ordered", "--msgs", "5000", "--stream", "B"),
    ("js", "get", "sync", "--msgs", "1000", "--stream", "B"),
    ("js", "get", "batch", "--msgs", "1000", "--stream", "B"),
    ("kv", "put", "--msgs", "500", "--bucket", "K"),
    ("kv", "get", "--msgs", "500", "--bucket", "K"),
], ids=lambda arguments: "_".join(arguments[:3]))
@pytest.mark.rows("JS-S-64", "JS-C-39", "KV-02")
def test_bench(nats, arguments):
    if arguments[:2] == ("kv", "put"):
        nats("kv", "add", "K")
    if arguments[:2] == ("js", "fetch"):  # the consumer of before is done with all
        nats("consumer", "rm", "B", "nats-bench", "--force")
        nats("consumer", "add", "B", "nats-bench", "--pull", "--defaults")
    out = nats("bench", *arguments, "--no-progress")
    assert re.search(r"stats: [\d,]+ msgs/sec", out), out


@pytest.mark.rows("MON-23", "MON-24", "JS-S-05")
def test_operators(tmp_path):
    """What the tool asks in the system account, and its checks."""
    config = f"""accounts {{
          A {{ jetstream: enabled, users [{{user: a, password: a}}] }}
          SYS {{ users [{{user: s, password: s}}] }} }}
        system_account: SYS
        jetstream {{ store_dir: "{tmp_path}/store" }}"""
    with servers.Server(config=config) as running:
        def run(user, *arguments):
            done = subprocess.run(
                [TOOL, "-s", running.url, "--user", user, "--password", user, *arguments],
                capture_output=True, text=True, timeout=6 * servers.PATIENCE, check=False,
                env={**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        run("a", "stream", "add", "S", "--subjects", "s", "--defaults")
        assert "JetStream Summary" in run("s", "server", "report", "jetstream")
        told = json.loads(run("s", "server", "request", "jetstream", "--account", "A", "--streams"))
        assert [one["name"] for one in told["data"]["account_details"][0]["stream_detail"]] == ["S"]
        assert run("a", "server", "check", "jetstream").startswith("OK")
