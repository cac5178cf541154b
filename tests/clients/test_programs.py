"""Clients that are programs of their own: @nats-io/transport-node and libnats."""

import subprocess

import pytest

from harness import server as servers

SCENARIOS = ["publish_subscribe", "queue", "request", "no_responders", "headers",
             "unsubscribe_after", "drain", "large", "rtt"]
CONFIG = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "10s"\n'


@pytest.fixture(scope="session")
def server():
    running = servers.Server()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def node_program(node_folder):
    return ["node", str(node_folder / "scenarios.js")]


@pytest.fixture(scope="session")
def c_program(compile_c):
    return [str(compile_c("scenarios"))]


def run(program, scenario, url):
    done = subprocess.run([*program, scenario, url], capture_output=True, text=True,
                          timeout=6 * servers.PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run_with_step(program, scenario, url, act):
    """Runs a scenario that asks for something to be done to the server."""
    with subprocess.Popen([*program, scenario, url], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        line = running.stdout.readline()
        if line.startswith("step "):
            act()
        try:
            out, err = running.communicate(timeout=6 * servers.PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            raise
    assert running.returncode == 0, line + out + err


def restart(start, server):
    def act():
        server.signal("TERM")
        server.wait_exit()
        start(port=server.port)
    return act


@pytest.mark.rows("CORE-12", "CORE-50", "CORE-52", "CORE-53", "CORE-70")
@pytest.mark.parametrize("scenario", [*SCENARIOS, "credentials_not_asked"])
def test_node(node_program, server, scenario):
    run(node_program, scenario, server.url)


def test_node_reconnect(node_program, start):
    server = start()
    run_with_step(node_program, "reconnect", server.url, restart(start, server))


@pytest.mark.rows("CORE-71", "CORE-25")
def test_node_lame_duck(node_program, start):
    server = start(config=CONFIG)
    run_with_step(node_program, "lame_duck", server.url, lambda: server.signal("USR2"))


@pytest.mark.rows("CORE-12", "CORE-50", "CORE-52", "CORE-53", "CORE-70")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_libnats(c_program, server, scenario):
    run(c_program, scenario, server.url)


def test_libnats_reconnect(c_program, start):
    server = start()
    run_with_step(c_program, "reconnect", server.url, restart(start, server))


@pytest.mark.rows("CORE-71", "CORE-25")
def test_libnats_lame_duck(c_program, start):
    server = start(config=CONFIG)
    run_with_step(c_program, "lame_duck", server.url, lambda: server.signal("USR2"))
