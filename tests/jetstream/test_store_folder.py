"""What lies where in the store's folder: as docs/formats/store.md says, and nothing else."""

import json
import pathlib
import re
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from test_crash import ask  # noqa: E402

from harness.server import REPOSITORY, Server, kind  # noqa: E402

pytestmark = pytest.mark.skipif(kind() != "midge", reason="nats-server has another store")

FILES = [r"lock", r"format", r"checkpoint", r"checkpoint\.copy",
         r"journal/[0-9a-f]{8}/[0-9a-f]{8}\.seg", r"journal/free/[^/]+\.seg",
         r"streams/[0-9a-f]{16}/[0-9a-f]{8}\.blk", r"journal/[0-9a-f]{8}/last"]


def files(folder):
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]


def serve(store, more=""):
    return Server(config=f'jetstream {{ store_dir: "{store}"\n{more} }}\n')


@pytest.mark.rows("JS-S-82")
@pytest.mark.parametrize("ending", ["TERM", "KILL"])
@pytest.mark.parametrize("domain", ["", "hub"])
def test_layout(tmp_path, domain, ending):
    (tmp_path / "others").write_text("untouched")
    folder = tmp_path / "midge" / (domain or "_")
    for turn in range(2):
        with serve(tmp_path, f"domain: {domain}" if domain else "") as server:
            talk = Talk(server.port)
            if turn == 0:
                ask(talk, "STREAM.CREATE.S", {"name": "S", "subjects": ["s"]})
                ask(talk, "CONSUMER.CREATE.S.C", {"stream_name": "S", "config": {
                    "durable_name": "C", "ack_policy": "explicit"}})
            assert json.loads(talk.request("s", b"x").body)["seq"] == turn + 1
            talk.close()
            server.signal(ending)
            server.wait_exit()
        found = files(folder)
        assert [name for name in found if not any(re.fullmatch(one, name) for one in FILES)] == []
    for wanted in FILES[:5] + FILES[6:]:
        assert any(re.fullmatch(wanted, name) for name in found), (wanted, found)
    assert files(tmp_path) == sorted(
        ["others", *(str(folder.relative_to(tmp_path) / name) for name in found)])
    assert (folder / "format").read_text().startswith("midge store 1 ")
    assert "streams/<stream id, 16 hex>/<block number, 8 hex>.blk" in (
        REPOSITORY / "docs/formats/store.md").read_text()


@pytest.mark.rows("JS-S-82")
def test_the_store_of_nats_server_is_left_alone(tmp_path):
    """Its data comes over by backups."""
    meta = tmp_path / "jetstream/$G/streams/S/meta.inf"
    meta.parent.mkdir(parents=True)
    meta.write_text("{}")
    with pytest.raises(RuntimeError, match="is a store of nats-server: to bring its data"):
        serve(tmp_path)
    assert files(tmp_path) == ["jetstream/$G/streams/S/meta.inf"]
