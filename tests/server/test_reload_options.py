"""What a reload changes while the server runs, besides logins (test_auth.py) and TLS (test_tls.py)."""

import base64
import json
import re

import nkeys
import pytest

from harness import server as servers
from harness.wire import Wire, client


def logged_since(server, mark: int) -> str:
    return server.log()[mark:]


# ---- logging

@pytest.mark.rows("CONF-119")
def test_debug_and_trace(start):
    server = start(config="debug: false\n")
    wire = client(server)
    wire.barrier()
    assert "[TRC]" not in server.log() and "[DBG]" not in server.log()
    server.reload("debug: true\ntrace: true\n")
    wire.send(b"PUB traced 0\r\n\r\n")
    wire.barrier()
    server.wait_log(r"\[TRC\] .* - <<- \[PUB traced 0\]")
    Wire(server.host, server.port)
    server.wait_log(r"\[DBG\] .* - Client connection created")
    server.reload("debug: false\n")
    wire.barrier()
    mark = len(server.log())
    wire.send(b"PUB again 0\r\n\r\n")
    wire.barrier()
    assert "again" not in logged_since(server, mark)


@pytest.mark.rows("CONF-119")
def test_what_is_traced(start):
    server = start(config="trace: true\n")
    wire = client(server, headers=True)
    server.reload("trace: true\nmax_traced_msg_len: 5\n")
    wire.send(b"PUB cut 10\r\n0123456789\r\n")
    wire.barrier()
    server.wait_log(r'MSG_PAYLOAD: \["01234\.\.\."\]')
    server.reload("trace_headers: true\n")
    wire.send(b"HPUB head 18 22\r\nNATS/1.0\r\nA: b\r\n\r\nbody\r\n")
    wire.barrier()
    server.wait_log(r'MSG_PAYLOAD: \["NATS/1\.0\\r\\nA: b"\]')


@pytest.mark.rows("CONF-119")
def test_times_of_lines(start):
    server = start(config="logtime: true\n")
    server.reload("logtime: false\n")
    mark = len(server.log())
    server.signal("USR1")
    server.wait_log("File log re-open ignored")
    assert re.search(r"^\[\d+\] \[INF\] ", logged_since(server, mark), re.MULTILINE)
    server.reload("logtime: true\nlogtime_utc: true\n")
    server.signal("USR1")
    stamp = r"^\[\d+\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} \[INF\] "
    server.wait_log(stamp + "File log re-open ignored")


@pytest.mark.rows("CONF-119")
def test_another_log_file(start, tmp_path):
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    server = start(config=f'log_file: "{first}"\n')
    server.config_path.write_text(f'log_file: "{second}"\n')
    server.signal("HUP")
    servers.wait_until(lambda: second.exists(), "the second file")
    server.signal("USR1")
    servers.wait_until(lambda: "user defined signal 1" in second.read_text(), "a line")
    assert "user defined signal 1" not in first.read_text()


# ---- limits

@pytest.mark.rows("CONF-122", "CORE-22")
def test_fewer_connections(start):
    server = start(config="max_connections: 10\n")
    wires = [client(server) for _ in range(4)]
    for wire in wires:
        wire.barrier()
    server.reload("max_connections: 2\n")
    closed = []

    def two_are_closed():
        for wire in wires:
            wire.arrived()
        closed[:] = [wire for wire in wires if wire.ended]
        return len(closed) == 2

    servers.wait_until(two_are_closed, "the excess to be closed")
    for wire in wires:
        if wire in closed:
            assert bytes(wire.buffer) == b"-ERR 'maximum connections exceeded'\r\n"
        else:
            assert wire.barrier() == []


@pytest.mark.rows("CONF-122")
def test_a_smaller_payload_holds_at_once_and_nobody_is_told(start):
    server = start(config="max_payload: 1000\n")
    wire = client(server, protocol=1)
    wire.send(b"PING\r\n")
    wire.until(rb"PONG\r\nINFO [^\n]*\n")
    server.reload("max_payload: 10\n")
    assert wire.barrier() == []
    wire.send(b"PUB foo 11\r\n01234567890\r\n")
    assert wire.until_closed() == b"-ERR 'Maximum Payload Violation'\r\n"
    assert client(server).info["max_payload"] == 10


