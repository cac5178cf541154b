"""A server that says it is ready has streams that listen, on whatever loop they live."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from test_crash import ask  # noqa: E402

from harness.server import Server  # noqa: E402

STREAMS = 300


@pytest.mark.rows("OPS-01")
def test_a_plain_publish_right_after_the_start(tmp_path):
    config = f'loops: 4\njetstream {{ store_dir: "{tmp_path}" }}\n'
    with Server(config=config) as server:
        talk = Talk(server.port)
        for number in range(STREAMS):
            ask(talk, f"STREAM.CREATE.S{number}", {"name": f"S{number}",
                                                   "subjects": [f"s.{number}"]})
        talk.close()
    for turn in range(1, 4):
        with Server(config=config) as server:
            talk = Talk(server.port)
            for number in range(STREAMS):
                talk.publish(f"s.{number}", b"x")
            talk.flush()
            for number in range(STREAMS):
                state = ask(talk, f"STREAM.INFO.S{number}")["state"]
                assert state["messages"] == turn, number
            talk.close()
