"""nats-py, the official Python client."""

import asyncio

import nats
import nats.errors
import pytest

from harness import server as servers


@pytest.fixture(scope="module")
def server():
    running = servers.Server()
    yield running
    running.stop()


def scenario(coroutine):
    async def bounded():
        await asyncio.wait_for(coroutine, 6 * servers.PATIENCE)
    asyncio.run(bounded())


@pytest.mark.rows("CORE-29", "CORE-31", "CORE-33")
def test_publish_subscribe(server):
    async def play():
        a, b = await nats.connect(server.url), await nats.connect(server.url)
        assert "2.15.2" in str(a.connected_server_version)
        subscription = await a.subscribe("foo.*")
        await a.flush()
        for number in range(1000):
            await b.publish("foo.bar", b"message %d" % number)
        await b.flush()
        for number in range(1000):
            message = await subscription.next_msg(timeout=servers.PATIENCE)
            assert (message.subject, message.data) == ("foo.bar", b"message %d" % number)
        await a.close()
        await b.close()
    scenario(play())


@pytest.mark.rows("CORE-50")
def test_queue(server):
    async def play():
        connections = [await nats.connect(server.url) for _ in range(3)]
        counts = [0, 0, 0]
        done = asyncio.get_running_loop().create_future()

        def counter(index):
            async def count(_):
                counts[index] += 1
                if sum(counts) == 600 and not done.done():
                    done.set_result(None)
            return count

        for index, connection in enumerate(connections):
            await connection.subscribe("work", queue="workers", cb=counter(index))
            await connection.flush()
        for _ in range(600):
            await connections[0].publish("work", b"x")
        await done
        for connection in connections:
            await connection.flush()
        assert sum(counts) == 600
        assert min(counts) > 50
        for connection in connections:
            await connection.close()
    scenario(play())


@pytest.mark.rows("CORE-52", "CORE-53")
def test_request(server):
    async def play():
        service, client = await nats.connect(server.url), await nats.connect(server.url)

        async def answer(message):
            await message.respond(message.data)

        await service.subscribe("echo", cb=answer)
        await service.flush()
        replies = await asyncio.gather(*(
            client.request("echo", b"%d" % number, timeout=servers.PATIENCE)
            for number in range(200)))
        assert [reply.data for reply in replies] == [b"%d" % number for number in range(200)]
        old_style = await client.request("echo", b"x", timeout=servers.PATIENCE, old_style=True)
        assert old_style.data == b"x"
        with pytest.raises(nats.errors.NoRespondersError):
            await client.request("nobody.there", b"", timeout=servers.PATIENCE)
        await service.close()
        await client.close()
    scenario(play())


@pytest.mark.rows("CORE-34", "CORE-54")
def test_headers(server):
    async def play():
        client = await nats.connect(server.url)
        subscription = await client.subscribe("h")
        await client.publish("h", b"body", headers={"Key": "one", "other": "two"})
        message = await subscription.next_msg(timeout=servers.PATIENCE)
        assert (message.data, message.headers) == (b"body", {"Key": "one", "other": "two"})
        await client.close()
    scenario(play())


@pytest.mark.rows("CORE-32")
def test_unsubscribe_after(server):
    async def play():
        client = await nats.connect(server.url)
        subscription = await client.subscribe("u")
        await subscription.unsubscribe(limit=3)
        for _ in range(10):
            await client.publish("u", b"x")
        await client.flush()
        for _ in range(3):
            await subscription.next_msg(timeout=servers.PATIENCE)
        with pytest.raises((nats.errors.TimeoutError, nats.errors.BadSubscriptionError)):
            await subscription.next_msg(timeout=0.1)
        await client.close()
    scenario(play())


@pytest.mark.rows("CORE-70")
def test_drain(server):
    async def play():
        a, b = await nats.connect(server.url), await nats.connect(server.url)
        count = 0

        async def counted(_):
            nonlocal count
            count += 1

        await a.subscribe("d", cb=counted)
        await a.flush()
        for _ in range(2000):
            await b.publish("d", b"x")
        await b.flush()
        await a.drain()
        assert count == 2000
        assert a.is_closed
        await b.close()
    scenario(play())


@pytest.mark.rows("CORE-39")
def test_large(server):
    async def play():
        client = await nats.connect(server.url)
        payload = b"\7" * client.max_payload
        subscription = await client.subscribe("large")
        await client.publish("large", payload)
        message = await subscription.next_msg(timeout=servers.PATIENCE)
        assert message.data == payload
        with pytest.raises(nats.errors.MaxPayloadError):
            await client.publish("large", payload + b"\7")
        await client.close()
    scenario(play())


def test_pedantic_and_verbose(server):
    async def play():
        client = await nats.connect(server.url, verbose=True, pedantic=True)
        subscription = await client.subscribe("v")
        await client.publish("v", b"x")
        await subscription.next_msg(timeout=servers.PATIENCE)
        await client.close()
    scenario(play())


@pytest.mark.rows("CORE-08")
def test_no_echo(server):
    async def play():
        client = await nats.connect(server.url, no_echo=True)
        subscription = await client.subscribe("e")
        await client.publish("e", b"x")
        await client.flush()
        with pytest.raises(nats.errors.TimeoutError):
            await subscription.next_msg(timeout=0.05)
        await client.close()
    scenario(play())


def test_reconnect_after_a_restart(start):
    async def play():
        server = start()
        reconnected = asyncio.Event()

        async def note():
            reconnected.set()

        client = await nats.connect(server.url, max_reconnect_attempts=-1,
                                    reconnect_time_wait=0.05, reconnected_cb=note)
        subscription = await client.subscribe("again")
        await client.flush()
        server.signal("TERM")
        server.wait_exit()
        start(port=server.port)
        await reconnected.wait()
        await client.publish("again", b"after")
        message = await subscription.next_msg(timeout=servers.PATIENCE)
        assert message.data == b"after"
        await client.close()
    scenario(play())


@pytest.mark.rows("CORE-71", "CORE-25")
def test_lame_duck(start):
    async def play():
        server = start(config='lame_duck_duration: "30s"\nlame_duck_grace_period: "10s"\n')
        told = asyncio.Event()

        async def note():
            told.set()

        client = await nats.connect(server.url, lame_duck_mode_cb=note)
        await client.flush()
        server.signal("USR2")
        await told.wait()
        await client.flush()
        await client.close()
    scenario(play())
