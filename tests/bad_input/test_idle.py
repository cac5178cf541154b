"""Connections that say nothing: MIDGE_IDLE_CONNECTIONS of them (2,000 if it is not set)."""

import os
import resource
import socket

import pytest

from harness import server as servers

COUNT = int(os.environ.get("MIDGE_IDLE_CONNECTIONS", "2000"))
SOURCES = 8  # addresses to come from, so that 20,000 do not use up the ports of one

# Sanitizers keep memory of their own.
SANITIZED = "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ

# nats-server takes about 35 KiB for each; anything above this is a leak.
BYTES_EACH_MAX = {"midge": 16 * 1024, "peer": 64 * 1024}


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(hard, COUNT + 1000)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))  # the server inherits it
    except (ValueError, PermissionError):
        pytest.fail(f"the limit of open files ({hard}) is too low for {COUNT} connections")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, wanted))


@pytest.mark.heavy
@pytest.mark.rows("CORE-01")
@pytest.mark.usefixtures("many_files")
def test_silent_connections(start, bystander, kind):
    server = start("-m", "-1")
    other = bystander(server)
    before = server.resident_bytes()
    sockets = []
    for number in range(COUNT):
        sock = socket.socket()
        sock.bind((f"127.0.0.{number % SOURCES + 1}", 0))
        sock.settimeout(servers.PATIENCE)
        sock.connect((server.host, server.port))
        sockets.append(sock)
        if number % 500 == 0:
            other.check()
    for sock in sockets:
        assert sock.recv(5) == b"INFO "
    other.check()
    assert server.json("/varz")["connections"] == COUNT + 2
    if not SANITIZED:
        assert (server.resident_bytes() - before) / COUNT < BYTES_EACH_MAX[kind]
    for sock in sockets:
        sock.close()
    servers.wait_until(lambda: server.json("/varz")["connections"] == 2, "all to be gone", 60)
    other.check()
