"""Log lines: format, traces, files."""

import json
import re
import socket
import subprocess

import pytest

from harness import server as servers
from harness.wire import client

LINE = re.compile(r"\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} \[(INF|DBG|WRN|ERR|FTL|TRC)\] .+")


@pytest.mark.rows("LOG-01")
def test_every_line_has_the_format(start):
    server = start("-DV")
    wire = client(server)
    wire.send(b"SUB a 1\r\nPUB a 2\r\nhi\r\n")
    wire.barrier()
    wire.send(b"BAD\r\n")
    wire.until_closed()
    server.wait_log("Client connection closed")
    lines = server.log().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert all(line.startswith(f"[{server.pid}] ") for line in lines)


@pytest.mark.rows("LOG-07")
def test_banner(start):
    server = start("-n", "lucky", config="debug: false\n")
    server.wait_log("Server is ready")
    texts = [line.split("] ", 2)[-1] for line in server.log().splitlines()]
    wanted = [r"Starting nats-server", r"  Version:  2\.15\.2", r"  Git:      \[.+\]",
              r"  Name:     lucky", r"  ID:       N[A-Z2-7]{55}",
              rf"Using configuration file: {re.escape(str(server.config_path))} "
              r"\(sha256:[0-9a-f]{64}\)",
              rf"Listening for client connections on 127\.0\.0\.1:{server.port}",
              r"Server is ready"]
    position = 0
    for pattern in wanted:
        found = [i for i, text in enumerate(texts[position:]) if re.fullmatch(pattern, text)]
        assert found, f"no {pattern} behind line {position} of {texts}"
        position += found[0] + 1


@pytest.mark.rows("LOG-06", "CORE-89")
def test_trace_of_each_operation(start):
    server = start("-V")
    wire = client(server, headers=True)
    wire.send(b"SUB foo q 1\r\nSUB bar 2\r\nUNSUB 2 1\r\nPUB foo 5\r\nhello\r\nPUB bar re 2\r\nhi\r\n"
              b"HPUB foo 12 14\r\nNATS/1.0\r\n\r\nhi\r\nUNSUB 1\r\nPUB b 4\r\n\0\xff\"\n\r\n")
    wire.barrier()
    server.wait_log(r"->> \[PONG\]")
    port = wire.socket.getsockname()[1]
    traces = re.findall(rf"\[TRC\] 127\.0\.0\.1:{port} - cid:\d+ - (.*)", server.log())
    assert traces == [
        '<<- [CONNECT {"verbose": false, "pedantic": false, "headers": true}]',
        "<<- [SUB foo q 1]", "<<- [SUB bar 2]", "<<- [UNSUB 2 1]",
        "<<- [PUB foo 5]", '<<- MSG_PAYLOAD: ["hello"]',
        "->> [MSG foo 1 5]", '->> MSG_PAYLOAD: ["hello"]',
        "<<- [PUB bar re 2]", '<<- MSG_PAYLOAD: ["hi"]',
        "->> [MSG bar 2 re 2]", '->> MSG_PAYLOAD: ["hi"]', "<-> [DELSUB 2]",
        "<<- [HPUB foo 12 14]", r'<<- MSG_PAYLOAD: ["NATS/1.0\r\n\r\nhi"]',
        "->> [HMSG foo 1 12 14]", r'->> MSG_PAYLOAD: ["NATS/1.0\r\n\r\nhi"]',
        "<<- [UNSUB 1]", "<-> [DELSUB 1]",
        "<<- [PUB b 4]", r'<<- MSG_PAYLOAD: ["\x00\xff\"\n"]',
        "<<- [PING]", "->> [PONG]"]


@pytest.mark.rows("LOG-06", "CORE-90")
def test_trace_redacts_secrets(start):
    server = start("-V")
    wire = client(server, **{"user": "u", "pass": "secret1", "auth_token": "secret2",
                             "sig": "secret3", "nkey": "secret4"})
    wire.barrier()
    server.wait_log(r"<<- \[CONNECT .*\[REDACTED\]")
    for secret in ("secret1", "secret2", "secret3"):
        assert secret not in server.log()


@pytest.mark.rows("CORE-89")
def test_client_is_named_by_what_its_connect_says(start):
    server = start("-DV")
    wire = client(server, name="n1", lang="go", version="1.2")
    wire.send(b"SUB foo 1\r\n")
    wire.barrier()
    server.wait_log(r'- cid:\d+ - "v1\.2:go:n1" - <<- \[SUB foo 1\]')


@pytest.mark.rows("CORE-89")
@pytest.mark.parametrize("options, named", [
    ({"name": "n1"}, '"n1" - '), ({}, ""),
    ({"user": "me", "pass": "x"}, '"$G/user:me" - '), ({"auth_token": "x"}, '"$G/token" - ')])
def test_client_is_named_by_its_user(start, options, named):
    server = start("-V")
    wire = client(server, **options)
    wire.send(b"SUB foo 1\r\n")
    wire.barrier()
    server.wait_log(rf"- cid:\d+ - {re.escape(named)}<<- \[SUB foo 1\]")


