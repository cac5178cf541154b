"""Where the server listens, and what it says about itself there."""

import json
import pathlib
import re
import socket

import pytest

from harness import server as servers
from harness.wire import Wire, client


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.rows("CONF-020")
@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no ::1")
def test_any_address_takes_ipv6_too(start):
    server = start(host="0.0.0.0")
    for host, seen in (("127.0.0.1", "127.0.0.1"), ("::1", "::1")):
        with Wire(host, server.port) as wire:
            info = json.loads(wire.line()[5:])
            assert info["client_ip"] == seen
            wire.send(b'CONNECT {"verbose":false}\r\n')
            assert wire.barrier() == []


@pytest.mark.rows("CONF-020")
@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no ::1")
def test_an_ipv6_address_is_listened_on(start):
    server = start(host="::1")
    with Wire("::1", server.port) as wire:
        assert json.loads(wire.line()[5:])["host"] == "::1"
    with pytest.raises(ConnectionRefusedError):
        Wire("127.0.0.1", server.port)


@pytest.mark.rows("CONF-020", "CORE-01")
def test_one_address_is_only_that(start):
    server = start(host="127.0.0.2")
    with Wire("127.0.0.2", server.port) as wire:
        assert wire.line().startswith(b"INFO {")
    with pytest.raises(ConnectionRefusedError):
        Wire("127.0.0.1", server.port)


@pytest.mark.rows("CORE-19")
def test_a_server_alone_advertises_no_urls(start):
    server = start(host="0.0.0.0")
    with Wire(server.host, server.port) as wire:
        info = json.loads(wire.line()[5:])
    assert (info["host"], info["port"]) == ("0.0.0.0", server.port)
    assert "connect_urls" not in info


@pytest.mark.rows("CONF-021")
def test_client_advertise_is_what_info_names(start):
    server = start("--client_advertise", "me.example.com:4444", host="0.0.0.0")
    with Wire(server.host, server.port) as wire:
        info = json.loads(wire.line()[5:])
    assert (info["host"], info["port"]) == ("me.example.com", 4444)
    assert "connect_urls" not in info


@pytest.mark.rows("CORE-23")
def test_client_ids_differ_and_grow(start):
    server = start()
    ids = [client(server).info["client_id"] for _ in range(5)]
    assert ids == sorted(set(ids))


@pytest.mark.rows("CORE-17")
def test_server_id_is_new_at_each_start(start):
    ids = {client(start()).info["server_id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.rows("CORE-43")
def test_limit_of_open_files_is_raised(start):
    server = start()
    limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files\s+(\S+)\s+(\S+)", limits).groups()
    assert soft == hard


@pytest.mark.rows("CORE-43")
def test_a_place_that_is_free_again_is_given(start):
    server = start(config="max_connections: 1\n")
    first = client(server)
    first.barrier()
    first.finish()

    def accepted():
        wire = client(server)
        try:
            return wire.barrier() == []
        except Exception:  # the first one may be counted a moment longer
            return False

    servers.wait_until(accepted, "a place")

