"""Messages leave when their time is over, whatever else waits for its time."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from test_crash import ask  # noqa: E402

from harness import server as servers  # noqa: E402


@pytest.mark.rows("JS-S-33", "JS-S-71")
def test_a_long_time_of_its_own_holds_up_no_other(start, tmp_path):
    talk = Talk(start(config=f'jetstream {{ store_dir: "{tmp_path}/store" }}\n').port)
    ask(talk, "STREAM.CREATE.A", {"name": "A", "subjects": ["a"], "allow_msg_ttl": True,
                                  "max_age": 500_000_000, "duplicate_window": 500_000_000})
    for headers in ({"Nats-TTL": "1h"}, None):
        assert json.loads(talk.request("a", b"x", headers).body)["stream"] == "A"
        servers.wait_until(lambda: ask(talk, "STREAM.INFO.A")["state"]["messages"] == 0,
                           "the end of its time")
    talk.close()
