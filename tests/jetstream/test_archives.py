"""Backups of streams: those of nats-server restore into Midge as nats-server itself restores them,
Midge's own too, and back where nats-server is there; bad ones are refused and leave nothing."""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from archive_talk import (END, FOLDER, Snapshot, Talk, archive, ask, entry, look, must,  # noqa: E402
                          s2, send_backup, serve, state_entry, take_backup)
from harness import server as servers  # noqa: E402

PEER = os.path.expanduser(os.environ.get("PEER", "~/go/bin/nats-server"))
TOOL = shutil.which("nats") or shutil.which("nats", path=os.path.expanduser("~/go/bin"))
needs_peer = pytest.mark.skipif(not os.access(PEER, os.X_OK), reason=f"no nats-server at {PEER}")

RECORDED = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture
def store():
    folder = tempfile.mkdtemp(prefix="midge-store-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def talk(store):
    with serve(store) as server:
        talk = Talk(server.port)
        yield talk
        talk.close()


def load(name):
    record = json.loads((FOLDER / f"{name}.json").read_text())
    head = {"config": record["config"], "state": record["state"]}
    return head, base64.b64decode(record["archive"]), record["then"]


def kill(server):
    server.process.send_signal(signal.SIGKILL)
    server.wait_exit()


# ---- what nats-server made

@pytest.mark.rows("JS-S-20", "JS-S-21", "OPS-10", "JS-S-89")
@pytest.mark.parametrize("name", RECORDED)
def test_restore(store, name):
    head, data, then = load(name)
    stream = head["config"]["name"]
    with serve(store) as server:
        talk = Talk(server.port)
        answer = send_backup(talk, head, data)
        assert "error" not in answer, answer
        assert answer["type"] == "io.nats.jetstream.api.v1.stream_create_response"
        assert look(talk, stream) == then
        own_head, own = take_backup(talk, stream)
        must(talk, "STREAM.DELETE." + stream)
        assert "error" not in send_backup(talk, own_head, own)
        if "-" in name:  # only the older format tells when a message came that is no more
            then["state"]["last_ts"] = look(talk, stream)["state"]["last_ts"]
        assert look(talk, stream) == then
        kill(server)
    if head["config"]["storage"] == "memory":
        return
    with serve(store) as server:
        assert look(Talk(server.port), stream) == then


# What nats-server 2.15.2 says of each, but for c.3, where it counts from nothing.
BROKEN_COUNTERS = {"c.1": (b"no number", None), "c.2": (b'{"val":7}', None), "c.3": (b"{}", None),
                   "c.4": (b"", None), "c.5": (b'{"val":"7"}', {"Nats-Counter-Sources": "broken"})}


@pytest.mark.rows("JS-S-56", "JS-S-21", "JS-S-02")
def test_counters_that_are_none(talk):
    """A backup brings in what no publish can: messages that are no counter's."""
    must(talk, "STREAM.CREATE.C", {"name": "C", "subjects": ["c.*"]})
    for subject, (body, headers) in {**BROKEN_COUNTERS, "c.6": (b'{"val":"7"}', None)}.items():
        talk.request(subject, body, headers)
    head, data = take_backup(talk, "C")
    must(talk, "STREAM.DELETE.C")
    head["config"]["allow_msg_counter"] = True
    assert "error" not in send_backup(talk, head, data)
    for subject in BROKEN_COUNTERS:
        assert json.loads(talk.request(subject, b"", {"Nats-Incr": "1"}).body) == {
            "error": {"code": 400, "err_code": 10172, "description": "message counter is broken"},
            "stream": "C", "seq": 0}
    for subject, value in (("c.6", "8"), ("c.7", "1")):
        assert json.loads(talk.request(subject, b"", {"Nats-Incr": "1"}).body)["val"] == value


@pytest.mark.rows("JS-S-21", "JS-S-89")
@pytest.mark.parametrize("name, storage", [("plain", "memory"), ("memory", "file")])
def test_restore_into_the_other_storage(talk, name, storage):
    head, data, then = load(name)
    head["config"]["storage"] = storage
    assert "error" not in send_backup(talk, head, data, chunk_size=700)
    now = look(talk, head["config"]["name"], bytes_too=False)
    assert now["config"].pop("storage") == storage
    del then["config"]["storage"], then["state"]["bytes"]
    assert now == then


@needs_peer
@pytest.mark.rows("OPS-10", "JS-S-20")
@pytest.mark.parametrize("name", [name for name in RECORDED if "-" not in name])
def test_own_backups_restore_into_nats_server(talk, store, name):
    head, data, then = load(name)
    stream = head["config"]["name"]
    assert "error" not in send_backup(talk, head, data)
    own_head, own = take_backup(talk, stream)
    with serve(store + "/peer", path=PEER) as peer:
        theirs = Talk(peer.port)
        answer = send_backup(theirs, own_head, own)
        assert "error" not in answer, answer
        assert look(theirs, stream) == then


needs_tool = pytest.mark.skipif(not TOOL, reason="the nats tool is not on PATH or in ~/go/bin")


@pytest.fixture
def nats(tmp_path):
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}

    def run(server, *arguments):
        done = subprocess.run([TOOL, "-s", server.url, *arguments], capture_output=True, text=True,
                              env=environment, cwd=tmp_path, timeout=6 * servers.PATIENCE,
                              check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run


@needs_peer
@needs_tool
@pytest.mark.rows("OPS-10")
@pytest.mark.parametrize("source, target", [("", PEER), (PEER, ""), ("", "")])
def test_with_the_tool(store, nats, source, target):
    head, data, then = load("plain")
    with serve(store + "/a", path=source) as server:
        assert "error" not in send_backup(Talk(server.port), head, data)
        nats(server, "stream", "backup", "PLAIN", "backup", "--no-progress")
    with serve(store + "/b", path=target) as server:
        nats(server, "stream", "restore", "backup", "--no-progress")
        assert look(Talk(server.port), "PLAIN") == then


@needs_tool
@pytest.mark.rows("OPS-10")
def test_a_whole_account_with_the_tool(store, nats, tmp_path):
    (tmp_path / "blob").write_bytes(os.urandom(500_000))
    with serve(store + "/a") as server:
        nats(server, "kv", "add", "cfg", "--history", "3")
        for value in ("one", "two"):
            nats(server, "kv", "put", "cfg", "key", value)
        nats(server, "object", "add", "files")
        nats(server, "object", "put", "files", "blob", "--force", "--no-progress")
        nats(server, "account", "backup", "backup", "--force")
    with serve(store + "/b") as server:
        nats(server, "account", "restore", "backup")
        assert nats(server, "kv", "get", "cfg", "key", "--raw").strip() == "two"
        assert nats(server, "kv", "get", "cfg", "key", "--revision", "1", "--raw").strip() == "one"
        nats(server, "object", "get", "files", "blob", "-O", "again", "--no-progress")
        assert (tmp_path / "again").read_bytes() == (tmp_path / "blob").read_bytes()


# ---- taking one

def fill(talk, count, size, stream="S"):
    must(talk, "STREAM.CREATE." + stream, {"name": stream, "subjects": [stream.lower()]})
    for number in range(count):
        talk.request(stream.lower(), os.urandom(size))


@pytest.mark.rows("JS-S-20")
def test_window(talk):
    """Never more chunks are under way than were asked for; an acknowledgement lets one more go."""
    fill(talk, 60, 1000)
    snapshot = Snapshot(talk, "S", chunk_size=2048, window_size=3 * 2048)
    chunks = [snapshot.next() for _ in range(3)]
    assert all(len(chunk.body) == 2048 and chunk.reply for chunk in chunks)
    assert len({chunk.reply for chunk in chunks}) == 3
    assert snapshot.next(0.2) is None
    snapshot.acknowledge(chunks[0])
    chunks.append(snapshot.next())
    assert snapshot.next(0.2) is None
    for chunk in chunks[1:]:
        snapshot.acknowledge(chunk)
    while (chunk := snapshot.next()).body:
        chunks.append(chunk)
        snapshot.acknowledge(chunk)
    assert chunk.headers == "NATS/1.0 204\r\n\r\n"
    data = b"".join(chunk.body for chunk in chunks)
    assert len(data) > 60_000
    then = look(talk, "S")
    must(talk, "STREAM.DELETE.S")
    assert "error" not in send_backup(talk, snapshot.head, data)
    assert look(talk, "S") == then


@pytest.mark.rows("JS-S-20", "JS-S-86")
def test_no_acknowledgement(talk):
    fill(talk, 20, 1000)
    talk.subscribe("told", "$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.S")
    snapshot = Snapshot(talk, "S", chunk_size=1024, window_size=1024)
    assert snapshot.next().body
    chunk = snapshot.next()
    assert (chunk.headers, chunk.body) == ("NATS/1.0 408 No Flow Response\r\n\r\n", b"")
    assert json.loads(talk.receive("told", 10).body)["error"] == "no flow response"


@pytest.mark.rows("JS-S-20", "JS-S-86")
def test_nobody_listens(talk):
    fill(talk, 20, 1000)
    talk.subscribe("told", "$JS.EVENT.ADVISORY.STREAM.SNAPSHOT_COMPLETE.S")
    must(talk, "STREAM.SNAPSHOT.S", {"deliver_subject": "nobody", "chunk_size": 1024})
    assert json.loads(talk.receive("told", 10).body)["error"] == "no interest"


@pytest.mark.rows("JS-S-20")
def test_writes_and_deletes_meanwhile(talk):
    fill(talk, 300, 2000)
    before = look(talk, "S")
    snapshot = Snapshot(talk, "S", chunk_size=4096, window_size=4096)
    data = b""
    for number in range(10):
        chunk = snapshot.next()
        data += chunk.body
        snapshot.acknowledge(chunk)
        talk.request("s", b"later")
        must(talk, "STREAM.MSG.DELETE.S", {"seq": 300 - number})
    while (chunk := snapshot.next()).body:
        data += chunk.body
        snapshot.acknowledge(chunk)
    must(talk, "STREAM.DELETE.S")
    assert "error" not in send_backup(talk, snapshot.head, data)
    state = look(talk, "S")["state"]
    # Later ones are not in it; of those that were deleted, some may be.
    assert state["last_seq"] == before["state"]["last_seq"] == 300
    assert 290 <= state["messages"] <= 300


@pytest.mark.rows("JS-S-20")
def test_stream_deleted_meanwhile(talk):
    fill(talk, 60, 1000)
    snapshot = Snapshot(talk, "S", chunk_size=1024, window_size=1024)
    assert snapshot.next().body
    must(talk, "STREAM.DELETE.S")
    chunk = snapshot.next()
    assert chunk.headers.startswith("NATS/1.0 500 ") and not chunk.body
    fill(talk, 1, 10)
    take_backup(talk, "S")


@pytest.mark.rows("JS-S-20")
def test_two_at_once(talk):
    fill(talk, 60, 1000)
    other = Talk(talk.socket.getpeername()[1])
    first = Snapshot(talk, "S", chunk_size=1024, window_size=1024)
    other.subscribe("mine", "_MINE.chunks")
    assert "error" not in ask(other, "STREAM.SNAPSHOT.S", {"deliver_subject": "_MINE.chunks"})
    data = b""
    while (chunk := other.receive("mine", 10)).body:
        data += chunk.body
    assert len(data) > 60_000
    assert first.next().body


# ---- restoring one

HEAD = {"config": {"name": "S", "subjects": ["s"]}, "state": {
    "messages": 0, "bytes": 0, "first_seq": 0, "first_ts": "0001-01-01T00:00:00Z", "last_seq": 0,
    "last_ts": "0001-01-01T00:00:00Z", "consumer_count": 0}}
CONFIG = {"durable_name": "D", "ack_policy": "explicit"}
STATE = {"delivered": {"consumer_seq": 1, "stream_seq": 1},
         "ack_floor": {"consumer_seq": 0, "stream_seq": 0}}
ONE = state_entry(messages=1, bytes=40, first_seq=1, last_seq=1)
ONE_CONSUMER = state_entry(messages=1, bytes=40, first_seq=1, last_seq=1, consumer_count=1)


def message(sequence, name=b"s", header=b"", payload=b"x", **more):
    return entry(name, 1_700_000_000_000_000_000 + sequence, sequence, header, payload, **more)


def consumer(value, name=b"consumers/D"):
    return entry(name, 1, 0, b"", json.dumps(value).encode())


def state_of(config=None, **changes):
    return consumer({"config": config or CONFIG, "state": {**STATE, **changes}})


# What is wrong, and what nats-server says of it.
BAD = {
    "nothing": (b"", "EOF"),
    "noise": (b"this is not an archive at all, but long enough", "s2: corrupt input"),
    "s2 of nothing": (s2(b""), "EOF"),
    "s2 of noise": (s2(b"noise that is longer than eight"), "unexpected EOF"),
    "only the magic": (s2(b"NATSARC1"), "EOF"),
    "no state": (archive(message(1), END), "expected state.json first"),
    "state is cut JSON": (archive(entry(b"state.json", payload=b"{"), END),
                          "error in state.json: unexpected EOF"),
    "negative consumers": (archive(state_entry(consumer_count=-1), END),
                           "invalid stream state: negative consumer count"),
    "bad range": (archive(state_entry(first_seq=5, last_seq=3), END),
                  "invalid stream state: inconsistent message count or sequence range"),
    "too many": (archive(state_entry(first_seq=1, last_seq=3, messages=4), END),
                 "invalid stream state: message count exceeds sequence range"),
    "messages of nothing": (archive(state_entry(messages=1), END),
                            "invalid stream state: inconsistent message count or sequence range"),
    "no end": (archive(ONE, message(1)), "EOF"),
    "cut in a message": (archive(ONE, message(1, payload_size=100)),
                         "failed to read message sequence 1: archive: invalid archive stream"),
    "cut in its head": (archive(ONE, message(1)[:8]), "archive: invalid archive stream"),
    "cut in the state": (archive(ONE[:-20]),
                         "error in state.json: archive: invalid archive stream"),
    "twice": (archive(state_entry(messages=2, first_seq=1, last_seq=2), message(1), message(1), END),
              "message sequence 1 out of order"),
    "before the first": (archive(state_entry(messages=1, first_seq=5, last_seq=5), message(4), END),
                         "message sequence 4 out of order"),
    "no consumer": (archive(ONE_CONSUMER, message(1), END), 'expected consumer, found "s"'),
    "cut in a consumer": (archive(ONE_CONSUMER, state_of()[:-20]),
                          'failed to decode consumer "D" state: archive: invalid archive stream'),
    "no config": (archive(ONE_CONSUMER, consumer({"state": STATE}), message(1), END),
                  'consumer "D" is missing config'),
    "no consumer's state": (archive(ONE_CONSUMER, consumer({"config": CONFIG}), message(1), END),
                            'consumer "D" is missing state'),
    "floor": (archive(ONE_CONSUMER, state_of(ack_floor={"consumer_seq": 5, "stream_seq": 5}), END),
              'failed to set consumer "D" state: bad ack floor for consumer'),
    "pending": (archive(ONE_CONSUMER,
                        state_of(pending={"9": {"Sequence": 1, "Timestamp": 1}}), END),
                'failed to set consumer "D" state: bad pending entry, sequence [9] out of range'),
    "consumer's config": (archive(ONE_CONSUMER, state_of({**CONFIG, "opt_start_seq": 4}), END),
                          'failed to add consumer "D": consumer delivery policy is deliver all, '
                          'but optional start sequence is also set (10094)'),
    "payload": (archive(ONE, message(1, payload=b"y" * 1_100_000), END),
                "message sequence 1 exceeds maximum payload size"),
    "huge": (archive(ONE, message(1, payload_size=1 << 62), END),
             "message sequence 1 exceeds maximum payload size"),
    "overflow": (archive(ONE, message(1, header_size=(1 << 63) - 1, payload_size=(1 << 63) - 1)),
                 "archive: invalid archive stream"),
    "name": (archive(ONE, entry(b"s" * 1_048_577, 1, 1), END), "archive: invalid archive stream"),
    "ttl": (archive(ONE, message(1, header=b"NATS/1.0\r\nNats-TTL: abc\r\n\r\n"), END),
            "failed to parse message TTL: invalid per-message TTL (10165)"),
    "sequence zero": (archive(ONE, message(0), END), "expected message sequence"),
    "flip": ((lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])(
        archive(ONE, message(1), END)), "s2: corrupt input, crc mismatch"),
}
# These it takes.
BAD_HERE = {
    "subject": (archive(ONE, message(1, name=b"s..x"), END),
                "failed to store message sequence 1: invalid subject"),
    "no subject": (archive(ONE, message(1, name=b""), END),
                   "failed to store message sequence 1: invalid subject"),
}


