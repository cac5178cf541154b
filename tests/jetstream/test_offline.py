"""Streams and consumers that only a newer server understands: they are offline, with what
nats-server 2.15.2 says of them, and stay as they are."""

import json
import pathlib
import struct
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import NONE, Talk  # noqa: E402
from xxh3 import xxh3  # noqa: E402

from harness.server import Server, kind  # noqa: E402

pytestmark = pytest.mark.skipif(kind() != "midge", reason="nats-server has another store")

LEVEL = "unsupported - required API level: 9, current API level: 5"
FIELD = 'decoding error: json: unknown field "sealex"'
STOPPED = 'stopped - unsupported consumer "D"'
STREAMS = {"LEVEL": LEVEL, "FIELD": FIELD, "STOPPED": STOPPED}


def serve(store):
    return Server(config=f'http: "127.0.0.1:-1"\njetstream {{ store_dir: "{store}" }}\n')


def ask(talk, verb, body=None):
    text = b"" if body is None else json.dumps(body).encode()
    return json.loads(talk.request(f"$JS.API.{verb}", text).body)


def error(answer):
    return answer["error"]["err_code"], answer["error"]["description"]


def offline(what, why):
    return {"stream": 10194, "consumer": 10195}[what], f"{what} is offline: {why}"


def config_of(name):
    return {"name": name, "subjects": [name.lower()], "allow_direct": True}


def fill(store):
    with serve(store) as server:
        talk = Talk(server.port)
        for name in [*STREAMS, "GOOD"]:
            ask(talk, f"STREAM.CREATE.{name}", config_of(name))
            for consumer in ("D", "E"):
                ask(talk, f"CONSUMER.CREATE.{name}.{consumer}", {"stream_name": name, "config": {
                    "durable_name": consumer, "ack_policy": "explicit"}})
            talk.request(name.lower(), b"kept")
            talk.request(f"$JS.API.CONSUMER.MSG.NEXT.{name}.E", b"1")
        talk.close()


def rewrite(store, stream, old, new, behind=b""):
    """Replaces what the checkpoint says of a stream, from `behind` on, and in its copy."""
    assert len(old) == len(new)
    for path in (store / "midge/_/checkpoint", store / "midge/_/checkpoint.copy"):
        data = bytearray(path.read_bytes()[:-8])
        at = data.index(b'"name":"%s"' % stream)
        at = data.index(old, data.index(behind, at) if behind else at)
        data[at:at + len(old)] = new
        path.write_bytes(bytes(data) + struct.pack("<Q", xxh3(bytes(data))))


def change(store, backwards=False):
    """What a newer server would have written; or, backwards, what it was."""
    low, high = b'"_nats.req.level":"0"', b'"_nats.req.level":"9"'
    known, unknown = b'"sealed":', b'"sealex":'
    if backwards:
        low, high, known, unknown = high, low, unknown, known
    rewrite(store, b"LEVEL", low, high)
    rewrite(store, b"FIELD", known, unknown)
    rewrite(store, b"STOPPED", low, high, b'"durable_name":"D"')


@pytest.fixture
def store(tmp_path):
    fill(tmp_path)
    change(tmp_path)
    return tmp_path


