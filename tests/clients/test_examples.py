"""The examples of libmidge do what their first lines say."""

import pathlib
import re
import subprocess

import pytest

from harness import server as servers

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "client"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.cc"))


def printed(name):
    """The lines that the comment at the top promises."""
    head = FOLDER.joinpath(name + ".cc").read_text(encoding="utf-8").splitlines()[0]
    text = re.search(r"Prints: (.*)$", head).group(1)
    return re.split(r", then: ", text) if ", then: " in text else [text]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    running = servers.Server(config=f'jetstream {{ store_dir: "{tmp_path_factory.mktemp("store")}" }}')
    yield running.url
    running.stop()


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, url):
    program = pathlib.Path(servers.executable()).parent / f"example_{name}"
    if not program.exists():  # the peer has none
        program = servers.REPOSITORY / f"build/release/bin/example_{name}"
    done = subprocess.run([program, url], capture_output=True, text=True,
                          timeout=6 * servers.PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines == printed(name) or [", ".join(lines)] == printed(name)
