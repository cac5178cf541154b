"""Consumers whose state is in memory are gone after a restart, and all others are not. nats-server
2.15.2 does the same."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from test_crash import ask  # noqa: E402

from harness.server import Server, kind  # noqa: E402


@pytest.mark.rows("JS-C-31", "JS-C-58")
@pytest.mark.parametrize("ending", ["TERM", "KILL"])
def test_a_restart_forgets_them(tmp_path, ending):
    config = f'jetstream {{ store_dir: "{tmp_path}", sync_interval: always }}\n'
    with Server(config=config) as server:
        talk = Talk(server.port)
        ask(talk, "STREAM.CREATE.S", {"name": "S", "subjects": ["s"]})
        for name, more in (("pull", {"durable_name": "pull", "ack_policy": "explicit"}),
                           ("push", {"deliver_subject": "in", "ack_policy": "none",
                                     "inactive_threshold": 600_000_000_000})):
            for storage in (False, True):
                whole = name + ("_memory" if storage else "_file")
                fields = {**more, "name": whole, "mem_storage": storage, "num_replicas": 1}
                if "durable_name" in fields:
                    fields["durable_name"] = whole
                ask(talk, f"CONSUMER.CREATE.S.{whole}", {"stream_name": "S", "config": fields})
        talk.request("s", b"x")
        for storage in ("memory", "file"):
            message = talk.request(f"$JS.API.CONSUMER.MSG.NEXT.S.pull_{storage}", b"1")
            talk.request(message.reply, b"+ACK")
        ask(talk, "CONSUMER.RESET.S.pull_memory")
        talk.close()
        server.signal(ending)
        server.wait_exit()
    with Server(config=config) as server:
        talk = Talk(server.port)
        assert ask(talk, "CONSUMER.NAMES.S")["consumers"] == ["pull_file", "push_file"]
        if kind() == "midge" or ending == "TERM":  # nats-server forgets it at a kill
            assert ask(talk, "CONSUMER.INFO.S.pull_file")["ack_floor"]["stream_seq"] == 1
        answer = json.loads(talk.request("$JS.API.CONSUMER.INFO.S.pull_memory", b"").body)
        assert answer["error"]["err_code"] == 10014
