"""The ports file and the pid file."""

import json

import pytest

from harness import server as servers


@pytest.mark.rows("CONF-031", "CONF-113")
def test_ports_file_names_every_listener(start):
    server = start("-m", "-1")
    ports = servers.wait_until(lambda: _read(server.ports_file()), "the ports file")
    assert ports == {"nats": [f"nats://127.0.0.1:{server.port}"],
                     "monitoring": [f"http://127.0.0.1:{server.http_port}"]}


@pytest.mark.rows("CONF-031")
def test_ports_file_goes_when_the_server_stops(start):
    server = start()
    path = server.ports_file()
    servers.wait_until(path.exists, "the ports file")
    server.signal("TERM")
    assert server.wait_exit() == 0
    assert not path.exists()


@pytest.mark.rows("CONF-031", "CONF-020")
def test_ports_file_of_any_address_names_the_real_ones(start):
    server = start(host="0.0.0.0")
    ports = servers.wait_until(lambda: _read(server.ports_file()), "the ports file")
    assert f"nats://127.0.0.1:{server.port}" in ports["nats"]
    assert all(url.endswith(f":{server.port}") for url in ports["nats"])


@pytest.mark.rows("CONF-030")
def test_pid_file_holds_digits_only(start):
    server = start("--pid", "%DIR%/x.pid")
    assert (server.folder / "x.pid").read_bytes() == str(server.pid).encode()


@pytest.mark.rows("CONF-030")
def test_pid_file_that_cannot_be_written(start):
    server = start("--pid", "%DIR%/no/such/folder/x.pid", ready=False)
    server.wait_log(r"[Cc]ould not write pidfile: .*no such file or directory")


@pytest.mark.rows("CONF-113")
def test_busy_port_is_fatal(start):
    first = start()
    second = start(port=first.port, ready=False)
    assert second.wait_exit() == 1
    assert "[FTL] Error listening on port" in second.log()
    assert "address already in use" in second.log()


@pytest.mark.rows("CONF-113")
def test_busy_monitoring_port_is_fatal(start):
    first = start("-m", "-1")
    second = start("-m", str(first.http_port), ready=False)
    assert second.wait_exit() == 1
    assert "[FTL] Can't start monitoring: can't listen to the monitor port" in second.log()


def _read(path):
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
