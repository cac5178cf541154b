"""PINGs of the server: when they come, when not, and what happens without an answer."""

import re
import select
import time

import pytest

from harness import server as servers
from harness.wire import client


@pytest.mark.rows("CORE-64")
def test_a_busy_client_is_not_pinged(start):
    server = start(config='ping_interval: "500ms"\n')
    wire = client(server)
    wire.barrier()
    started = time.monotonic()
    frames = []
    while time.monotonic() - started < 1.6:
        frames += wire.barrier(keep_pings=True)
        select.select([wire.socket], [], [], 0.02)
    assert frames.count(b"PING") <= 1  # one may be to measure the round trip


@pytest.mark.rows("CORE-64", "CORE-69", "MON-07")
def test_a_stale_client_is_counted(start):
    server = start("-m", "-1", config='ping_interval: "50ms"\nping_max: 1\n')
    wire = client(server)
    assert b"-ERR 'Stale Connection'\r\n" in wire.until_closed()

    def counted():
        varz = server.json("/varz")
        return varz["stale_connections"] == 1 and varz["stale_connection_stats"]["clients"] == 1

    servers.wait_until(counted, "the counter")


@pytest.mark.rows("CORE-64")
def test_others_are_not_stale(start):
    server = start(config='ping_interval: "100ms"\nping_max: 3\n')
    silent, answering = client(server), client(server)
    gone = False
    while not gone:
        assert answering.frame() == b"PING"
        answering.send(b"PONG\r\n")
        gone = b"Stale" in silent.arrived()
    assert answering.barrier() == []


@pytest.mark.rows("CORE-65")
def test_round_trip_is_measured(start):
    server = start("-m", "-1")
    wire = client(server)
    wire.barrier()

    def measured():
        if select.select([wire.socket], [], [], 0)[0]:
            frame = wire.frame()
            if frame == b"PING":
                wire.send(b"PONG\r\n")
        connections = server.json("/connz")["connections"]
        return connections and connections[0].get("rtt")

    rtt = servers.wait_until(measured, "rtt in /connz", patience=15)
    assert re.fullmatch(r"[\d.]+(ns|µs|ms|s)", rtt)