@pytest.fixture(scope="module")
def shared():
    folder = tempfile.mkdtemp(prefix="midge-store-")
    with serve(folder) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def account_use(talk):
    answer = must(talk, "INFO")
    return [answer[name] for name in ("memory", "storage", "streams", "consumers")]


@pytest.mark.rows("JS-S-21")
@pytest.mark.parametrize("name", [*BAD, *BAD_HERE])
def test_bad_archive(shared, name):
    data, text = {**BAD, **BAD_HERE}[name]
    talk = Talk(shared.port)
    for chunk_size in (500_000, 100):
        if len(data) > 1000 * chunk_size:
            continue
        answer = send_backup(talk, HEAD, data, chunk_size=chunk_size)
        assert answer["error"] == {"code": 500, "err_code": 10062,
                                   "description": "restore failed: " + text}
        assert account_use(talk) == [0, 0, 0, 0]
    # Nothing keeps the name.
    good = archive(ONE_CONSUMER, state_of(), message(1), END)
    assert "error" not in send_backup(talk, HEAD, good)
    must(talk, "STREAM.DELETE.S")


@pytest.mark.rows("JS-S-21")
def test_cut_and_damaged_anywhere(shared):
    head, data, then = load("plain")
    talk = Talk(shared.port)
    for place in range(0, len(data), 97):
        for bad in (data[:place], data[:place] + bytes([data[place] ^ 4]) + data[place + 1:]):
            answer = send_backup(talk, head, bad)
            assert "error" in answer, place
            assert account_use(talk) == [0, 0, 0, 0]
    assert "error" not in send_backup(talk, head, data)
    assert look(talk, "PLAIN") == then
    must(talk, "STREAM.DELETE.PLAIN")


