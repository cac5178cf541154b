"""JetStream by the command line, and what a restart leaves of each kind of storage."""

import json
import sys
import pathlib

import pytest

from harness.server import Server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import api_talk as talk  # noqa: E402


def ask(server, *requests):
    one = talk.Talk(server.port)
    answers = [one.request(subject, body.encode()) for subject, body in requests]
    one.close()
    return [answer if answer in (talk.NONE, talk.SILENCE) else json.loads(answer.body)
            for answer in answers]


@pytest.mark.rows("CONF-116", "CONF-109")
@pytest.mark.parametrize("flags", [("-js", "-sd"), ("--jetstream", "--store_dir"), ("-js=true", "-store_dir")])
def test_flags(flags, tmp_path):
    with Server([flags[0], flags[1], str(tmp_path / "store"), "-m", "-1"]) as server:
        told = server.json("/jsz")
        folder = pathlib.Path(told["config"]["store_dir"])
        assert folder.is_relative_to(tmp_path / "store") and folder.is_dir()
        assert told["config"]["max_memory"] > 0 and told["config"]["max_storage"] > 0
        assert server.json("/varz")["jetstream"]["config"] == told["config"]
        assert talk.Talk(server.port).request("$JS.API.INFO", b"") is not talk.NONE


@pytest.mark.rows("CONF-116")
def test_store_dir_alone_starts_nothing(tmp_path):
    with Server(["-sd", str(tmp_path / "store")]) as server:
        assert ask(server, ("$JS.API.INFO", "")) == [talk.NONE]


@pytest.mark.rows("JS-S-36", "JS-S-89", "JS-S-90", "JS-C-31")
def test_a_restart_keeps_what_is_on_disk(tmp_path):
    config = f'jetstream {{ store_dir: "{tmp_path}/store" }}'
    with Server(config=config) as server:
        answers = ask(
            server,
            ("$JS.API.STREAM.CREATE.F", '{"name":"F","subjects":["f"]}'),
            ("$JS.API.STREAM.CREATE.M", '{"name":"M","subjects":["m"],"storage":"memory"}'),
            ("$JS.API.CONSUMER.CREATE.F.c",
             '{"stream_name":"F","config":{"durable_name":"c","ack_policy":"explicit"}}'),
            ("f", "kept"), ("m", "lost"))
        assert answers[3:] == [{"stream": "F", "seq": 1}, {"stream": "M", "seq": 1}]
    with Server(config=config) as server:
        names, consumers, kept, again = ask(
            server, ("$JS.API.STREAM.NAMES", ""), ("$JS.API.CONSUMER.NAMES.F", ""),
            ("$JS.API.STREAM.MSG.GET.F", '{"seq":1}'), ("f", "more"))
        assert names["streams"] == ["F"]
        assert consumers["consumers"] == ["c"]
        assert kept["message"]["data"] == "a2VwdA=="
        assert again == {"stream": "F", "seq": 2}
        assert ask(server, ("m", "nobody")) == [talk.NONE]


@pytest.mark.rows("MON-10", "JS-S-05")
def test_varz(tmp_path):
    limits = "limits { max_ack_pending: 500, max_request_batch: 100, default_max_consumers: 1000 }"
    config = f"""http: "127.0.0.1:-1"
        jetstream {{ store_dir: "{tmp_path}/store", max_mem: 1M, max_file: 10M, sync_interval: "2m", {limits} }}"""
    with Server(config=config) as server:
        ask(server, ("$JS.API.STREAM.CREATE.F", '{"name":"F","subjects":["f"],"max_bytes":1000}'), ("f", "x"))
        told = server.json("/varz")["jetstream"]
        assert told["config"].pop("store_dir").startswith(str(tmp_path))
        assert told == {
            "config": {"max_memory": 1000000, "max_storage": 10000000, "sync_interval": 120000000000,
                       "compress_ok": True, "strict": True},
            "stats": {"memory": 0, "storage": 32, "reserved_memory": 0, "reserved_storage": 1000,
                      "accounts": 1, "ha_assets": 0, "api": {"level": 5, "total": 1, "errors": 0}},
            "limits": {"max_request_batch": 100, "max_ack_pending": 500, "default_max_consumers": 1000}}


@pytest.mark.rows("MON-10", "JS-S-06")
def test_varz_without():
    with Server(config='http: "127.0.0.1:-1"') as server:
        assert server.json("/varz")["jetstream"] == {}
