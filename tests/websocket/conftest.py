"""A server with a listener for web sockets, and sockets to it."""

import pytest

from harness import server as servers
from harness.websocket import WebSocket, listening_port

PLAIN = "websocket { host: 127.0.0.1, port: -1, no_tls: true, %s }\n"


@pytest.fixture(scope="module")
def shared():
    """One server for tests that leave no trace in it."""
    with servers.Server(config=PLAIN % "compression: true") as running:
        yield running


@pytest.fixture
def connect():
    """connect(server): an open connection, before its request."""
    sockets = []

    def opener(server, tls=None):
        sockets.append(WebSocket(listening_port(server), tls))
        return sockets[-1]

    yield opener
    for socket in sockets:
        socket.wire.close()


@pytest.fixture
def serve(start):
    """serve("compression: true", more): a server of its own; `more`: outside the block."""
    def starter(block: str = "", more: str = "", *flags):
        return start(*flags, config=PLAIN % block + more)
    return starter