@pytest.mark.rows("LOG-06", "CONF-041", "CONF-111")
def test_traced_payloads_are_cut(start):
    server = start("-V", "--max_traced_msg_len", "10")
    wire = client(server)
    wire.send(b"PUB foo 26\r\nabcdefghijklmnopqrstuvwxyz\r\n")
    wire.barrier()
    server.wait_log(r'<<- MSG_PAYLOAD: \["abcdefghij\.\.\."\]')


@pytest.mark.rows("LOG-06", "CONF-026")
def test_trace_headers_shows_only_headers(start):
    server = start(config="trace_headers: true\n")
    wire = client(server, headers=True)
    wire.send(b"HPUB foo 17 23\r\nNATS/1.0\r\na:b\r\n\r\nsecret\r\nPUB foo 6\r\nsecret\r\n")
    wire.barrier()
    server.wait_log(r"->> \[PONG\]")
    assert r'<<- MSG_PAYLOAD: ["NATS/1.0\r\na:b"]' in server.log()
    assert "secret" not in server.log()


@pytest.mark.rows("CONF-111")
def test_debug_lines_of_a_connection(start):
    server = start("-D")
    wire = client(server)
    wire.barrier()
    wire.finish()
    server.wait_log(r"\[DBG\] 127\.0\.0\.1:\d+ - cid:\d+ - Client connection created")
    server.wait_log(r"\[DBG\] 127\.0\.0\.1:\d+ - cid:\d+ - Client connection closed: Client Closed")
    assert "[TRC]" not in server.log()


# What the log says about a client that did wrong; the numbers in parser errors are its own.
WRONGS = [
    (b"PUB a b c 3\r\n", 'processPub Parse Error: "a b c 3"'),
    (b"PUB foo -1\r\n", 'processPub Bad or Missing Size: "foo -1"'),
    (b"SUB foo\r\n", 'processSub Parse Error: "foo"'),
    (b"UNSUB 1 2 3\r\n", 'processUnsub Parse Error: "1 2 3"'),
    (b"HPUB foo 1 2\r\nab\r\n", "message headers not supported"),
    (b"PUB foo 9999999\r\n", "maximum payload exceeded: 9999999 vs 1048576"),
    (b"SUB " + b"x" * 5000 + b"\r\n", "maximum control line exceeded"),
    (b"FOO bar\r\n", r"""Client parser ERROR, state=\d+, i=\d+: proto='"FOO bar\\r"...'"""),
    (b"-ERR 'x'\r\n", "Client Error 'x'"),
    (b"PUB foo _R_.x 0\r\n\r\n", 'Publish Violation - Reply "_R_.x"'),
    (b"PUB _GR_.x 0\r\n\r\n", 'Publish Violation - Subject "_GR_.x"'),
    (b"SUB foo _sys_ 1\r\n", 'Subscription Violation - Subject "foo", Queue: "_sys_", SID 1'),
]


@pytest.fixture(scope="module")
def quiet_server():
    running = servers.Server()
    yield running
    running.stop()


@pytest.mark.rows("CORE-89")
@pytest.mark.parametrize("sent, text", WRONGS, ids=[text[:30] for _, text in WRONGS])
def test_a_wrong_of_a_client_is_logged(quiet_server, sent, text):
    pattern = text if "\\d" in text else re.escape(text)
    wire = client(quiet_server)
    wire.send(sent)
    quiet_server.wait_log(
        rf"\[ERR\] 127\.0\.0\.1:{wire.socket.getsockname()[1]} - cid:\d+ - {pattern}$")


@pytest.mark.rows("LOG-06")
def test_trace_of_an_error(start):
    server = start("-V")
    wire = client(server)
    wire.send(b"SUB a..b 1\r\n")
    wire.barrier()
    server.wait_log(r"->> \[-ERR Invalid Subject\]")


@pytest.mark.rows("LOG-02", "CONF-028")
def test_log_file_takes_all(start):
    server = start("-l", "%DIR%/x.log")
    log = server.folder / "x.log"
    servers.wait_until(lambda: "Server is ready" in log.read_text(), "the log's last line")
    assert server.log() == ""


@pytest.mark.rows("LOG-03")
def test_no_colours_where_there_is_no_terminal(start):
    server = start("-DV")
    assert "\x1b[" not in server.log()


@pytest.mark.rows("LOG-04", "CONF-028")
def test_rotation_keeps_the_newest(start):
    server = start("-V", config='log_file: "x.log"\nlog_size_limit: 2000\nlog_max_num: 3\n')
    wire = client(server)
    for _ in range(60):
        wire.send(b"PUB foo 200\r\n" + b"x" * 200 + b"\r\n")
        wire.barrier()
    stamp = re.compile(r"x\.log\.\d{4}\.\d\d\.\d\d\.\d\d\.\d\d\.\d\d\.\d{9}")

    def rotated():
        names = [path.name for path in server.folder.iterdir()
                 if path.name.startswith("x.log") and path.name != "x.log"]
        return names if names else None

    names = servers.wait_until(rotated, "a rotated file")
    assert all(stamp.fullmatch(name) for name in names), names
    servers.wait_until(lambda: len(rotated()) <= 3, "the oldest files to go")
    assert (server.folder / "x.log").stat().st_size < 4000


