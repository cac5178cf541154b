"""Rot: a file of the store is flipped, cut off or deleted, each kind in turn. Nothing undamaged is
lost or removed; what was lost is reported exactly, and damaged files go to quarantine."""

import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402

from harness.server import Server, kind, wait_until  # noqa: E402

pytestmark = pytest.mark.skipif(kind() != "midge", reason="nats-server has another store")

COUNT, SUBJECTS = 2200, 7  # 10 KB each: two sealed blocks and an open one
SIZE = 10_000
BLOCK_HEAD, BLOCK_TRAILER = 48, 72


def serve(store, more=""):
    return Server(
        config=f'http: "127.0.0.1:-1"\njetstream {{ store_dir: "{store}"\n{more} }}\n')


def payload(number: int) -> bytes:
    return f"{number:08d}".encode() * (SIZE // 8)


def ask(talk, verb, body=None):
    answer = json.loads(talk.request(f"$JS.API.{verb}", json.dumps(body).encode() if body else b"")
                        .body)
    assert "error" not in answer, answer
    return answer


def fill(store, ending, more="", compression="none"):
    with serve(store, more) as server:
        talk = Talk(server.port)
        ask(talk, "STREAM.CREATE.R", {"name": "R", "subjects": ["r.*"],
                                      "compression": compression})
        ask(talk, "STREAM.CREATE.OTHER", {"name": "OTHER", "subjects": ["other"]})
        ask(talk, "CONSUMER.CREATE.R.D", {"stream_name": "R", "config": {
            "durable_name": "D", "ack_policy": "explicit"}})
        for number in range(1, COUNT):
            talk.publish(f"r.{number % SUBJECTS}", payload(number))
        talk.request("other", b"other")
        # The last one alone, so that what comes before is in other batches.
        talk.request(f"r.{COUNT % SUBJECTS}", payload(COUNT))
        ask(talk, "STREAM.MSG.DELETE.R", {"seq": 5})
        if ending == "KILL":
            # The journal says that all was synced once nothing follows.
            wait_until(lambda: marker_is_there(store, 28 if "key" in more else 0),
                       "the last batch to be told synced")
        talk.close()
        server.signal(ending)
        server.wait_exit()


def marker_is_there(store, size=0):
    """An empty batch is the last thing in each journal that has records."""
    return all(ends_with_marker(path, size) for path in journals(store))


def ends_with_marker(path, size):
    data = path.read_bytes()
    last = data.rfind(b"MJBT")
    return last < 0 or data[last + 4:last + 8] == size.to_bytes(4, "little")


def journals(store):
    return sorted(pathlib.Path(store, "midge/_/journal").glob("0*/*.seg"))


@pytest.fixture(scope="module")
def stores():
    """A store after each kind of end."""
    folder = tempfile.mkdtemp(prefix="midge-rot-")
    made = {}
    for ending in ("TERM", "KILL"):
        made[ending] = f"{folder}/{ending}"
        fill(made[ending], ending)
    yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def copy_of(stores, tmp_path):
    def copy(ending):
        target = tmp_path / ending
        subprocess.run(["cp", "-a", "--sparse=always", stores[ending], target], check=True)
        return target
    yield copy
    shutil.rmtree(tmp_path, ignore_errors=True)


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def damage(path, how):
    size = path.stat().st_size
    if how == "delete":
        path.unlink()
    elif how == "cut":
        with open(path, "r+b") as file:
            file.truncate(size // 2)
    else:
        flip(path, how if how >= 0 else size + how)


def look(server):
    """What is there of R: {sequence: number}, each whole; and what the server says."""
    talk = Talk(server.port)
    there = {}
    state = ask(talk, "STREAM.INFO.R")["state"]
    for sequence in range(1, COUNT + 1):
        answer = json.loads(talk.request("$JS.API.STREAM.MSG.GET.R",
                                         json.dumps({"seq": sequence}).encode()).body)
        if "error" not in answer:
            there[sequence] = answer["message"]["subject"]
    state = ask(talk, "STREAM.INFO.R", {"subjects_filter": ">"})["state"]
    consumer = ask(talk, "CONSUMER.INFO.R.D")
    assert ask(talk, "STREAM.INFO.OTHER")["state"]["messages"] <= 1
    talk.close()
    return there, state, consumer


def check(server, least=0, may_return=()):
    """Nothing is there that should not be, and what is not there is told."""
    there, state, consumer = look(server)
    for sequence, subject in there.items():
        assert subject == f"r.{sequence % SUBJECTS}"
    lost = set(range(1, COUNT + 1)) - set(there) - {5}
    assert set(state.get("lost", {}).get("msgs") or []) == lost
    assert state["messages"] == len(there) >= least
    assert state["last_seq"] == COUNT or lost == set() or max(there) == state["last_seq"]
    assert sum(state.get("subjects", {}).values()) == len(there)
    assert 5 not in there or 5 in may_return
    assert consumer["num_pending"] == len(there)
    return lost


def report(server):
    health = json.loads(server.http("/healthz")[1])
    return server.json("/jsz").get("damage"), health.get("warnings")


def quarantined(store):
    folder = pathlib.Path(store, "midge/_/quarantine")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


BLOCK_DAMAGE = {  # how, and how many messages may be lost at most
    "record": (4_000_000, 1), "head": (20, 0), "first record": (50, 1), "trailer": (-20, 0),
    "cut": ("cut", 900), "delete": ("delete", 900),
}


@pytest.mark.rows("JS-S-83")
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("how", BLOCK_DAMAGE)
def test_block(copy_of, which, how):
    store = copy_of("TERM")
    path = sorted(pathlib.Path(store, "midge/_/streams").glob("*/*.blk"),
                  key=lambda p: (-p.stat().st_size, p.name))
    path = sorted(path[:3], key=lambda p: p.name)[which]
    what, most = BLOCK_DAMAGE[how]
    if which == 2:  # it is open: it has no trailer, and behind damage nothing is found
        most = 900 if how not in ("head",) else 0
        if how == "record":
            what = path.stat().st_size // 2
    damage(path, what)
    with serve(store) as server:
        lost = check(server)
        assert len(lost) <= most
        told, warnings = report(server)
        if lost or how == "cut":
            assert told["lost_messages"] == len(lost) and told["files"] >= 1 and warnings
            assert "damaged" in server.log()
        server.signal("TERM")
        server.wait_exit()
    if (lost or how == "cut") and how != "delete":
        assert any(path.name in name for name in quarantined(store))
    with serve(store) as server:  # it stays so
        assert check(server) == lost
        assert "damaged:" not in server.log().replace("is damaged", "damaged:") or not lost


@pytest.mark.rows("JS-S-83")
@pytest.mark.parametrize("how", [10, 40, -3, "cut", "delete"])
@pytest.mark.parametrize("name", ["checkpoint", "checkpoint.copy", "format"])
@pytest.mark.parametrize("ending", ["TERM", "KILL"])
def test_small_files(copy_of, ending, name, how):
    store = copy_of(ending)
    path = pathlib.Path(store, "midge/_", name)
    if isinstance(how, int) and how >= path.stat().st_size:
        how = 1
    damage(path, how)
    with serve(store) as server:
        assert check(server) == set()
        if how != "delete":
            assert report(server)[0]["files"] == 1
            assert f'{name}" is damaged' in server.log()
    if how != "delete":
        assert any(name in entry for entry in quarantined(store))
    assert path.exists()


def test_no_checkpoint(copy_of):
    store = copy_of("TERM")
    root = pathlib.Path(store, "midge/_")
    for name in ("checkpoint", "checkpoint.copy"):
        (root / name).rename(root / f"{name}.away")
    with Server(config=f'jetstream {{ store_dir: "{store}" }}\n', ready=False) as server:
        assert server.wait_exit() != 0
        assert "no checkpoint" in server.log()
    for name in ("checkpoint", "checkpoint.copy"):
        (root / f"{name}.away").rename(root / name)
    with serve(store) as server:
        assert check(server) == set()


def records_end(path):
    return path.read_bytes().rfind(b"MJBT")


def journal_report(server, how, lost):
    """Whether there is one after a journal was damaged so; it tells what was lost."""
    told, _ = report(server)
    if how == "head":
        assert lost == set() and told is None
        return False
    assert told["files"] >= 1 and "is damaged" in server.log()
    if how in ("batch head", "records"):
        assert 0 < len(lost) < 900 and told["lost_record_bytes"] > SIZE * len(lost)
    return True


@pytest.mark.rows("JS-S-83")
@pytest.mark.parametrize("how", ["head", "batch head", "records", "last records", "cut", "delete"])
def test_journal(copy_of, how):
    store = copy_of("KILL")
    path = max(journals(store), key=records_end)
    end = records_end(path)
    data = path.read_bytes()
    previous = data.rfind(b"MJBT", 0, end)
    middle = data.find(b"MJBT", end // 2)
    damage(path, {"head": 20, "batch head": middle + 9, "records": middle + 300,
                  "last records": previous + 60}.get(how, how))
    if how == "cut":
        with open(path, "r+b") as file:
            file.truncate(end // 2)
    with serve(store) as server:
        if how == "delete":
            assert "is not there" in server.log()
            return
        talk = Talk(server.port)
        there = ask(talk, "STREAM.INFO.R")["state"]["messages"]
        talk.close()
        lost = check(server, may_return=(5,)) if how != "cut" else None
        if not journal_report(server, how, lost):
            return
        if how == "cut":
            assert 0 < there < COUNT
    assert quarantined(store)


@pytest.mark.rows("JS-S-83")
def test_background_check(copy_of):
    """Rot in a file that nobody reads is found all the same."""
    store = copy_of("TERM")
    path = sorted(pathlib.Path(store, "midge/_/streams").glob("*/*.blk"),
                  key=lambda p: -p.stat().st_size)[0]
    rng = random.Random(7)
    with serve(store) as server:
        offset = rng.randrange(BLOCK_HEAD, path.stat().st_size // 2)
        flip(path, offset)
        server.wait_log("is damaged: 1 of its records are damaged: 1 messages are lost", 60)
        lost = check(server)
        assert len(lost) == 1
        server.signal("TERM")
        server.wait_exit()
    assert any(path.name in name for name in quarantined(store))
    with serve(store) as server:
        assert check(server) == lost
        assert "is damaged" not in server.log()
