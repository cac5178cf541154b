"""Fixtures of all black-box tests."""

import pytest

from harness import server as servers


@pytest.fixture(scope="session")
def kind() -> str:
    """"midge" or "peer": what the server under test is."""
    return servers.kind()


@pytest.fixture
def start():
    """Starts servers that end with the test: start(flags, config, ...)."""
    running = []

    def starter(*flags, **options):
        running.append(servers.Server(flags, **options))
        return running[-1]

    yield starter
    for server in running:
        server.stop()
