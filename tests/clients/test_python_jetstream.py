"""nats-py's JetStream, key-value, object store and services: whole workflows."""

import asyncio
import hashlib
import json

import nats
import nats.errors
import nats.js.errors
import nats.micro
import pytest
from nats.js import api

from harness import server as servers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    running = servers.Server(config=f'jetstream {{ store_dir: "{folder}" }}\n')
    yield running
    running.stop()


def play(server, workflow):
    async def bounded():
        client = await nats.connect(server.url)
        await asyncio.wait_for(workflow(client, client.jetstream(timeout=servers.PATIENCE)),
                               6 * servers.PATIENCE)
        await client.close()
    asyncio.run(bounded())


async def fill(js, name, count, subjects=1):
    await js.add_stream(name=name, subjects=[f"{name}.>"])
    for i in range(count):
        await js.publish_async(f"{name}.{i % subjects}", b"%d" % i)
    await js.publish_async_completed()


@pytest.mark.rows("JS-S-10", "JS-S-11", "JS-S-16", "JS-S-17", "JS-S-18", "JS-S-19", "JS-S-64", "JS-S-65",
                  "JS-S-67")
def test_a_stream_from_its_making_to_its_end(server):
    async def workflow(_, js):
        made = await js.add_stream(name="LIFE", subjects=["life.>"], max_msgs=100)
        assert made.state.messages == 0
        acks = [await js.publish(f"life.{i % 3}", b"%d" % i) for i in range(30)]
        assert [ack.seq for ack in acks] == list(range(1, 31))
        assert {ack.stream for ack in acks} == {"LIFE"}
        again = await js.publish("life.0", b"a", headers={"Nats-Msg-Id": "one"})
        repeated = await js.publish("life.0", b"a", headers={"Nats-Msg-Id": "one"})
        assert (repeated.seq, repeated.duplicate) == (again.seq, True)
        with pytest.raises(nats.js.errors.BadRequestError):
            await js.publish("life.0", b"", headers={"Nats-Expected-Last-Sequence": "3"})
        assert (await js.get_msg("LIFE", 5)).data == b"4"
        assert (await js.get_last_msg("LIFE", "life.2")).data == b"29"
        assert await js.delete_msg("LIFE", 6)
        with pytest.raises(nats.js.errors.NotFoundError):
            await js.get_msg("LIFE", 6)
        await js.purge_stream("LIFE", subject="life.1")
        info = await js.stream_info("LIFE", subjects_filter=">")
        assert info.state.subjects == {"life.0": 11, "life.2": 9}
        assert (info.state.messages, info.state.last_seq) == (20, 31)
        assert (await js.find_stream_name_by_subject("life.7")) == "LIFE"
        changed = await js.update_stream(name="LIFE", subjects=["life.>"], max_msgs=4)
        assert changed.state.messages == 4
        assert await js.delete_stream("LIFE")
        with pytest.raises(nats.js.errors.NotFoundError):
            await js.stream_info("LIFE")
    play(server, workflow)


@pytest.mark.rows("JS-C-03", "JS-C-06", "JS-C-07", "JS-C-39", "JS-C-54", "JS-C-57")
def test_pull(server):
    async def workflow(_, js):
        await fill(js, "PULL", 500)
        assert js.publish_async_pending() == 0
        subscription = await js.pull_subscribe("PULL.>", durable="worker")
        seen = []
        while len(seen) < 500:
            for message in await subscription.fetch(100, timeout=servers.PATIENCE):
                seen.append(int(message.data))
                await message.ack_sync(timeout=servers.PATIENCE)
        assert seen == list(range(500))
        info = await subscription.consumer_info()
        assert (info.num_pending, info.num_ack_pending, info.ack_floor.stream_seq) == (0, 0, 500)
        with pytest.raises(nats.errors.TimeoutError):
            await subscription.fetch(1, timeout=0.1)
        # Refused, then delivered again.
        await js.publish("PULL.0", b"again")
        [first] = await subscription.fetch(1, timeout=servers.PATIENCE)
        await first.nak()
        [second] = await subscription.fetch(1, timeout=servers.PATIENCE)
        assert (second.data, second.metadata.num_delivered) == (b"again", 2)
        await second.term()
        assert (await js.delete_consumer("PULL", "worker"))
    play(server, workflow)


@pytest.mark.rows("JS-C-02", "JS-C-26", "JS-C-28", "JS-C-38", "JS-C-58", "JS-C-64")
def test_push_queue_and_ordered(server):
    async def workflow(_, js):
        await fill(js, "PUSH", 300, subjects=3)
        plain = await js.subscribe("PUSH.1", durable="plain")
        for i in range(100):
            message = await plain.next_msg(timeout=servers.PATIENCE)
            assert message.data == b"%d" % (3 * i + 1)
            await message.ack()
        ordered = await js.subscribe("PUSH.>", ordered_consumer=True)
        got = [int((await ordered.next_msg(timeout=servers.PATIENCE)).data) for _ in range(300)]
        assert got == list(range(300))
        last = await js.subscribe("PUSH.>", deliver_policy=api.DeliverPolicy.LAST_PER_SUBJECT,
                                  headers_only=True)
        messages = [await last.next_msg(timeout=servers.PATIENCE) for _ in range(3)]
        assert {m.headers["Nats-Msg-Size"] for m in messages} == {"3"}
        members = [await js.subscribe("PUSH.>", queue="members", manual_ack=True)
                   for _ in range(3)]
        taken = []
        done = asyncio.Event()

        async def take(member):
            async for message in member.messages:
                taken.append(int(message.data))
                await message.ack()
                if len(taken) == 300:
                    done.set()
        tasks = [asyncio.create_task(take(member)) for member in members]
        await done.wait()
        assert sorted(taken) == list(range(300))
        for task in tasks:
            task.cancel()
    play(server, workflow)


