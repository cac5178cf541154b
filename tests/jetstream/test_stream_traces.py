"""What streams tell of messages whose way is told (ADR-41). The same is expected of nats-server."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402

from harness.server import PATIENCE, Server, kind  # noqa: E402

STREAMS = {
    "S": {}, "I": {"retention": "interest"}, "D": {"discard": "new", "max_msgs": 1},
    "T": {"subject_transform": {"src": "T.*", "dest": "TT.{{wildcard(1)}}"}},
    "M": {"max_msg_size": 5}, "C": {"allow_msg_counter": True}, "A": {"allow_atomic": True},
    "P": {"discard": "new", "discard_new_per_subject": True, "max_msgs_per_subject": 1,
          "max_msgs": 10},
    "L": {"allow_msg_ttl": True}, "G": {"allow_msg_schedules": True, "allow_msg_ttl": True},
}
BATCH = {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1"}
ONLY = {"Nats-Trace-Only": "true"}
EVERY = {"Nats-Schedule": "@every 100s"}


def js(stream, subject="", **more):
    event = {"type": "js", "stream": stream}
    if subject:
        event["subject"] = subject
    return event | more


# In turn: subject, payload, headers, what the stream tells, whether a message is stored.
STEPS = [
    ("S.a", b"x", {}, js("S", "S.a"), True),
    ("S.a", b"x", ONLY, js("S", "S.a"), False),
    ("I.a", b"x", {}, js("I", "I.a", nointerest=True), False),
    ("I.a", b"x", ONLY, js("I", "I.a", nointerest=True), False),
    ("D.a", b"x", {}, js("D", "D.a"), True),
    ("D.a", b"x", {}, js("D", "D.a", error="maximum messages exceeded"), False),
    ("D.a", b"x", ONLY, js("D", "D.a"), False),
    ("P.a", b"x", {}, js("P", "P.a"), True),
    ("P.a", b"x", {}, js("P", "P.a", error="maximum messages per subject exceeded"), False),
    ("T.a", b"x", {}, js("T", "TT.a"), True),
    ("T.a", b"x", ONLY, js("T", "TT.a"), False),
    ("M.a", b"x" * 6, {}, js("M", error="maximum payload exceeded"), False),
    ("M.a", b"x" * 6, ONLY, js("M", error="maximum payload exceeded"), False),
    ("S.a", b"x", {"Nats-Expected-Last-Sequence": "9"},
     js("S", error="last sequence mismatch: 9 vs 1"), False),
    ("S.a", b"x", ONLY | {"Nats-Expected-Last-Sequence": "9"},
     js("S", error="last sequence mismatch: 9 vs 1"), False),
    ("S.b", b"x", {"Nats-Expected-Last-Subject-Sequence": "9"},
     js("S", error="last sequence by subject mismatch: 9 vs 0"), False),
    ("S.b", b"x", {"Nats-Expected-Last-Subject-Sequence": "0", "Nats-Expected-Last-Sequence": "9"},
     js("S", error="last sequence mismatch: 9 vs 1"), False),
    ("S.a", b"x", {"Nats-Expected-Last-Subject-Sequence-Subject": "S.b"},
     js("S", error="missing sequence for expected last sequence per subject (10193)"), False),
    ("S.a", b"x", {"Nats-Expected-Stream": "Q"},
     js("S", error="expected stream does not match"), False),
    ("S.a", b"x", {"Nats-Msg-Id": "7"}, js("S", "S.a"), True),
    ("S.a", b"x", {"Nats-Msg-Id": "7"}, js("S", error="msgid is duplicate"), False),
    ("S.a", b"x", ONLY | {"Nats-Msg-Id": "7"}, js("S", error="msgid is duplicate"), False),
    ("S.a", b"x", {"Nats-Expected-Last-Msg-Id": "zz"},
     js("S", error='last msgid mismatch: "zz" vs "7"'), False),
    ("S.a", b"x", {"Nats-Rollup": "sub"}, js("S", error="rollup not permitted"), False),
    ("S.a", b"x", ONLY | {"Nats-Rollup": "sub"}, js("S", error="rollup not permitted"), False),
    ("S.a", b"x", {"Nats-TTL": "5s"}, js("S", error="message TTL disabled"), False),
    ("L.a", b"x", {"Nats-TTL": "x"}, js("L", "L.a", error="invalid per-message TTL (10165)"), False),
    ("L.a", b"x", ONLY | {"Nats-TTL": "x"}, js("L", "L.a"), False),
    ("S.a", b"x", {"Nats-Incr": "1"}, js("S", error="message counters is disabled (10168)"), False),
    ("C.a", b"", {}, js("C", error="message counter increment is missing (10169)"), False),
    ("C.a", b"", ONLY, js("C", error="message counter increment is missing (10169)"), False),
    ("C.a", b"", {"Nats-Incr": "3"}, js("C", "C.a"), True),
    ("C.a", b"", ONLY | {"Nats-Incr": "3"}, js("C", "C.a"), False),
    ("S.a", b"x", BATCH, js("S", error="atomic publish is disabled (10174)"), False),
    ("S.a", b"x", ONLY | BATCH, js("S", error="atomic publish is disabled (10174)"), False),
    ("A.a", b"x", BATCH | {"Nats-Batch-Commit": "1"}, js("A", "A.a"), True),
    ("S.a", b"x", EVERY, js("S", error="message schedules is disabled (10188)"), False),
    ("G.a", b"x", ONLY | EVERY | {"Nats-Schedule-Target": "zz.a"},
     js("G", error="message schedules target is invalid (10190)"), False),
    ("G.a", b"x", ONLY | EVERY | {"Nats-Schedule-Target": "G.b"}, js("G", "G.a"), False),
]


class Site:
    def __init__(self, store, loops):
        self.server = Server(config=f'jetstream {{ store_dir: "{store}" }}\n{loops}')
        self.talk = Talk(self.server.port)
        for name, more in STREAMS.items():
            self.ask(f"STREAM.CREATE.{name}", {"name": name, "subjects": [f"{name}.>"], **more})
        self.talk.subscribe("traces", "traces")

    def ask(self, verb, body=None):
        answer = json.loads(self.talk.request(f"$JS.API.{verb}",
                                              json.dumps(body).encode() if body else b"").body)
        assert "error" not in answer, answer
        return answer

    def stored(self):
        state = [self.ask(f"STREAM.INFO.{name}")["state"] for name in STREAMS]
        return sum(one["messages"] for one in state)

    def trace(self, subject, body, headers):
        """What is told of a message beside its coming in."""
        self.talk.publish(subject, body, headers={"Nats-Trace-Dest": "traces", **headers})
        first, *events = json.loads(self.talk.receive("traces", PATIENCE).body)["events"]
        assert (first["type"], first["subj"]) == ("in", subject)
        return [{key: value for key, value in event.items() if key not in ("ts", "cid", "name")}
                for event in events]


@pytest.fixture
def site(tmp_path, loops):
    one = Site(tmp_path, loops)
    yield one
    one.talk.close()
    one.server.stop()


@pytest.mark.parametrize("loops", ["", "loops: 4\n"] if kind() == "midge" else [""])
@pytest.mark.rows("CORE-81", "CORE-85")
def test_what_streams_tell(site):
    stored = site.stored()
    for step in STEPS:
        subject, body, headers, told, is_stored = step
        assert site.trace(subject, body, headers) == [told], step
        assert site.stored() == stored + is_stored, step
        stored += is_stored


@pytest.mark.parametrize("loops", [""])
@pytest.mark.rows("CORE-85")
def test_a_stream_beside_a_subscriber(site):
    site.talk.subscribe("mine", "S.*")
    assert site.trace("S.a", b"x", {}) == [
        js("S", "S.a"), {"type": "eg", "kind": 0, "sub": "S.*"}]


@pytest.mark.parametrize("loops", [""])
@pytest.mark.rows("CORE-81", "CORE-85")
def test_a_sealed_stream(site):
    site.ask("STREAM.UPDATE.S", {"name": "S", "subjects": ["S.>"], "sealed": True})
    error = "invalid operation on sealed stream (10109)"
    for headers in ({}, ONLY):
        assert site.trace("S.a", b"x", headers) == [js("S", error=error)]


@pytest.mark.parametrize("loops", [""])
@pytest.mark.rows("CORE-81")
def test_who_only_asks_is_told_of_a_refusal_and_of_nothing_else(site):
    traced = {"Nats-Trace-Dest": "traces", **ONLY}
    site.talk.subscribe("answers", "answers")
    site.talk.publish("S.a", b"x", headers=traced, reply="answers")
    site.talk.publish("S.a", b"x", headers=traced | {"Nats-Expected-Stream": "Q"}, reply="answers")
    answer = json.loads(site.talk.receive("answers", PATIENCE).body)
    assert answer["error"]["err_code"] == 10060
