"""What operators do with the `nats` command line tool in the system account, where it is installed."""

import json
import os
import shutil
import subprocess
import tempfile

import pytest

from harness import server as servers
from harness.wire import client

TOOL = shutil.which("nats") or shutil.which("nats", path=os.path.expanduser("~/go/bin"))

pytestmark = pytest.mark.skipif(not TOOL, reason="the nats tool is not on PATH or in ~/go/bin")

CONFIG = """
server_name: paris
jetstream { store_dir: "%STORE%" }
accounts {
  A { jetstream: enabled, users [{user: a, password: a}] }
  SYS { users [{user: s, password: s}] }
}
system_account: SYS
"""


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory(prefix="midge-store-") as store:
        with servers.Server(config=CONFIG.replace("%STORE%", store)) as running:
            worker = client(running, user="a", **{"pass": "a"}, name="worker", lang="py",
                            version="1.0")
            worker.send(b"SUB foo 1\r\nPUB foo 5\r\nhello\r\n")
            worker.frame()
            running.worker = worker
            yield running
            worker.close()


@pytest.fixture(scope="module")
def nats(server):
    """Runs the tool to its end, as the system account's user, and returns what it printed."""
    with tempfile.TemporaryDirectory(prefix="midge-home-") as home:
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home}

        def run(*arguments, user="s", fails=False):
            done = subprocess.run(
                [TOOL, "-s", server.url, "--user", user, "--password", user, *arguments],
                capture_output=True, text=True, env=environment, timeout=6 * servers.PATIENCE,
                check=False)
            assert fails in (None, done.returncode != 0), done.stdout + done.stderr
            return done.stdout + done.stderr

        yield run


@pytest.mark.rows("SYS-05", "SYS-06", "SYS-07", "SYS-08")
def test_servers_are_found(nats, server):
    assert "paris" in nats("server", "list")
    out = nats("server", "ping")
    assert "paris" in out and "1 replies" in out.replace("ping statistics ----", "")
    info = nats("server", "info", "paris")
    assert "Process Details" in info and "2.15.2" in info and "JetStream" in info


@pytest.mark.rows("SYS-06", "SYS-14", "SYS-15")
def test_reports(nats):
    connections = nats("server", "report", "connections")
    assert "worker" in connections and "127.0.0.1" in connections
    accounts = nats("server", "report", "accounts")
    assert "A" in accounts and "SYS" in accounts
    assert "paris" in nats("server", "report", "jetstream")
    assert "A" in nats("server", "account", "info", "A")


@pytest.mark.rows("SYS-02", "SYS-06")
@pytest.mark.parametrize("what, has", [
    ("variables", '"server_name": "paris"'), ("connections", '"name": "worker"'),
    ("subscriptions", '"num_subscriptions"'), ("routes", '"num_routes"'),
    ("gateways", '"outbound_gateways"'), ("leafnodes", '"leafnodes"'), ("accounts", '"SYS"'),
    ("jetstream", '"memory"'), ("jetstream-health", '"status"'),
])
def test_requests(nats, what, has):
    out = nats("server", "request", what)
    assert has in out.replace('":"', '": "'), out


@pytest.mark.rows("SYS-06", "SYS-08")
def test_checks(nats):
    assert nats("server", "check", "connection").startswith("OK")
    assert nats("server", "check", "server", "--name", "paris").startswith("OK")
    assert nats("server", "check", "jetstream", user="a").startswith("OK")


@pytest.mark.rows("SYS-16")
def test_who_am_i(nats):
    out = nats("account", "info", user="a")
    assert "User: a" in out.replace("  ", " ") and "Account: A" in out.replace("  ", " ")


@pytest.mark.rows("SYS-12", "CORE-73")
def test_kick(nats, server):
    idle = client(server, user="a", **{"pass": "a"}, name="idle")
    idle.barrier()
    connections = json.loads(nats("server", "request", "connections"))["data"]["connections"]
    cid = next(one["cid"] for one in connections if one.get("name") == "idle")
    nats("request", f"$SYS.REQ.SERVER.{idle.info['server_id']}.KICK", json.dumps({"cid": cid}))
    assert idle.until_closed() == b""
