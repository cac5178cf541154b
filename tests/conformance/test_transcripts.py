"""Every file under transcripts/ is one test: the server answers it byte for byte."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import play  # noqa: E402
import transcript as transcripts  # noqa: E402
from harness import server as servers  # noqa: E402


@pytest.fixture(scope="session")
def pool():
    shared = play.ServerPool(servers.executable())
    yield shared
    shared.stop()


@pytest.mark.parametrize("transcript", transcripts.load_all(), ids=lambda t: t.name)
def test_transcript(transcript, pool):
    play.play(transcript, pool)
