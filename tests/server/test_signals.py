"""Signals, sent by the OS and by `--signal`: reload, reopen, lame duck, stop."""

import os
import signal
import subprocess
import time

import pytest

from harness import server as servers
from harness.wire import Closed, Wire, client


@pytest.mark.rows("CONF-117", "CORE-72")
@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_stop_ends_with_status_zero(start, name):
    server = start()
    wire = client(server)
    wire.barrier()
    server.signal(name)
    assert wire.until_closed() == b""
    assert server.wait_exit() == 0
    assert "Server Exiting.." in server.log()


@pytest.mark.rows("CONF-117")
def test_hup_reloads(start):
    server = start(config="debug: false\n")
    server.config_path.write_text("debug: true\n")
    server.signal("HUP")
    server.wait_log("Reloaded: debug = true")
    server.wait_log("Reloaded server configuration")
    wire = client(server)
    wire.barrier()
    server.wait_log(r"\[DBG\] .*Client connection created")


@pytest.mark.rows("CONF-118")
def test_hup_with_a_bad_file_keeps_the_old_one(start):
    server = start(config="max_payload: 1000\n")
    server.config_path.write_text("max_payload: 2000\nno_such_field: 1\n")
    server.signal("HUP")
    server.wait_log(r"Failed to reload server configuration: .*unknown field \"no_such_field\"")
    with Wire(server.host, server.port) as wire:
        assert b'"max_payload":1000' in wire.line()


@pytest.mark.rows("CONF-118")
def test_hup_without_a_file_is_refused(start):
    server = start()
    server.signal("HUP")
    server.wait_log(
        "Failed to reload server configuration: can only reload config when a file is provided")
    client(server).barrier()


@pytest.mark.rows("CONF-117", "CONF-112")
@pytest.mark.parametrize("command", ["stop", "quit", "term"])
def test_signal_command_stops(start, command):
    server = start()
    done = _signal(server, f"{command}={server.pid}")
    assert (done.returncode, done.stderr) == (0, "")
    status = server.wait_exit()
    assert status == (-signal.SIGKILL if command == "stop" else 0)


@pytest.mark.rows("CONF-117", "CONF-112", "CORE-71")
def test_signal_command_lame_duck(start):
    server = start()
    server.is_lame_duck = True
    assert _signal(server, f"ldm={server.pid}").returncode == 0
    server.wait_log("Entering lame duck mode, stop accepting new clients")
    assert server.wait_exit() == 0  # at once: it has no clients


@pytest.mark.rows("CONF-112", "CONF-030")
def test_signal_command_takes_a_pid_file(start):
    server = start("-P", "%DIR%/x.pid", config="debug: false\n")
    pid_file = server.folder / "x.pid"
    assert pid_file.read_bytes() == str(server.pid).encode()
    assert _signal(server, f"reload={pid_file}").returncode == 0
    server.wait_log("Reloaded server configuration")


@pytest.mark.rows("CONF-112")
def test_signal_command_reopens_the_log(start):
    server = start("-l", "%DIR%/x.log")
    log = server.folder / "x.log"
    servers.wait_until(lambda: "Server is ready" in log.read_text(), "the log's last line")
    moved = log.rename(server.folder / "old.log")
    assert _signal(server, f"reopen={server.pid}").returncode == 0
    servers.wait_until(log.exists, "a new log file")
    servers.wait_until(lambda: "File log re-opened" in log.read_text(), "a line in it")
    assert "File log re-opened" not in moved.read_text()


@pytest.mark.rows("CORE-71", "CONF-117")
def test_term_is_ignored_in_lame_duck_mode(start):
    server = start(config='lame_duck_duration: "30s"\nlame_duck_grace_period: "10s"\n')
    wire = client(server)
    wire.barrier()
    server.signal("USR2")
    server.wait_log("Entering lame duck mode")
    server.signal("TERM")
    server.wait_log('Trapped "terminated" signal')
    for _ in range(20):
        wire.barrier()
    assert server.process.poll() is None


@pytest.mark.rows("CORE-71")
def test_lame_duck_closes_clients_one_by_one_and_exits(start):
    server = start(config='lame_duck_duration: "30s"\nlame_duck_grace_period: "50ms"\n')
    wires = [client(server) for _ in range(3)]
    for wire in wires:
        wire.barrier()
    server.signal("USR2")
    ends = []
    for wire in wires:
        assert wire.until_closed(patience=15) in (b"", b"PING\r\n")
        ends.append(time.monotonic())
    assert server.wait_exit(patience=15) == 0
    assert max(ends) - min(ends) < 10


@pytest.mark.rows("CORE-71")
def test_lame_duck_refuses_new_connections(start):
    server = start(config='lame_duck_duration: "30s"\nlame_duck_grace_period: "10s"\n')
    wire = client(server, protocol=1)
    assert [frame[:5] for frame in wire.barrier()] == []
    server.signal("USR2")
    servers.wait_until(lambda: b'"ldm":true' in wire.line(), "INFO with ldm")
    servers.wait_until(lambda: not _accepts(server), "the listener to close")
    assert wire.barrier() == []


def _accepts(server) -> bool:
    try:
        with Wire(server.host, server.port) as wire:
            wire.line(patience=1)
            return True
    except (ConnectionRefusedError, ConnectionResetError, Closed):
        return False


@pytest.mark.rows("CONF-117")
def test_kill_and_restart_on_the_same_port(start):
    first = start()
    wire = client(first)
    wire.barrier()
    os.kill(first.pid, signal.SIGKILL)
    first.wait_exit()
    second = start(port=first.port)
    assert second.port == first.port
    client(second).barrier()


def _signal(server, argument: str):
    return subprocess.run([server.path, "--signal", argument], capture_output=True, text=True,
                          timeout=servers.PATIENCE, check=False)
