"""JetStream with clients that are programs: @nats-io/{jetstream,kv,obj,services} and libnats."""

import subprocess

import pytest

from harness import server as servers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    running = servers.Server(config=f'jetstream {{ store_dir: "{folder}" }}\n')
    yield running
    running.stop()


@pytest.fixture(scope="session")
def c_program(compile_c):
    return str(compile_c("jetstream"))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=6 * servers.PATIENCE,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def row(scenario, *rows):
    return pytest.param(scenario, marks=pytest.mark.rows(*rows))


@pytest.mark.parametrize("scenario", [
    row("stream", "JS-S-10", "JS-S-17", "JS-S-18", "JS-S-23", "JS-S-24", "JS-S-25", "JS-S-65"),
    row("consume", "JS-C-03", "JS-C-39", "JS-C-54"),
    row("ordered", "JS-C-58"),
    row("push", "JS-C-25", "JS-C-28", "JS-C-38"),
    row("key_value", "KV-01", "KV-02", "KV-03", "KV-04"),
    row("object_store", "KV-09", "KV-10"),
    row("services", "SVC-01", "SVC-03", "SVC-04"),
])
def test_node(node_folder, server, scenario):
    run("node", str(node_folder / "jetstream.js"), scenario, server.url)


@pytest.mark.parametrize("scenario", [
    row("stream", "JS-S-10", "JS-S-19", "JS-S-23", "JS-S-65", "JS-S-67"),
    row("fetch", "JS-C-39", "JS-C-54"),
    row("ordered", "JS-C-58"),
    row("key_value", "KV-01", "KV-02", "KV-03", "KV-04"),
])
def test_libnats(c_program, server, scenario):
    run(c_program, scenario, server.url)