@pytest.mark.rows("LOG-05")
def test_reopen_without_a_file_is_said(start):
    server = start()
    server.signal("USR1")
    server.wait_log("File log re-open ignored, not a file logger")


@pytest.mark.rows("LOG-08", "CORE-40")
def test_a_slow_consumer_is_logged(start):
    server = start(config="max_pending: 2MB\n")
    slow = client(server)
    slow.send(b"SUB big 1\r\n")
    slow.barrier()
    fast = client(server)
    for _ in range(40):
        fast.send(b"PUB big 1000000\r\n" + b"x" * 1000000 + b"\r\n")
    fast.barrier()
    server.wait_log(r"\[INF\] 127\.0\.0\.1:\d+ - cid:\d+ - Slow Consumer Detected: MaxPending of "
                    r"2097152 Exceeded")


@pytest.mark.rows("LOG-11")
def test_a_fatal_error_ends_with_status_one(start):
    server = start(config="port: -1\nno_such_field: 1\n", ready=False)
    assert server.wait_exit() == 1
    assert server.log().startswith("nats-server: ")
    assert 'unknown field "no_such_field"' in server.log()


@pytest.mark.rows("LOG-02")
def test_stderr_that_nobody_reads_blocks_nothing(start):
    server = start("-DV", "-l", "", stderr=subprocess.PIPE, ready=False)
    servers.wait_until(lambda: server.ports_file().exists(), "the ports file")
    server.wait_ready()
    wire = client(server)
    if servers.kind() == "peer":
        pytest.skip("the peer stands still when its stderr is full")
    for _ in range(2000):
        wire.send(b"PUB foo 100\r\n" + b"x" * 100 + b"\r\n")
    assert wire.barrier() == []


@pytest.mark.rows("CONF-029", "CONF-111", "LOG-02")
@pytest.mark.parametrize("kind_of_socket", ["udp", "tcp"])
def test_remote_syslog(start, kind_of_socket):
    """Each line goes to the collector, with facility and severity, and not to stderr."""
    family = socket.SOCK_DGRAM if kind_of_socket == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, family) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(servers.PATIENCE)
        if kind_of_socket == "tcp":
            collector.listen()
        port = collector.getsockname()[1]
        server = start("-r", f"{kind_of_socket}://127.0.0.1:{port}", ready=False)
        source = collector if kind_of_socket == "udp" else collector.accept()[0]
        source.settimeout(servers.PATIENCE)
        text = b""
        while b"Server is ready" not in text:
            text += source.recv(65536)
        source.close()
    assert re.match(rb"<5>\d{4}-\d\d-\d\dT\S+ \S+ \S+\[%d\]: Starting nats-server\n" % server.pid,
                    text), text
    assert server.log() == ""


def test_json_lines(start):
    """`log_format: json`, for log shippers: an object a line, whatever clients send."""
    if servers.kind() == "peer":
        pytest.skip("Midge's own")
    server = start(config="log_format: json\nlogtime_utc: true\ndebug: true\ntrace: true\n")
    wire = client(server, name='q"\\\u00e4')
    wire.send(b"PUB foo 4\r\n\x00\xff\"\n\r\nPUB t\xff\xc3\xa4 1\r\nx\r\n")
    wire.barrier()
    wire.finish()
    server.wait_log("Client connection closed")
    lines = [json.loads(line) for line in server.log_path.read_bytes().splitlines()]
    for line in lines:
        assert list(line)[:3] == ["time", "level", "pid"] and list(line)[-1] == "message"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", line["time"])
        assert line["level"] in ("trace", "debug", "info", "warn", "error", "fatal")
        assert line["pid"] == server.pid
    assert "Server is ready" in [line["message"] for line in lines]
    closed = [line for line in lines if line["message"].endswith("connection closed: Client Closed")]
    port = closed[0]["client"].rsplit(":", 1)[1]
    assert closed[0]["client"] == f"127.0.0.1:{port}" and port.isdigit()
    assert closed[0]["cid"] > 0 and closed[0]["level"] == "debug"
    assert any("\ufffd" in line["message"] or "\\xff" in line["message"] for line in lines)


def test_json_by_a_reload_and_in_a_file(start):
    if servers.kind() == "peer":
        pytest.skip("Midge's own")
    config = "log_file: server.log\n"
    server = start(config=config)
    path = server.folder / "server.log"
    server.config_path.write_text(config + "log_format: json\n")
    server.signal("HUP")
    servers.wait_until(lambda: '"message":"Reloaded server configuration' in path.read_text(),
                       "the reload in the file")
    lines = path.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("{"))
    assert all(line.startswith("[") for line in lines[:first])
    assert all(json.loads(line)["level"] for line in lines[first:])
    server.config_path.write_text(config + "log_format: xml\n")
    server.signal("HUP")
    servers.wait_until(lambda: "log_format must be 'text' or 'json'" in path.read_text(), "why not")
