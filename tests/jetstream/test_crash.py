"""SIGKILL under load, again and again: what was acknowledged is there, and acks that were
confirmed are not forgotten; the same of a store that is encrypted and compressed, with a new key now
and then. MIDGE_TEST_KILLS says how often (5), there half as often."""

import json
import os
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from api_talk import Talk  # noqa: E402
from crash_load import CONSUMER, STREAM, Memory, Publisher, Worker  # noqa: E402

from harness import server as servers  # noqa: E402

KILLS = int(os.environ.get("MIDGE_TEST_KILLS", "5"))
PATIENCE = 6 * servers.PATIENCE


def ask(talk, verb, body=None):
    answer = json.loads(talk.request(f"$JS.API.{verb}", json.dumps(body).encode() if body else b"",
                                     patience=PATIENCE).body)
    assert "error" not in answer, answer
    return answer


def started(config):
    """A server that may take its time to read what earlier lives wrote."""
    server = servers.Server(config=config, ready=False)
    server.wait_log("Server is ready", PATIENCE)
    server.wait_ready()
    return server


def set_up(server, compression):
    talk = Talk(server.port)
    ask(talk, f"STREAM.CREATE.{STREAM}", {"name": STREAM, "subjects": ["crash.*"],
                                          "compression": compression})
    ask(talk, f"CONSUMER.CREATE.{STREAM}.{CONSUMER}", {"stream_name": STREAM, "config": {
        "durable_name": CONSUMER, "ack_policy": "explicit", "ack_wait": 1_000_000_000}})
    talk.close()


def read(talk, first):
    """All of the stream from a sequence on: {sequence: body}."""
    last = ask(talk, f"STREAM.INFO.{STREAM}")["state"]["last_seq"]
    messages = {}
    if last < first:
        return messages
    ask(talk, f"CONSUMER.CREATE.{STREAM}.reader", {"stream_name": STREAM, "config": {
        "name": "reader", "ack_policy": "none", "deliver_policy": "by_start_sequence",
        "opt_start_seq": first, "inactive_threshold": 3_600_000_000_000}})
    talk.subscribe("read", "_INBOX.read")
    talk.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.reader",
                 b'{"batch":100000000,"no_wait":true}', reply="_INBOX.read")
    while True:
        message = talk.receive("read", PATIENCE)
        if not message.reply.startswith("$JS.ACK."):
            break
        messages[int(message.reply.split(".")[5])] = message.body.decode()
    talk.unsubscribe("read")
    ask(talk, f"CONSUMER.DELETE.{STREAM}.reader")
    return messages


def compare(server, memory, first):
    """What is there from a sequence on is what was told; returns the last sequence."""
    talk = Talk(server.port)
    there = read(talk, first)
    talk.close()
    wrong = {sequence: (body, there.get(sequence)) for sequence, body in memory.bodies.items()
             if sequence >= first and there.get(sequence) != body}
    assert not wrong, f"{len(wrong)} of {len(memory.bodies)}, such as {sorted(wrong.items())[:5]}"
    return max(there, default=first)


def work_off(server, memory):
    """All that is left is delivered and acknowledged."""
    watcher = Talk(server.port)
    info = {}

    def done():
        info.update(ask(watcher, f"CONSUMER.INFO.{STREAM}.{CONSUMER}"))
        return info["num_pending"] == 0 and info["num_ack_pending"] == 0

    worker = Worker(server, memory)
    worker.start()
    servers.wait_until(done, "the worker", PATIENCE)
    last = ask(watcher, f"STREAM.INFO.{STREAM}")["state"]["last_seq"]
    assert info["ack_floor"]["stream_seq"] == last
    watcher.close()
    assert not memory.faults, memory.faults[:5]


@pytest.mark.rows("JS-S-64", "JS-S-81", "JS-C-54")
def test_kills(tmp_path):
    kill_again_and_again(tmp_path, KILLS, lambda kill: "", "none")


@pytest.mark.skipif(servers.kind() != "midge", reason="nats-server rotates keys in another way")
@pytest.mark.rows("JS-S-80", "JS-S-46")
def test_kills_of_an_encrypted_store(tmp_path):
    def key(kill):
        return f'key: "{kill // 3}", prev_key: "{kill // 3 - 1}", cipher: ' + (
            "aes" if kill % 2 else "chacha")

    kill_again_and_again(tmp_path, (KILLS + 1) // 2, key, "s2")


def kill_again_and_again(tmp_path, kills, more, compression):
    draw = random.Random(kills)
    memory = Memory()
    first = 1

    def config(kill):
        return f'jetstream {{ store_dir: "{tmp_path}/store"\n{more(kill)} }}\n'

    for kill in range(kills):
        with started(config(kill)) as server:
            if kill == 0:
                set_up(server, compression)
            else:
                first = compare(server, memory, first)
            actors = [Publisher(server, memory, f"p{kill}-{i}") for i in range(2)]
            actors.append(Worker(server, memory))
            for actor in actors:
                actor.start()
            assert memory.wait_more(draw.randint(1, 3000), draw.randint(0, 500), PATIENCE), \
                server.log()[-2000:]
            server.process.kill()
            server.process.wait()
            for actor in actors:
                actor.join()
        assert not memory.faults, memory.faults[:5]
    with started(config(kills)) as server:
        compare(server, memory, 1)
        work_off(server, memory)
    print(f"{kills} kills, {len(memory.acknowledged)} messages acknowledged, "
          f"{len(memory.confirmed)} acks confirmed")
