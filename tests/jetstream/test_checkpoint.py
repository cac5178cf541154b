"""What streams hold is there again after kills and restarts, from checkpoints, blocks and journals;
journals that a checkpoint covers are let go of."""

import asyncio
import pathlib
import shutil
import signal
import sys
import tempfile

import nats
import pytest
from nats.js.api import ConsumerConfig, StreamConfig

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.server import Server  # noqa: E402

SIZE = 500_000
COUNT = 640  # 320 MB: more than two checkpoints of one loop


@pytest.fixture
def store():
    folder = tempfile.mkdtemp(prefix="midge-store-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def serve(store):
    return Server(config=f'jetstream {{ store_dir: "{store}" }}\n')


def payload(number: int) -> bytes:
    return f"{number:08d}".encode() * (SIZE // 8)


async def fill(server):
    connection = await nats.connect(server.url)
    js = connection.jetstream(timeout=30)
    await js.add_stream(StreamConfig(name="BIG", subjects=["big.*"]))
    await js.add_stream(StreamConfig(name="SMALL", subjects=["small"]))
    await js.add_consumer("BIG", ConsumerConfig(durable_name="D", ack_wait=3600))
    await js.publish("small", b"once", headers={"Nats-Msg-Id": "one"})
    for first in range(0, COUNT, 16):
        await asyncio.gather(*[js.publish(f"big.{n % 7}", payload(n))
                               for n in range(first, first + 16)])
        if first == 64:
            subscription = await js.pull_subscribe("", durable="D", stream="BIG")
            for message in (await subscription.fetch(10, timeout=10))[:6]:
                await message.ack_sync()
            for sequence in (3, 40, 41):
                await js.delete_msg("BIG", sequence)
    await js.purge_stream("BIG", subject="big.5", keep=10)
    await connection.close()


async def look(server) -> dict:
    connection = await nats.connect(server.url)
    js = connection.jetstream(timeout=30)
    seen = {}
    for name in ("BIG", "SMALL"):
        info = await js.stream_info(name, subjects_filter=">")
        state = info.state
        seen[name] = (state.messages, state.bytes, state.first_seq, state.last_seq,
                      sorted(state.subjects.items()))
    consumer = await js.consumer_info("BIG", "D")
    seen["D"] = (consumer.delivered.consumer_seq, consumer.delivered.stream_seq,
                 consumer.ack_floor.stream_seq, consumer.num_ack_pending, consumer.num_pending)
    again = await js.publish("small", b"once more", headers={"Nats-Msg-Id": "one"})
    assert again.duplicate and again.seq == 1
    there = []
    for sequence in range(1, COUNT + 1):
        try:
            message = await js.get_msg("BIG", sequence)
        except nats.js.errors.NotFoundError:
            continue
        assert message.data == payload(int(message.data[:8]))
        there.append((sequence, message.subject, message.data[:8]))
    seen["messages"] = there
    await connection.close()
    return seen


def kept_bytes(folder: pathlib.Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def largest_journal(store) -> int:
    return max(kept_bytes(folder) for folder in pathlib.Path(store, "midge/_/journal").iterdir()
               if folder.name != "free")


def test_kill_and_restart(store):
    with serve(store) as server:
        asyncio.run(fill(server))
        before = asyncio.run(look(server))
        server.process.send_signal(signal.SIGKILL)
        server.wait_exit()
        # Without checkpoints there would be 320 MB in at least six segments.
        assert largest_journal(store) < 300 << 20
    assert len(before["messages"]) == before["BIG"][0] < COUNT - 70
    for ending in ("KILL", "TERM", "KILL"):
        with serve(store) as server:
            assert asyncio.run(look(server)) == before
            assert kept_bytes(pathlib.Path(store, "midge/_/streams")) > COUNT * SIZE
            assert largest_journal(store) < 100 << 20
            server.signal(ending)
            server.wait_exit()
            assert "damaged" not in server.log() and "[ERR]" not in server.log()
    assert not pathlib.Path(store, "midge/_/quarantine").exists()
