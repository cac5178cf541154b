"""nats-py logs in: user and password, token, nkey, creds, certificate; and what its user may do."""

import asyncio
import pathlib

import nats
import nats.errors
import nkeys
import pytest

from harness import server as servers
from harness import tls

LOGINS = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "nsc"
SEED = nkeys.encode_seed(bytes([5]) * 32, nkeys.PREFIX_BYTE_USER)
PUBLIC = nkeys.from_seed(bytearray(SEED)).public_key.decode()

USERS = f"""
authorization {{
  users: [
    {{ user: ann, password: "$2a$04$FHUT0EGGfhE54FZPrfZNyeUtCqYPbLBQYy0h0rspe7A/t3tco3/JO" }}
    {{ user: bob, password: b, permissions: {{
        publish: ["orders.>"], subscribe: ["orders.>", "_INBOX.>"] }} }}
    {{ user: responder, password: r, permissions: {{ subscribe: "ask", allow_responses: true }} }}
    {{ nkey: {PUBLIC} }}
  ]
}}
"""


@pytest.fixture(scope="module")
def server():
    running = servers.Server(config=USERS)
    yield running
    running.stop()


def scenario(coroutine):
    async def bounded():
        await asyncio.wait_for(coroutine, 6 * servers.PATIENCE)
    asyncio.run(bounded())


async def works(client):
    subscription = await client.subscribe("orders.new")
    await client.publish("orders.new", b"one")
    message = await subscription.next_msg(timeout=servers.PATIENCE)
    assert message.data == b"one"
    await client.close()


@pytest.mark.rows("AUTH-04", "AUTH-05", "AUTH-06", "AUTH-42", "AUTH-43")
def test_users_and_nkeys(server):
    async def play():
        await works(await nats.connect(server.url, user="ann", password="pw"))
        await works(await nats.connect(server.url, user="bob", password="b"))
        await works(await nats.connect(server.url, nkeys_seed_str=SEED.decode()))
        await works(await nats.connect(f"nats://bob:b@127.0.0.1:{server.port}"))
    scenario(play())


@pytest.mark.rows("AUTH-03")
def test_token(start):
    running = start(config="authorization { token: sesame }")

    async def play():
        await works(await nats.connect(running.url, token="sesame"))
        with pytest.raises((nats.errors.Error, OSError)):
            await refused(running, token="wrong")
    scenario(play())


async def refused(server, url="", **options):
    async def nothing(_):
        pass
    await nats.connect(url or server.url, allow_reconnect=False, max_reconnect_attempts=1,
                       error_cb=nothing, **options)


def with_certificates(start, rule: str, logins: str):
    files = tls.server_certificate().files
    return start(config=f'tls {{ {files}, ca_file: "{tls.authority().path}", {rule}: true }}\n' + logins)


@pytest.mark.rows("AUTH-30", "AUTH-33", "AUTH-06")
def test_a_certificate_and_an_nkey(start):
    running = with_certificates(start, "verify", USERS)
    url = f"tls://localhost:{running.port}"
    context = tls.client_context(tls.authority().issue("bearer", subject="/CN=bearer"))

    async def play():
        await works(await nats.connect(url, tls=context, nkeys_seed_str=SEED.decode()))
        for options in ({"tls": tls.client_context(), "nkeys_seed_str": SEED.decode()},
                        {"tls": context}):
            with pytest.raises((nats.errors.Error, OSError)):
                await refused(running, url, **options)
    scenario(play())


@pytest.mark.rows("AUTH-33", "AUTH-34")
def test_a_certificate_that_names_the_user(start):
    running = with_certificates(
        start, "verify_and_map",
        'authorization { users: [ {user: "CN=mapped", permissions: { publish: "orders.>" }} ] }')
    url = f"tls://localhost:{running.port}"
    mapped, other = (tls.authority().issue(name, subject=f"/CN={name}") for name in ("mapped", "other"))

    async def play():
        await works(await nats.connect(url, tls=tls.client_context(mapped)))
        with pytest.raises((nats.errors.Error, OSError)):
            await refused(running, url, tls=tls.client_context(other))
    scenario(play())


@pytest.mark.rows("AUTH-09", "AUTH-33")
def test_creds_behind_a_certificate(start):
    running = with_certificates(start, "verify", LOGINS.joinpath("accounts.conf").read_text("utf-8"))
    url = f"tls://localhost:{running.port}"
    context = tls.client_context(tls.authority().issue("bearer", subject="/CN=bearer"))
    creds = str(LOGINS / "alice.creds")

    async def play():
        await works(await nats.connect(url, tls=context, user_credentials=creds))
        for options in ({"tls": tls.client_context(), "user_credentials": creds}, {"tls": context}):
            with pytest.raises((nats.errors.Error, OSError)):
                await refused(running, url, **options)
    scenario(play())


@pytest.mark.rows("AUTH-04")
@pytest.mark.parametrize("options", [
    {}, {"user": "ann", "password": "wrong"}, {"user": "eve", "password": "pw"},
    {"token": "pw"}])
def test_wrong_credentials(server, options):
    async def play():
        with pytest.raises((nats.errors.Error, OSError)):
            await refused(server, **options)
    scenario(play())


@pytest.mark.rows("AUTH-42", "AUTH-43")
def test_permission_errors_are_told(server):
    async def play():
        told = asyncio.Queue()
        client = await nats.connect(server.url, user="bob", password="b", error_cb=told.put)
        await client.publish("secret", b"")
        error = await asyncio.wait_for(told.get(), servers.PATIENCE)
        assert "permissions violation for publish to \"secret\"" in str(error).lower()
        await client.subscribe("secret")
        error = await asyncio.wait_for(told.get(), servers.PATIENCE)
        assert "permissions violation for subscription to \"secret\"" in str(error).lower()
        await client.close()
    scenario(play())


@pytest.mark.rows("AUTH-45")
def test_a_responder_answers_what_it_was_asked(server):
    async def play():
        responder = await nats.connect(server.url, user="responder", password="r")

        async def answer(message):
            await message.respond(b"here")

        await responder.subscribe("ask", cb=answer)
        await responder.flush()
        client = await nats.connect(server.url, user="ann", password="pw")
        for _ in range(50):
            message = await client.request("ask", b"", timeout=servers.PATIENCE)
            assert message.data == b"here"
        await client.close()
        await responder.close()
    scenario(play())
