"""The examples of libmidge do what their first lines say."""

import pathlib
import re
import subprocess

import pytest

from harness import server as servers

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "client"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.cc"))
CERTIFICATES = servers.REPOSITORY / "tests/cli/certs"
LOGINS = servers.REPOSITORY / "tests/fixtures/nsc"


def printed(name):
    """The lines that the comment at the top promises."""
    head = FOLDER.joinpath(name + ".cc").read_text(encoding="utf-8").splitlines()[0]
    return re.split(r", then: ", re.search(r"Prints: (.*)$", head).group(1))


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    running = servers.Server(config=f'jetstream {{ store_dir: "{tmp_path_factory.mktemp("store")}" }}')
    yield running.url
    running.stop()


@pytest.fixture(scope="module")
def guarded_url():
    """Of a server that wants TLS and credentials."""
    tls = f'tls {{ cert_file: "{CERTIFICATES}/server.pem", key_file: "{CERTIFICATES}/server-key.pem" }}\n'
    running = servers.Server(config=tls + LOGINS.joinpath("accounts.conf").read_text(encoding="utf-8"))
    yield running.url
    running.stop()


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, url, guarded_url):
    arguments = [url]
    if name == "login":
        arguments = [guarded_url, CERTIFICATES / "ca.pem", LOGINS / "alice.creds"]
    program = pathlib.Path(servers.executable()).parent / f"example_{name}"
    if not program.exists():  # the peer has none
        program = servers.REPOSITORY / f"build/release/bin/example_{name}"
    done = subprocess.run([program, *arguments], capture_output=True, text=True,
                          timeout=6 * servers.PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines == printed(name) or [", ".join(lines)] == printed(name)
