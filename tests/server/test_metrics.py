"""/metrics: Prometheus' text format, the names that docs/metrics.md promises, the exporter's names."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import server as servers
from harness.wire import client

pytestmark = pytest.mark.skipif(servers.kind() == "peer", reason="Midge's own")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\]|\\["\\n])*",?)*)\})? '
                    r"(-?[0-9.e+-]+|[+-]Inf|NaN)")
ALL = """
jetstream: { store_dir: "%DIR%/js" }
metrics: { streams: 100, consumers: 100 }
accounts: {
  A: { jetstream: enabled, users: [ { user: a, password: a } ] }
  B: { users: [ { user: b, password: b } ] }
}
"""
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def scrape(server) -> tuple:
    """Of each family its type; of each sample its value."""
    status, text, headers = server.http("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    types, values = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name not in types, f"{name} comes twice"
            types[name] = kind
        elif line.startswith("# HELP "):
            assert len(line.split(" ", 3)) == 4, line
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            key = (match[1], tuple(sorted(LABEL.findall(match[2] or ""))))
            assert key not in values, line
            values[key] = float(match[3])
    return types, values


def value(values, name, **labels) -> float:
    return values[name, tuple(sorted(labels.items()))]


def use(server):
    """A stream with a message, a consumer, traffic in two accounts."""
    one, two = client(server, user="a", **{"pass": "a"}), client(server, user="b", **{"pass": "b"})
    one.send(b"SUB reply 1\r\nSUB foo 2\r\n")
    for subject, body in (
            (b"STREAM.CREATE.S", b'{"name":"S","subjects":["s"],"storage":"file"}'),
            (b"CONSUMER.CREATE.S.C",
             b'{"stream_name":"S","config":{"durable_name":"C","name":"C","ack_policy":"explicit"}}')):
        one.send(b"PUB $JS.API.%b reply %d\r\n%b\r\n" % (subject, len(body), body))
        assert b"error" not in one.frame()
    one.send(b"PUB s reply 5\r\nhello\r\n")
    assert b'"seq":1' in one.frame().replace(b" ", b"")
    two.send(b"SUB x 1\r\nPUB x 3\r\nabc\r\n")
    two.frame()
    return one, two


@pytest.fixture
def used(start):
    server = start("-m", "-1", config=ALL.replace("%DIR%", "."))
    wires = use(server)
    yield server
    for wire in wires:
        wire.close()


def documented() -> dict:
    text = (ROOT / "docs/metrics.md").read_text()
    return dict(re.findall(r"^\| `((?:midge|process)_\w+)` \| (\w+) \|", text, re.MULTILINE))


@pytest.mark.rows("OPS-07")
def test_what_is_told_is_what_is_documented(used):
    assert scrape(used)[0] == documented()


def test_figures(used):
    values = scrape(used)[1]
    assert value(values, "midge_connections") == 2
    assert value(values, "midge_account_connections", account="A") == 1
    assert value(values, "midge_account_received_messages_total", account="B") == 1
    assert value(values, "midge_account_sent_bytes_total", account="B") == 3
    assert value(values, "midge_account_subscriptions", account="A") == 2
    assert value(values, "midge_accounts_unlisted") == 0
    assert value(values, "midge_jetstream_enabled") == 1
    assert value(values, "midge_jetstream_ready") == 1
    assert value(values, "midge_jetstream_streams") == 1
    assert value(values, "midge_jetstream_consumers") == 1
    assert value(values, "midge_jetstream_messages") == 1
    assert value(values, "midge_jetstream_api_requests_total") == 2
    assert value(values, "midge_jetstream_journal_syncs_total") >= 3
    assert (value(values, "midge_jetstream_journal_batches_total")
            >= value(values, "midge_jetstream_journal_syncs_total"))
    assert value(values, "midge_jetstream_journal_waiting_bytes") == 0
    assert value(values, "midge_jetstream_damaged_files_total") == 0
    assert value(values, "midge_stream_last_sequence", account="A", stream="S") == 1
    assert value(values, "midge_consumer_pending_messages",
                 account="A", stream="S", consumer="C") == 1
    assert value(values, "midge_healthy") == 1
    ticks = value(values, "midge_loop_tick_seconds_count", loop="0")
    assert ticks == value(values, "midge_loop_tick_seconds_bucket", loop="0", le="+Inf") > 0
    assert value(values, "midge_loop_tick_seconds_sum", loop="0") > 0


def test_counters_grow_and_scrapes_are_counted(used):
    before = scrape(used)[1]
    after_types, after = scrape(used)
    assert (value(after, "midge_monitor_requests_total", path="/metrics")
            == value(before, "midge_monitor_requests_total", path="/metrics") + 1)
    for (name, labels), number in before.items():
        if after_types.get(name) == "counter":
            assert after[name, labels] >= number, name


def test_nothing_of_jetstream_without_it(start):
    types, values = scrape(start("-m", "-1"))
    assert value(values, "midge_jetstream_enabled") == 0
    assert not [name for name in types if name.startswith(("midge_jetstream_r", "midge_stream"))]


def test_listing_is_bounded(start):
    """Users choose names of accounts, streams and consumers: no list without a bound by default."""
    names = [f"A{number}" for number in range(5)]
    accounts = "".join(f"{n}: {{ users: [ {{ user: {n}, password: x }} ] }}\n" for n in names)
    config = f"jetstream: {{ store_dir: js }}\nmetrics: {{ accounts: 2 }}\naccounts: {{ {accounts} }}\n"
    server = start("-m", "-1", config=config)
    wires = [client(server, user=name, **{"pass": "x"}) for name in ["A3", *names]]
    for wire in wires:
        wire.barrier()
    types, values = scrape(server)
    listed = [dict(labels)["account"] for name, labels in values
              if name == "midge_account_connections"]
    assert listed == ["A0", "A3"]  # the most connections, then by name
    assert value(values, "midge_accounts") == 5
    assert value(values, "midge_accounts_unlisted") == 3
    assert not [name for name in types if name.startswith(("midge_stream_", "midge_consumer_"))]
    server.reload(config.replace("accounts: 2", "accounts: 0"))
    assert "midge_account_connections" not in scrape(server)[0]


def test_odd_names_are_escaped(start):
    server = start("-m", "-1", "-n", 'a"b\\c', config="debug: false\n")
    _, values = scrape(server)
    assert [dict(labels)["server_name"] for name, labels in values
            if name == "midge_info"] == [r'a\"b\\c']


@pytest.mark.rows("OPS-07")
def test_the_exporters_names(start):
    """Those that boards made for prometheus-nats-exporter ask for."""
    server = start("-m", "-1", config=ALL.replace("%DIR%", ".").replace(
        "metrics: {", "metrics: { exporter_names: true,"))
    wires = use(server)
    server_id = server.json("/varz")["server_id"]
    types, values = scrape(server)
    told = {name for name in types if name.startswith(("gnatsd_", "jetstream_"))}
    wanted = (ROOT / "tests/server/exporter_names.txt").read_text().split()
    assert set(wanted) <= told, set(wanted) - told
    assert value(values, "gnatsd_varz_connections", server_id=server_id) == 2
    assert value(values, "gnatsd_varz_max_payload", server_id=server_id) == 1048576
    assert value(values, "gnatsd_varz_version", server_id=server_id, value="2.15.2") == 1
    assert value(values, "gnatsd_connz_num_connections", server_id=server_id) == 2
    assert value(values, "gnatsd_healthz_status", server_id=server_id) == 0
    assert value(values, "gnatsd_accstatz_current_connections", server_id=server_id, account="A",
                 account_id="A", account_name="A") == 1
    of_server = {"server_id": server_id, "server_name": server_id, "cluster": "", "domain": "",
                 "meta_leader": "", "is_meta_leader": "true"}
    of_stream = {**of_server, "account": "A", "account_name": "A", "account_id": "A",
                 "stream_name": "S", "stream_leader": "", "is_stream_leader": "true",
                 "stream_raft_group": ""}
    assert value(values, "jetstream_server_total_streams", **of_server) == 1
    assert value(values, "jetstream_stream_total_messages", **of_stream) == 1
    assert value(values, "jetstream_consumer_num_pending", **of_stream, consumer_name="C",
                 consumer_leader="", is_consumer_leader="true", consumer_desc="") == 1
    for wire in wires:
        wire.close()


@pytest.mark.rows("OPS-07")
def test_what_the_exporter_asks_for(used):
    """The requests of prometheus-nats-exporter 0.18 with all its flags, and the fields it reads."""
    for path, fields in (
            ("/varz", ["server_id", "server_name", "mem", "jetstream"]),
            ("/connz?auth=true", ["num_connections", "total", "offset", "limit", "connections"]),
            ("/subsz", ["num_subscriptions", "num_cache", "cache_hit_rate", "max_fanout"]),
            ("/routez", ["num_routes"]), ("/gatewayz", ["outbound_gateways", "inbound_gateways"]),
            ("/leafz", ["leafnodes"]), ("/accountz", ["accounts"]),
            ("/accountz?acc=A", ["account_detail"]), ("/accstatz?unused=1", ["account_statz"]),
            ("/healthz", ["status"]), ("/healthz?js-enabled-only=true", ["status"]),
            ("/healthz?js-server-only=true", ["status"]),
            ("/jsz?consumers=true&config=true&raft=true", ["streams", "account_details"])):
        assert set(fields) <= set(used.json(path)), path


@pytest.mark.parametrize("wrong, said", [
    ("metrics: yes", "metrics"), ("metrics: { accounts: -1 }", "metrics accounts is less than 0"),
    ("metrics: { accounts: x }", "not int64"), ("metrics: { nope: 1 }", 'unknown field "nope"')])
def test_what_is_wrong_is_refused(tmp_path, wrong, said):
    config = tmp_path / "wrong.conf"
    config.write_text(wrong + "\n")
    done = subprocess.run([servers.executable(), "-t", "-c", str(config)], capture_output=True,
                          text=True, timeout=servers.PATIENCE)
    assert done.returncode == 1
    assert said in done.stderr


# `./x test` and `./x ci` put it there.
PROMTOOL = shutil.which("promtool", path=f"{ROOT}/build/tools:{os.environ['PATH']}")


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool")
def test_promtool_finds_nothing(used):
    text = used.http("/metrics")[1]
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