@pytest.mark.rows("KV-01", "KV-02", "KV-03", "KV-04", "KV-07")
def test_key_value(server):
    async def workflow(_, js):
        bucket = await js.create_key_value(bucket="config", history=5)
        for i in range(7):
            assert await bucket.put("a.b", b"%d" % i) == i + 1
        assert (await bucket.get("a.b")).value == b"6"
        assert (await bucket.get("a.b", revision=4)).value == b"3"
        assert [entry.value for entry in await bucket.history("a.b")] == [b"2", b"3", b"4", b"5",
                                                                          b"6"]
        assert await bucket.create("new", b"1") == 8
        with pytest.raises(nats.js.errors.KeyWrongLastSequenceError):
            await bucket.create("new", b"2")
        assert await bucket.update("new", b"2", last=8) == 9
        with pytest.raises(nats.js.errors.KeyWrongLastSequenceError):
            await bucket.update("new", b"3", last=8)
        watcher = await bucket.watchall()
        first = [await watcher.updates(timeout=servers.PATIENCE) for _ in range(3)]
        assert [(e.key, e.value) for e in first[:2]] == [("a.b", b"6"), ("new", b"2")]
        assert first[2] is None
        await bucket.delete("new")
        told = await watcher.updates(timeout=servers.PATIENCE)
        assert (told.key, told.operation) == ("new", "DEL")
        with pytest.raises(nats.js.errors.KeyNotFoundError):
            await bucket.get("new")
        assert await bucket.create("new", b"4") == 11  # over the marker
        assert (await watcher.updates(timeout=servers.PATIENCE)).value == b"4"
        await bucket.purge("a.b")
        assert (await watcher.updates(timeout=servers.PATIENCE)).operation == "PURGE"
        await watcher.stop()
        assert await bucket.keys() == ["new"]
        status = await bucket.status()
        assert (status.bucket, status.history, status.values) == ("config", 5, 5)
        await bucket.purge_deletes(olderthan=-1)
        assert (await bucket.status()).values == 4
        await js.delete_key_value("config")
        with pytest.raises(nats.js.errors.BucketNotFoundError):
            await js.key_value("config")
    play(server, workflow)


@pytest.mark.rows("KV-09", "KV-10")
def test_object_store(server):
    async def workflow(_, js):
        store = await js.create_object_store("files")
        content = bytes(i * 7 % 251 for i in range(1_000_000))
        info = await store.put("big", content, meta=api.ObjectMeta(description="many chunks"))
        assert (info.size, info.chunks) == (len(content), 8)
        await store.put("small", b"a few bytes")
        got = await store.get("big")
        assert hashlib.sha256(got.data).digest() == hashlib.sha256(content).digest()
        assert got.info.description == "many chunks"
        assert {entry.name for entry in await store.list()} == {"big", "small"}
        await store.put("small", b"others")
        assert (await store.get("small")).data == b"others"
        await store.delete("big")
        with pytest.raises(nats.js.errors.ObjectNotFoundError):
            await store.get("big")
        assert [e.name for e in await store.list(ignore_deletes=True)] == ["small"]
        assert (await js.stream_info("OBJ_files")).state.messages == 3  # a chunk, two infos
        await store.seal()
        assert (await store.status()).sealed
        with pytest.raises(nats.errors.Error):
            await store.put("more", b"")
        assert await js.delete_object_store("files")
    play(server, workflow)


@pytest.mark.rows("SVC-01", "SVC-02", "SVC-03", "SVC-04")
def test_services(server):
    async def workflow(client, _):
        async def double(request):
            try:
                await request.respond(b"%d" % (2 * int(request.data)))
            except ValueError:
                await request.respond_error("400", "not a number")

        async def start():
            service = await nats.micro.add_service(client, name="doubler", version="1.2.3")
            await service.add_endpoint(name="double", handler=double)
            return service
        services = [await start(), await start()]
        await client.flush()
        for i in range(50):
            reply = await client.request("double", b"%d" % i, timeout=servers.PATIENCE)
            assert reply.data == b"%d" % (2 * i)
        wrong = await client.request("double", b"x", timeout=servers.PATIENCE)
        assert wrong.headers["Nats-Service-Error-Code"] == "400"

        inbox = client.new_inbox()
        answers = await client.subscribe(inbox)
        await client.publish("$SRV.STATS.doubler", b"", reply=inbox)
        stats = [json.loads((await answers.next_msg(timeout=servers.PATIENCE)).data)
                 for _ in services]
        assert {entry["id"] for entry in stats} == {service.id for service in services}
        assert sum(entry["endpoints"][0]["num_requests"] for entry in stats) == 51
        one = await client.request(f"$SRV.INFO.doubler.{services[0].id}", b"",
                                   timeout=servers.PATIENCE)
        assert json.loads(one.data)["version"] == "1.2.3"
        for service in services:
            await service.stop()
        await client.flush()
        with pytest.raises(nats.errors.NoRespondersError):
            await client.request("double", b"1", timeout=servers.PATIENCE)
    play(server, workflow)
