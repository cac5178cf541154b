"""Every file under transcripts/ is one test: JetStream answers as nats-server did."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import api_transcript as transcripts  # noqa: E402


@pytest.mark.parametrize("one", transcripts.load_all(), ids=lambda t: t.name)
def test_transcript(one):
    with transcripts.Player(one) as player:
        for step, answers in player.play():
            wanted = step.wanted or step.recorded
            assert answers == wanted, f"{one.path.name}:{step.number}: {step.line}"
