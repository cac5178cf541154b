"""Rot in files that are compressed, encrypted or both: what was in the damaged piece is lost, told
exactly, and nothing else."""

import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from test_rot import (  # noqa: E402
    SIZE, check, damage, fill, flip, journal_report, journals, quarantined, report, serve)

from harness.server import kind  # noqa: E402

pytestmark = [pytest.mark.skipif(kind() != "midge", reason="nats-server has another store"),
              pytest.mark.rows("JS-S-80", "JS-S-46")]

HOW = {"key": ('key: "k"', "none"), "s2": ("", "s2"), "both": ('key: "k", cipher: aes', "s2")}
HEAD, PIECE = 1024, 65536
IN_A_PIECE = PIECE // SIZE + 2


@pytest.fixture(scope="module")
def packing(request):
    folder = tempfile.mkdtemp(prefix="midge-rot-")
    more, compression = HOW[request.param]
    for ending in ("TERM", "KILL"):
        fill(f"{folder}/{ending}", ending, more, compression)
    yield folder, more
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def copy_of(packing, tmp_path):
    def copy(ending):
        target = tmp_path / ending
        subprocess.run(["cp", "-a", "--sparse=always", f"{packing[0]}/{ending}", target],
                       check=True)
        return target
    yield copy
    shutil.rmtree(tmp_path, ignore_errors=True)


SEALED, OPEN, MOVED = range(3)  # the last one left the file that had an erased message
BLOCKS = {"bytes of a piece": (SEALED, OPEN, MOVED), "head of a piece": (SEALED, OPEN, MOVED),
          "head of the file": (SEALED, OPEN), "copy of that": (SEALED, OPEN),
          "last piece": (SEALED, OPEN, MOVED), "cut": (SEALED, OPEN), "delete": (SEALED, OPEN)}


def block_files(store):
    paths = sorted(pathlib.Path(store, "midge/_/streams").glob("*/*.blk"),
                   key=lambda path: (-path.stat().st_size, path.name))
    return sorted(paths[:3], key=lambda path: path.name)


def pieces(path):
    data = path.read_bytes()
    assert data[:8] == b"MIDGEPCK"
    found, at = [], HEAD
    while at < len(data):
        assert data[at:at + 4] == b"MGPC"
        found.append(at)
        at += (40 + int.from_bytes(data[at + 16:at + 20], "little") + 7) // 8 * 8
    return found


@pytest.mark.parametrize("packing", ["key", "s2"], indirect=True)
@pytest.mark.parametrize("what, which", [(what, which) for what in BLOCKS
                                         for which in BLOCKS[what]])
def test_block(copy_of, packing, what, which):
    more = packing[1]
    most = {"bytes of a piece": IN_A_PIECE, "head of a piece": IN_A_PIECE, "cut": 900,
            "delete": 900}.get(what, 0)
    store = copy_of("TERM")
    path = block_files(store)[which]
    starts = pieces(path)
    middle, last = starts[len(starts) // 2], starts[-1]
    if which == OPEN and what == "last piece":
        most = IN_A_PIECE  # an open block has no index behind its messages
    damage(path, {"bytes of a piece": middle + 100, "head of a piece": middle + 9,
                  "head of the file": 20, "copy of that": 512 + 20,
                  "last piece": last + 50}.get(what, what))
    with serve(store, more) as server:
        lost = check(server)
        assert len(lost) <= most
        assert bool(lost) == (most > 0)
        told, warnings = report(server)
        if lost:
            assert told["lost_messages"] == len(lost) and told["files"] >= 1 and warnings
            assert "damaged" in server.log()
        server.signal("TERM")
        server.wait_exit()
    if lost and what != "delete":
        assert any(path.name in name for name in quarantined(store))
    with serve(store, more) as server:  # it stays so
        assert check(server) == lost


@pytest.mark.parametrize("packing", ["both"], indirect=True)
@pytest.mark.parametrize("how", [10, 1100, -12, "cut", "delete"])
@pytest.mark.parametrize("name", ["checkpoint", "checkpoint.copy"])
def test_checkpoint(copy_of, packing, name, how):
    store = copy_of("KILL")
    path = pathlib.Path(store, "midge/_", name)
    is_head = how == 10  # which is there twice
    damage(path, how)
    with serve(store, packing[1]) as server:
        assert check(server) == set()
        told = report(server)[0]
        if how == "delete" or is_head:
            assert told is None
        else:
            assert told["files"] == 1 and f'{name}" is damaged' in server.log()
    assert path.exists()


@pytest.mark.parametrize("packing", ["both"], indirect=True)
@pytest.mark.parametrize("how", ["head", "batch head", "records", "last records"])
def test_journal(copy_of, packing, how):
    store = copy_of("KILL")
    path = max(journals(store), key=lambda each: each.read_bytes().rfind(b"MJBT"))
    data = path.read_bytes()
    end = data.rfind(b"MJBT")
    previous = data.rfind(b"MJBT", 0, end)
    middle = data.find(b"MJBT", end // 2)
    damage(path, {"head": 20, "batch head": middle + 9, "records": middle + 300,
                  "last records": previous + 60}[how])
    with serve(store, packing[1]) as server:
        lost = check(server, may_return=(5,))
        if not journal_report(server, how, lost):
            return
    assert quarantined(store)


@pytest.mark.parametrize("packing", ["both"], indirect=True)
def test_background_check(copy_of, packing):
    """Rot in a file that nobody reads is found all the same."""
    store = copy_of("TERM")
    path = block_files(store)[SEALED]
    starts = pieces(path)
    with serve(store, packing[1]) as server:
        piece = random.Random(7).randrange(1, len(starts) - 2)
        flip(path, starts[piece] + 60)
        server.wait_log("is damaged: [0-9]+ of its records are damaged: [0-9]+ messages are lost",
                        60)
        lost = check(server)
        assert 0 < len(lost) <= IN_A_PIECE
        server.signal("TERM")
        server.wait_exit()
    assert any(path.name in name for name in quarantined(store))
    with serve(store, packing[1]) as server:
        assert check(server) == lost
        assert "is damaged" not in server.log()