@pytest.mark.rows("JS-S-63", "OPS-13")
def test_nobody_can_use_them(store):
    with serve(store) as server:
        talk = Talk(server.port)
        for name, why in STREAMS.items():
            wanted = offline("stream", why)
            assert error(ask(talk, f"STREAM.INFO.{name}")) == wanted
            assert error(ask(talk, f"STREAM.UPDATE.{name}", config_of(name))) == wanted
            assert error(ask(talk, f"STREAM.PURGE.{name}")) == wanted
            assert error(ask(talk, f"STREAM.MSG.GET.{name}", {"seq": 1})) == wanted
            assert error(ask(talk, f"STREAM.SNAPSHOT.{name}", {"deliver_subject": "d"})) == wanted
            assert error(ask(talk, f"CONSUMER.CREATE.{name}.F", {
                "stream_name": name, "config": {"durable_name": "F"}})) == wanted
            assert error(ask(talk, f"CONSUMER.INFO.{name}.E")) == wanted
            assert error(ask(talk, f"CONSUMER.INFO.{name}.none")) == (10014, "consumer not found")
            for subject in (name.lower(), f"$JS.API.DIRECT.GET.{name}",
                            f"$JS.API.CONSUMER.MSG.NEXT.{name}.E"):
                assert talk.request(subject, b"1") is NONE
        assert error(ask(talk, "CONSUMER.INFO.STOPPED.D")) == offline("consumer", LEVEL)
        assert error(ask(talk, "CONSUMER.RESET.STOPPED.D")) == offline("consumer", LEVEL)
        assert error(ask(talk, "STREAM.CREATE.NEW", {"name": "NEW", "subjects": ["level"]})) == (
            10065, "subjects overlap with an existing stream")
        assert json.loads(talk.request("good", b"x").body)["seq"] == 2
        assert server.json("/healthz") == {"status": "ok"}
        assert f'"LEVEL" of account "$G" is offline, and kept as it is: {LEVEL}' in server.log()


@pytest.mark.rows("JS-S-63")
def test_listings_say_so(store):
    with serve(store) as server:
        talk = Talk(server.port)
        assert ask(talk, "STREAM.NAMES")["streams"] == sorted([*STREAMS, "GOOD"])
        listed = ask(talk, "STREAM.LIST")
        assert [stream["config"]["name"] for stream in listed["streams"]] == ["GOOD"]
        assert (listed["total"], listed["missing"], listed["offline"]) == (
            4, sorted(STREAMS), STREAMS)
        listed = ask(talk, "CONSUMER.LIST.STOPPED")
        assert (listed["total"], listed["consumers"], listed["missing"]) == (2, [], ["D", "E"])
        assert listed["offline"] == {"D": LEVEL, "E": STOPPED}
        assert ask(talk, "CONSUMER.NAMES.LEVEL")["consumers"] == ["D", "E"]
        assert "offline" not in ask(talk, "CONSUMER.LIST.GOOD")


@pytest.mark.rows("JS-S-63", "OPS-13")
def test_they_are_kept(store):
    """Over restarts after each kind of end, until a server that understands them has them."""
    for ending in ("TERM", "KILL", "TERM"):
        with serve(store) as server:
            talk = Talk(server.port)
            assert ask(talk, "STREAM.LIST")["offline"] == STREAMS
            talk.request("good", b"x")
            talk.close()
            server.signal(ending)
            server.wait_exit()
    change(store, backwards=True)
    with serve(store) as server:
        talk = Talk(server.port)
        for name in STREAMS:
            assert ask(talk, f"STREAM.INFO.{name}")["state"]["messages"] == 1
            assert ask(talk, f"CONSUMER.INFO.{name}.D")["num_pending"] == 1
            consumer = ask(talk, f"CONSUMER.INFO.{name}.E")
            assert (consumer["delivered"]["stream_seq"], consumer["num_ack_pending"]) == (1, 1)
            assert json.loads(talk.request(name.lower(), b"x").body)["seq"] == 2


@pytest.mark.rows("JS-S-63")
def test_they_can_be_removed(store):
    with serve(store) as server:
        talk = Talk(server.port)
        assert ask(talk, "STREAM.DELETE.LEVEL")["success"]
        assert ask(talk, "CONSUMER.DELETE.STOPPED.D")["success"]
        assert error(ask(talk, "CONSUMER.DELETE.STOPPED.D")) == (10014, "consumer not found")
        assert error(ask(talk, "STREAM.INFO.LEVEL")) == (10059, "stream not found")
    with serve(store) as server:
        talk = Talk(server.port)
        assert ask(talk, "STREAM.LIST")["offline"] == {"FIELD": FIELD}
        assert ask(talk, "CONSUMER.NAMES.STOPPED")["consumers"] == ["E"]