@pytest.mark.rows("JS-S-21")
def test_name_is_taken(talk):
    head, data, then = load("plain")
    must(talk, "STREAM.CREATE.PLAIN", {"name": "PLAIN", "subjects": ["other"]})
    assert send_backup(talk, head, data)["error"]["err_code"] == 10130
    must(talk, "STREAM.DELETE.PLAIN")
    assert "error" not in send_backup(talk, head, data)
    assert send_backup(talk, head, data)["error"]["err_code"] == 10130
    assert look(talk, "PLAIN") == then


@pytest.mark.rows("JS-S-21")
def test_nobody_sees_it_before_it_is_whole(talk):
    head, data, _ = load("plain")
    assert send_backup(talk, head, data, end=False) is None
    assert ask(talk, "STREAM.NAMES")["streams"] is None
    assert ask(talk, "STREAM.INFO.PLAIN")["error"]["err_code"] == 10059
    assert send_backup(talk, head, data)["error"]["err_code"] == 10130
    taken = ask(talk, "STREAM.CREATE.OTHER", {"name": "OTHER", "subjects": ["plain.*"]})
    assert taken["error"]["err_code"] == 10065


@pytest.mark.rows("JS-S-21")
def test_killed_before_it_is_whole(store):
    head, data, then = load("large")
    with serve(store) as server:
        assert send_backup(Talk(server.port), head, data, chunk_size=5000, end=False) is None
        kill(server)
    for _ in range(2):
        with serve(store) as server:
            talk = Talk(server.port)
            assert ask(talk, "STREAM.NAMES")["streams"] is None
            assert account_use(talk) == [0, 0, 0, 0]
    with serve(store) as server:
        talk = Talk(server.port)
        assert "error" not in send_backup(talk, head, data)
        kill(server)
    with serve(store) as server:
        assert look(Talk(server.port), "LARGE") == then
    blocks = [path for path in pathlib.Path(store, "midge/_/streams").glob("*/*")]
    assert len({path.parent for path in blocks}) <= 1, blocks


