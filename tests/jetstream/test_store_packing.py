"""Encryption at rest and compression of the store: nothing readable on disk, keys that rotate, wrong
ones that are refused with all left as it is; kills in between."""

import hashlib
import json
import pathlib
import random
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from archive_talk import Talk, look, must, send_backup, serve, take_backup  # noqa: E402

from harness import server as servers  # noqa: E402

pytestmark = pytest.mark.skipif(servers.kind() != "midge", reason="nats-server has another store")

MARKS = [b"mark-in-subject", b"mark-in-payload", b"mark-in-header", b"mark-in-config",
         b"mark-in-consumer", b"MARK-STREAM", b"MARK-DURABLE"]
NAME, DURABLE = "MARK-STREAM", "MARK-DURABLE"


@pytest.fixture
def store():
    folder = tempfile.mkdtemp(prefix="midge-store-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def fill(talk, name=NAME, count=50, compression="none"):
    must(talk, "STREAM.CREATE." + name, {
        "name": name, "subjects": [f"{name}.>"], "description": "mark-in-config",
        "compression": compression})
    must(talk, f"CONSUMER.CREATE.{name}.{DURABLE}", {"stream_name": name, "config": {
        "durable_name": DURABLE, "ack_policy": "explicit", "description": "mark-in-consumer"}})
    publish(talk, name, count)


def publish(talk, name=NAME, count=50, size=400):
    """All but the last are not waited for."""
    headers = {"Mark": "mark-in-header"}
    for number in range(count):
        subject = f"{name}.mark-in-subject.{number % 7}"
        body = (b"mark-in-payload %d " % number * (size // 18 + 1))[:size]
        if number < count - 1:
            talk.publish(subject, body, headers=headers)
        else:
            answer = json.loads(talk.request(subject, body, headers).body)
            assert "error" not in answer, answer


def files(store, below="midge"):
    return sorted(path for path in pathlib.Path(store, below).rglob("*") if path.is_file())


def digest(store):
    """Of all but what the server that was refused may touch: the lock."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files(store)
            if path.name != "lock"}


def marks_on_disk(store):
    found = set()
    for path in files(store):
        data = path.read_bytes()
        found |= {mark for mark in MARKS if mark in data}
        assert not any(mark.decode() in str(path) for mark in MARKS)
    return found


def stop(server, how="TERM"):
    server.process.send_signal(getattr(signal, "SIG" + how))
    server.wait_exit()


def refusal(store, more):
    """What the server says that does not start."""
    with servers.Server(config=f'jetstream {{ store_dir: "{store}"\n{more} }}\n',
                        ready=False) as server:
        assert server.wait_exit() != 0
        return server.log()


# ---- keys

@pytest.mark.rows("JS-S-80", "CONF-073")
@pytest.mark.parametrize("more, name, compression", [
    ("", "ChaCha20-Poly1305", "none"), ("cipher: aes", "AES-GCM", "none"),
    ("cipher: chachapoly", "ChaCha20-Poly1305", "s2")])
def test_nothing_is_readable(store, more, name, compression):
    key = f'key: "the key", {more}'
    with serve(store, more=key) as server:
        talk = Talk(server.port)
        fill(talk, compression=compression)
        must(talk, f"STREAM.MSG.DELETE.{NAME}", {"seq": 7})
        before = look(talk, NAME)
        assert before["config"].get("compression", "none") == compression
        assert not marks_on_disk(store)
        assert "the key" not in server.log()
        assert f"  Encryption:      {name}\n" in server.log()
        stop(server, "KILL")
    for how in ("KILL", "TERM", "KILL"):
        with serve(store, more=key) as server:
            talk = Talk(server.port)
            assert look(talk, NAME) == before
            publish(talk, count=1)
            before = look(talk, NAME)
            assert not marks_on_disk(store)
            stop(server, how)
            assert "[ERR]" not in server.log()
    assert not marks_on_disk(store)
    assert not pathlib.Path(store, "midge/_/quarantine").exists()


def test_without_a_key_it_is_readable(store):
    """So that the test above means something."""
    with serve(store) as server:
        fill(Talk(server.port))
        stop(server)
        assert "Encryption" not in server.log()
    assert marks_on_disk(store) == set(MARKS)


@pytest.mark.rows("JS-S-80")
def test_wrong_keys_change_nothing(store):
    with serve(store, more='key: "right"') as server:
        talk = Talk(server.port)
        fill(talk)
        before = look(talk, NAME)
        stop(server, "KILL")
    was = digest(store)
    for more, text in (("", "the store is encrypted, and no key is configured"),
                       ('key: "wrong"', "the configured key is not the one"),
                       ('key: "wrong", prev_key: "also wrong"', "neither the configured key nor")):
        log = refusal(store, more)
        assert "[FTL] Can't start JetStream: " in log and text in log, log
        assert '"right"' not in log and "wrong" not in log
        assert digest(store) == was
    with serve(store, more='key: "right"') as server:
        assert look(Talk(server.port), NAME) == before


@pytest.mark.rows("JS-S-80", "CONF-073")
def test_keys_rotate(store):
    with serve(store, more='key: "first"') as server:
        talk = Talk(server.port)
        fill(talk)
        before = look(talk, NAME)
        stop(server, "KILL")
    with serve(store, more='key: "second", prev_key: "first"') as server:
        talk = Talk(server.port)
        assert look(talk, NAME) == before
        publish(talk)
        before = look(talk, NAME)
        stop(server, "KILL")
    assert "is not the one" in refusal(store, 'key: "first"')
    for more in ('key: "second", prev_key: "first"', 'key: "second"',
                 'key: "second", cipher: aes', 'key: "third", prev_key: "second"'):
        with serve(store, more=more) as server:
            talk = Talk(server.port)
            assert look(talk, NAME) == before
            publish(talk)
            before = look(talk, NAME)
            stop(server, "KILL")
    assert not marks_on_disk(store)


@pytest.mark.rows("JS-S-80")
@pytest.mark.parametrize("how", ["KILL", "TERM"])
def test_a_store_that_was_plain(store, how):
    with serve(store) as server:
        talk = Talk(server.port)
        fill(talk)
        before = look(talk, NAME)
        stop(server, how)
    with serve(store, more='key: "k"') as server:
        talk = Talk(server.port)
        assert look(talk, NAME) == before
        # It is small: all of it was written anew at once.
        assert not marks_on_disk(store)
        publish(talk)
        before = look(talk, NAME)
        stop(server, "KILL")
    assert not marks_on_disk(store)
    with serve(store, more='key: "k"') as server:
        assert look(Talk(server.port), NAME) == before


def blocks(store):
    return [path for path in files(store, "midge/_/streams") if path.suffix == ".blk"]


def packed(path):
    return path.read_bytes()[:8] == b"MIDGEPCK"


def key_id(path):
    return path.read_bytes()[12:16]


@pytest.mark.rows("JS-S-80")
def test_old_blocks_are_written_anew(store):
    """Those from before there was a key, and those with another one: in the background."""
    with serve(store) as server:
        talk = Talk(server.port)
        fill(talk)
        publish(talk, count=3000, size=10_000)
        before = look(talk, NAME)
        stop(server)
    plain = blocks(store)
    assert len(plain) == 4
    for more in ('key: "one"', 'key: "two", prev_key: "one", cipher: aes'):
        old = {path.name for path in blocks(store)}
        with serve(store, more=more) as server:
            # The last one is open, and goes at once.
            servers.wait_until(lambda names=old: sum(path.name not in names
                                                     for path in blocks(store)) >= 4,
                               "all blocks to be written anew")
            assert look(Talk(server.port), NAME) == before
            stop(server)
        assert not old & {path.name for path in blocks(store)}
        assert all(packed(path) for path in blocks(store))
        assert len({key_id(path) for path in blocks(store)}) == 1
        assert not marks_on_disk(store)
    with serve(store, more='key: "two"') as server:
        assert look(Talk(server.port), NAME) == before


@pytest.mark.rows("JS-S-80")
@pytest.mark.parametrize("how", ["flip", "cut", "delete"])
@pytest.mark.parametrize("name", ["keys", "keys.copy"])
def test_either_file_of_keys_will_do(store, name, how):
    with serve(store, more='key: "k"') as server:
        talk = Talk(server.port)
        fill(talk)
        before = look(talk, NAME)
        stop(server, "KILL")
    path = pathlib.Path(store, "midge/_", name)
    good = path.read_bytes()
    if how == "delete":
        path.unlink()
    else:
        path.write_bytes(good[:70] + bytes([good[70] ^ 4]) + good[71:] if how == "flip"
                         else good[:40])
    with serve(store, more='key: "k"') as server:
        assert look(Talk(server.port), NAME) == before
        assert (f'{name}" is damaged' in server.log()) == (how != "delete")
        stop(server, "KILL")
    put_away = list(pathlib.Path(store, "midge/_").glob(f"quarantine/*-{name}"))
    assert len(put_away) == (how != "delete")
    assert path.read_bytes() == path.with_name(
        "keys" if name == "keys.copy" else "keys.copy").read_bytes()


@pytest.mark.rows("JS-S-80")
def test_without_its_keys_a_store_is_not_begun_anew(store):
    with serve(store, more='key: "k"') as server:
        fill(Talk(server.port))
        stop(server, "KILL")
    root = pathlib.Path(store, "midge/_")
    for name in ("keys", "keys.copy"):
        (root / name).rename(root / f"{name}.away")
    was = digest(store)
    for more in ('key: "k"', ""):
        assert "without it nothing can be read" in refusal(store, more)
        assert digest(store) == was
    for name in ("keys", "keys.copy"):
        (root / name).write_bytes(b"MIDGEKEY and no more")
    assert "it is damaged, and so is its copy" in refusal(store, 'key: "k"')


@pytest.mark.rows("JS-S-80", "JS-S-46")
def test_backups_hold_what_is_plain(store):
    with serve(store, more='key: "k"') as server:
        talk = Talk(server.port)
        fill(talk, compression="s2")
        before = look(talk, NAME)
        backup = take_backup(talk, NAME)
        stop(server)
    with tempfile.TemporaryDirectory() as other, serve(other) as server:
        talk = Talk(server.port)
        assert "error" not in send_backup(talk, *backup)
        assert look(talk, NAME) == before
        backup = take_backup(talk, NAME)
    with tempfile.TemporaryDirectory() as other, serve(other, more='key: "other"') as server:
        talk = Talk(server.port)
        assert "error" not in send_backup(talk, *backup)
        assert look(talk, NAME) == before
        assert not marks_on_disk(other)
        stop(server)
        assert not marks_on_disk(other)


# ---- erasing

@pytest.mark.rows("JS-S-80", "JS-S-46")
@pytest.mark.parametrize("more, compression", [
    ('key: "k"', "none"), ("", "s2"), ('key: "k"', "s2")])
def test_erased_messages_are_gone(store, more, compression):
    """From files that a checkpoint named: after the next one."""
    secrets = {sequence: random.Random(sequence).randbytes(64) for sequence in (500, 2000, 2900)}
    with serve(store, more=more) as server:
        talk = Talk(server.port)
        fill(talk, count=1, compression=compression)
        for sequence in range(2, 3000):
            body = b"mark-in-payload" * 600
            talk.publish(f"{NAME}.a", body[:3000] + secrets.get(sequence, b"") + body[3000:])
        publish(talk, count=1)
        stop(server)
    assert len(blocks(store)) == 4 and all(packed(path) for path in blocks(store))

    def on_disk():
        data = b"".join(path.read_bytes() for path in blocks(store))
        return {sequence for sequence, secret in secrets.items() if secret in data}

    # What cannot be made smaller is there as it was.
    assert on_disk() == (set(secrets) if not more else set())
    old = {path.name for path in blocks(store)}
    with serve(store, more=more) as server:
        talk = Talk(server.port)
        for sequence in secrets:
            must(talk, f"STREAM.MSG.DELETE.{NAME}", {"seq": sequence})
        before = look(talk, NAME)
        assert before["state"]["num_deleted"] == len(secrets)
        stop(server, "KILL")
    with serve(store, more=more) as server:
        assert look(Talk(server.port), NAME) == before
        stop(server)
    assert on_disk() == set()
    # The one that was not concerned stays.
    assert len(old & {path.name for path in blocks(store)}) == 1
    with serve(store, more=more) as server:
        assert look(Talk(server.port), NAME) == before
        assert "[ERR]" not in server.log()


# ---- compression

@pytest.mark.rows("JS-S-46")
def test_compressed_blocks_are_small(store):
    """And what is told of the stream is the same."""
    states, sizes = {}, {}
    for compression in ("none", "s2"):
        name = compression.upper().ljust(4, "_")
        with serve(store) as server:
            talk = Talk(server.port)
            fill(talk, name, count=1500, compression=compression)
            states[compression] = look(talk, name)["state"]["bytes"]
            before = look(talk, name)
            stop(server)
        for _ in range(2):
            with serve(store) as server:
                assert look(Talk(server.port), name) == before
                stop(server)
    for path in blocks(store):
        sizes[packed(path)] = path.stat().st_size
    assert states["none"] == states["s2"]
    assert sizes[True] * 3 < sizes[False], sizes


@pytest.mark.rows("JS-S-46")
def test_compression_changes(store):
    """For what is begun from then on; blocks that are there stay as they are."""
    with serve(store) as server:
        talk = Talk(server.port)
        fill(talk)
        publish(talk, count=1500, size=10_000)
        config = look(talk, NAME)["config"]
        # What is being written when it changes may be either.
        servers.wait_until(lambda: len(blocks(store)) == 1, "the first block to be written")
        must(talk, "STREAM.UPDATE." + NAME, {**config, "compression": "s2"})
        publish(talk, count=1000, size=10_000)
        before = look(talk, NAME)
        stop(server)
    was = {path.name: packed(path) for path in blocks(store)}
    assert list(was.values()) == [False] + [True] * (len(was) - 1) and len(was) > 2
    with serve(store) as server:
        talk = Talk(server.port)
        assert look(talk, NAME) == before
        must(talk, "STREAM.UPDATE." + NAME, {**config, "compression": "none"})
        publish(talk, count=1500, size=10_000)
        before = look(talk, NAME)
        stop(server, "KILL")
    for how in ("TERM", "KILL"):
        with serve(store) as server:
            assert look(Talk(server.port), NAME) == before
            stop(server, how)
    now = {path.name: packed(path) for path in blocks(store)}
    assert was.items() <= now.items() and not now[max(now)]
