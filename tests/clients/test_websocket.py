"""Clients over WebSocket: @nats-io/nats-core in Node and in Chromium, and nats-py."""

import asyncio
import shutil

import nats
import pytest

from harness import server as servers
from harness import tls
from harness.websocket import listening_port
from test_programs import SCENARIOS, run, run_with_step

BLOCK = 'websocket { host: 127.0.0.1, port: %d, no_tls: true, compression: %s }\n'


@pytest.fixture(scope="module", params=["true", "false"], ids=["compression", "plain"])
def server(request):
    with servers.Server(config=BLOCK % (-1, request.param)) as running:
        yield running


@pytest.fixture(scope="session")
def node_program(node_folder):
    return ["node", str(node_folder / "scenarios.js")]


def url_of(server) -> str:
    return f"ws://127.0.0.1:{listening_port(server)}"


def restart(start, server, compression):
    """Stops the server, and starts one on the same ports."""
    def act():
        port = listening_port(server)
        server.signal("TERM")
        server.wait_exit()
        start(port=server.port, config=BLOCK % (port, compression))
    return act


@pytest.mark.rows("WS-04", "WS-05", "WS-12")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_node(node_program, server, scenario):
    run(node_program, scenario, url_of(server))


@pytest.mark.rows("WS-04")
def test_node_reconnect(node_program, start):
    server = start(config=BLOCK % (-1, "true"))
    run_with_step(node_program, "reconnect", url_of(server), restart(start, server, "true"))


@pytest.fixture(scope="session")
def chromium():
    """Debian's, or whatever is called so here. `x` installs it; without it the tests fail."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "chromium is missing: install Debian's package"
    return found


@pytest.mark.rows("WS-02", "WS-04", "WS-05")
@pytest.mark.parametrize("compression", ["true", "false"])
def test_browser(node_folder, chromium, start, compression):
    server = start(config=BLOCK % (-1, compression) + "debug: true\n")
    program = ["node", str(node_folder / "browser.js")]
    run_with_step(program, chromium, url_of(server), restart(start, server, compression))


async def nats_py(server, url, **options):
    over, plain = await nats.connect(url, **options), await nats.connect(server.url)
    inbox = await over.subscribe("foo.*")
    await over.flush()
    for number in range(100):
        await plain.publish("foo.bar", b"message %d" % number)
    for number in range(100):
        message = await inbox.next_msg(timeout=servers.PATIENCE)
        assert message.data == b"message %d" % number

    async def answer(message):
        await message.respond(message.data.upper())

    await plain.subscribe("loud", cb=answer)
    await plain.flush()
    assert (await over.request("loud", b"hey", timeout=servers.PATIENCE)).data == b"HEY"
    await over.close()
    await plain.close()


@pytest.mark.rows("WS-04")
def test_nats_py(server):
    asyncio.run(asyncio.wait_for(nats_py(server, url_of(server)), 6 * servers.PATIENCE))


@pytest.mark.rows("WS-01")
def test_nats_py_over_tls(start):
    block = tls.server_certificate().files
    server = start(config="websocket { host: 127.0.0.1, port: -1, tls { %s } }\n" % block)
    url = f"wss://127.0.0.1:{listening_port(server)}"
    asyncio.run(asyncio.wait_for(nats_py(server, url, tls=tls.client_context()),
                                 6 * servers.PATIENCE))