@pytest.mark.rows("JS-S-21")
def test_sender_goes_silent(talk):
    head, data, then = load("large")
    answer = ask(talk, "STREAM.RESTORE.LARGE", head)
    assert talk.request(answer["deliver_subject"], data[:10_000]).body == b""
    talk.subscribe("told", "$JS.EVENT.ADVISORY.STREAM.RESTORE_COMPLETE.LARGE")
    assert talk.receive("told", 15)
    servers.wait_until(lambda: account_use(talk) == [0, 0, 0, 0], "the room")
    assert "error" not in send_backup(talk, head, data)
    assert look(talk, "LARGE") == then


@pytest.mark.rows("JS-S-21", "JS-S-86")
def test_advisories(talk):
    head, data, _ = load("plain")
    talk.subscribe("told", "$JS.EVENT.ADVISORY.STREAM.*.PLAIN")
    assert "error" not in send_backup(talk, head, data)
    take_backup(talk, "PLAIN")
    seen = []
    while (message := talk.receive("told", 1)) is not None:
        told = json.loads(message.body)
        seen.append((message.subject.split(".")[4], told["type"].rsplit(".", 1)[1],
                     sorted(set(told) - {"type", "id", "timestamp"})))
        if seen[-1][0] == "SNAPSHOT_COMPLETE":
            break
        if seen[-1][0] == "RESTORE_COMPLETE":
            assert told["bytes"] == len(data)
    assert seen == [
        ("RESTORE_CREATE", "restore_create", ["client", "stream"]),
        ("CREATED", "stream_action", ["action", "stream"]),
        ("RESTORE_COMPLETE", "restore_complete", ["bytes", "client", "end", "start", "stream"]),
        ("SNAPSHOT_CREATE", "snapshot_create", ["client", "state", "stream"]),
        ("SNAPSHOT_COMPLETE", "snapshot_complete", ["client", "end", "start", "stream"]),
    ]


@pytest.mark.rows("JS-S-21")
@pytest.mark.parametrize("limits, code", [
    ("max_file_store: 2000", 10047), ("max_file_store: 1Mb", 0)])
def test_no_room(store, limits, code):
    head, data, _ = load("plain")
    with serve(store, more=limits) as server:
        talk = Talk(server.port)
        answer = send_backup(talk, head, data)
        assert answer.get("error", {}).get("err_code", 0) == code, answer
        if code:
            assert account_use(talk) == [0, 0, 0, 0]


@pytest.mark.rows("JS-S-21")
def test_chunk_without_reply(talk):
    head, data, then = load("plain")
    answer = ask(talk, "STREAM.RESTORE.PLAIN", head)
    talk.publish(answer["deliver_subject"], data)
    servers.wait_until(lambda: "error" not in send_backup(talk, head, data), "the name")
    assert look(talk, "PLAIN") == then