@pytest.mark.rows("CONF-122")
def test_a_shorter_control_line(start):
    server = start(config="max_control_line: 4096\n")
    wire = client(server)
    wire.send(b"SUB " + b"a" * 200 + b" 1\r\n")
    assert wire.barrier() == []
    server.reload("max_control_line: 100\n")
    wire.send(b"SUB " + b"b" * 200 + b" 2\r\n")
    assert wire.until_closed() == b"-ERR 'maximum control line exceeded'\r\n"


@pytest.mark.rows("CONF-122")
def test_pings_come_as_often_as_is_said_now(start):
    server = start("-m", "-1", config='ping_interval: "1h"\nping_max: 2\n')
    server.reload('ping_interval: "50ms"\nping_max: 1\nwrite_deadline: "3s"\n')
    varz = server.json("/varz")
    assert varz["ping_interval"] == 50_000_000 and varz["ping_max"] == 1
    assert varz["write_deadline"] == 3_000_000_000
    wire = client(server)
    wire.send(b"PING\r\n")
    assert wire.until(rb"PONG\r\n")
    silent = wire.until_closed()
    assert silent.endswith(b"-ERR 'Stale Connection'\r\n") and b"PING\r\n" in silent


# ---- the rest

@pytest.mark.rows("CONF-126")
def test_what_only_changes_what_is_told(start, kind):
    server = start("-m", "-1", config="server_tags: [a]\nserver_metadata { k: v }\n")
    wire = client(server, protocol=1)
    wire.send(b"PING\r\n")
    wire.until(rb"PONG\r\nINFO [^\n]*\n")
    pid_file = server.folder / "server.pid"
    server.reload('server_tags: [a, "B:1"]\nserver_metadata { k: w }\n'
                  f'client_advertise: "public:4333"\npid_file: "{pid_file}"\n')
    infos = [client(server).info]
    if kind == "midge":  # nats-server tells nobody who is connected
        wire.until(rb"INFO ")  # a PING may come before it
        infos.append(json.loads(wire.line()))
    for info in infos:
        assert (info["host"], info["port"]) == ("public", 4333)
    varz = server.json("/varz")
    assert varz["tags"] == ["a", "b:1"] and varz["metadata"] == {"k": "w"}
    servers.wait_until(lambda: pid_file.exists() and pid_file.read_text() == str(server.pid),
                       "the file")
    for line in ("Reloaded: tags", "Reloaded: metadata", "Reload: client_advertise = public:4333",
                 f"Reloaded: pid_file = {pid_file}"):
        server.wait_log(re.escape(line) + "$")


# ---- trusted proxies

def key_pair(number: int):
    seed = nkeys.encode_seed(bytes([number]) * 32, nkeys.PREFIX_BYTE_USER)
    return nkeys.from_seed(bytearray(seed))


def trusting(*pairs) -> str:
    listed = ", ".join(f"{{ key: {pair.public_key.decode()} }}" for pair in pairs)
    return (f"proxies {{ trusted: [ {listed} ] }}\n"
            "authorization { users: [ { user: a, password: a } ] }\n")


def through(server, pair):
    """A session that came through this proxy; None: directly."""
    wire = Wire(server.host, server.port)
    wire.info = json.loads(wire.line()[len(b"INFO "):])
    fields = {"verbose": False, "user": "a", "pass": "a"}
    if pair is not None:
        signature = base64.urlsafe_b64encode(pair.sign(wire.info["nonce"].encode()))
        fields["proxy_sig"] = signature.decode().rstrip("=")
    wire.send(b"CONNECT " + json.dumps(fields).encode() + b"\r\n")
    wire.barrier()
    return wire


@pytest.mark.rows("CONF-121", "AUTH-55", "AUTH-56", "CORE-16")
def test_sessions_of_a_proxy_that_is_trusted_no_more_end(start, kind):
    if kind == "peer":
        pytest.skip("nats-server 2.15.2 panics at such a reload")
    leaves, stays = key_pair(7), key_pair(8)
    server = start("-m", "-1", config=trusting(leaves, stays))
    gone, kept, direct = (through(server, pair) for pair in (leaves, stays, None))
    server.reload(trusting(stays))
    gone.until_closed()
    closed = servers.wait_until(
        lambda: server.json("/connz?state=closed")["connections"], "the session's end")
    assert [each["cid"] for each in closed] == [gone.info["client_id"]]
    assert closed[0]["reason"] == "Proxy Not Trusted"
    for wire in (kept, direct):
        assert wire.barrier() == []
