"""Logging in: signatures, hashed passwords, reloads, and what the log and monitoring tell of it."""

import base64
import json
import socket
import struct

import nkeys
import pytest

from harness import server as servers
from harness.wire import Wire, client

VIOLATION = b"-ERR 'Authorization Violation'\r\n"


def key_pair(number: int):
    """A user's nkey: (signer, public key)."""
    seed = nkeys.encode_seed(bytes([number]) * 32, nkeys.PREFIX_BYTE_USER)
    pair = nkeys.from_seed(bytearray(seed))
    return pair, pair.public_key.decode()


def greeted(server):
    """A connection that has read INFO: (wire, its fields)."""
    wire = Wire(server.host, server.port)
    return wire, json.loads(wire.line()[len(b"INFO "):])


def connect(wire, **fields):
    options = {"verbose": False, "pedantic": False, **fields}
    wire.send(b"CONNECT " + json.dumps(options).encode() + b"\r\n")
    return wire


def login(server, **fields):
    """A client that is in."""
    wire = client(server, **fields)
    wire.barrier()
    return wire


def raw_url(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def std(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


def users(*entries) -> str:
    return "authorization { users: [\n" + "\n".join(entries) + "\n] }\n"


ANN = "{ user: ann, password: a }"
BOB = "{ user: bob, password: b }"


# ---- nkeys

@pytest.mark.rows("AUTH-06", "AUTH-07", "AUTH-08", "CORE-13")
@pytest.mark.parametrize("encode", [raw_url, std])
def test_a_signed_nonce_lets_in(start, encode):
    pair, public = key_pair(1)
    server = start(config=users(f"{{ nkey: {public} }}"))
    wire, info = greeted(server)
    assert info["auth_required"] and len(info["nonce"]) == 15
    connect(wire, nkey=public, sig=encode(pair.sign(info["nonce"].encode()))).barrier()
    # The nonce stays the same for a second CONNECT.
    connect(wire, nkey=public, sig=encode(pair.sign(info["nonce"].encode()))).barrier()


@pytest.mark.rows("AUTH-06", "AUTH-08")
@pytest.mark.parametrize("encode", [
    lambda signature: raw_url(signature) + "=", lambda signature: std(signature).rstrip("=") + "+"])
def test_other_encodings_do_not(start, encode):
    pair, public = key_pair(1)
    server = start(config=users(f"{{ nkey: {public} }}"))
    wire, info = greeted(server)
    connect(wire, nkey=public, sig=encode(pair.sign(info["nonce"].encode())))
    assert wire.until_closed() == VIOLATION


@pytest.mark.rows("AUTH-07")
def test_a_signature_is_good_for_one_connection(start):
    pair, public = key_pair(1)
    server = start(config=users(f"{{ nkey: {public} }}"))
    first, info = greeted(server)
    signature = raw_url(pair.sign(info["nonce"].encode()))
    connect(first, nkey=public, sig=signature).barrier()
    second, other = greeted(server)
    assert other["nonce"] != info["nonce"]
    connect(second, nkey=public, sig=signature)
    assert second.until_closed() == VIOLATION


@pytest.mark.rows("AUTH-55", "AUTH-56", "CORE-16")
def test_a_trusted_proxy_signs(start):
    pair, public = key_pair(2)
    server = start("-m", "-1", config=f"proxies {{ trusted: [ {{ key: {public} }} ] }}\n" +
                   users("{ user: ann, password: a, proxy_required: true }"))
    wire, info = greeted(server)
    signature = raw_url(pair.sign(info["nonce"].encode()))
    connect(wire, user="ann", **{"pass": "a"}, proxy_sig=signature).barrier()
    [shown] = server.json("/connz?auth=1")["connections"]
    assert shown["proxy"] == {"key": public} and shown["authorized_user"] == "ann"


# ---- hashed passwords

# "pw", with a cost that takes a while
SLOW = "$2b$13$KssILxWNR6k62B7yiX0GAeVWZ8gVkJpwuCwzYV8gRd2PpmujomV9K"


@pytest.mark.rows("AUTH-05")
def test_a_hash_being_computed_holds_nobody_up(start, kind):
    extra = "loops: 1\n" if kind == "midge" else ""
    server = start(config=extra + users(f'{{ user: ann, password: "{SLOW}" }}', BOB))
    bob = login(server, user="bob", **{"pass": "b"})
    ann, _ = greeted(server)
    connect(ann, user="ann", **{"pass": "wrong"})
    ann.wait_consumed()
    bob.barrier()
    assert b"-ERR" not in ann.arrived()  # still being looked at
    assert ann.until_closed().endswith(VIOLATION)


@pytest.mark.rows("AUTH-05")
def test_who_leaves_before_the_answer_harms_nobody(start):
    server = start(config=users(f'{{ user: ann, password: "{SLOW}" }}', BOB))
    for _ in range(3):
        ann, _ = greeted(server)
        connect(ann, user="ann", **{"pass": "wrong"})
        ann.wait_consumed()
        ann.close()
    login(server, user="bob", **{"pass": "b"}).barrier()


# ---- what is told

@pytest.mark.rows("AUTH-02", "AUTH-04", "CORE-90")
def test_the_log_says_why_and_no_secret(start, kind):
    server = start(config=users("{ user: ann, password: sesame }"))
    for fields in ({"user": "ann", "pass": "open-up"}, {"user": "eve", "pass": "open-up"},
                   {"auth_token": "open-up"}, {}):
        wire, _ = greeted(server)
        connect(wire, **fields)
        assert wire.until_closed() == VIOLATION
    server.wait_log(r'\[ERR\] .* - authentication error - User "eve"')
    server.wait_log(r'\[ERR\] .* - authentication error - Token "\[REDACTED\]"')
    if kind == "midge":  # deviation: the peer says no more than that
        server.wait_log(r'- User "ann": user "ann" \(.*server\.conf:2\): the password is wrong')
        server.wait_log(r'- User "eve": no user has this name')
    assert "sesame" not in server.log() and "open-up" not in server.log()


@pytest.mark.rows("AUTH-03", "CORE-90", "MON-11")
def test_who_hangs_up_rudely_is_known(start):
    """The address of a stranger who resets the connection with his wrong token is told."""
    server = start("-m", "-1", config="authorization { token: right }")
    wire, info = greeted(server)
    port = wire.socket.getsockname()[1]
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connect(wire, auth_token="wrong")
    wire.close()
    server.wait_log(rf"127\.0\.0\.1:{port} - cid:{info['client_id']} - authentication error")
    [closed] = servers.wait_until(
        lambda: server.json("/connz?state=closed")["connections"], "the closed one")
    assert (closed["ip"], closed["port"]) == ("127.0.0.1", port)


@pytest.mark.rows("AUTH-02", "AUTH-04", "MON-11")
def test_monitoring_tells_who_is_in(start):
    server = start("-m", "-1", config="""
        accounts: {
          A: { users: [ { user: ann, password: a } ] }
          B: { users: [ { user: bob, password: b } ] }
        }
        authorization { timeout: 1.5 }
    """)
    varz = server.json("/varz")
    assert varz["auth_required"] is True and varz["auth_timeout"] == 1.5
    ann = login(server, user="ann", **{"pass": "a"})
    ann.send(b"SUB foo 1\r\n")
    ann.barrier()
    bob = login(server, user="bob", **{"pass": "b"})
    shown = {one["authorized_user"]: one for one in server.json("/connz?auth=1")["connections"]}
    assert (shown["ann"]["account"], shown["ann"]["name_tag"]) == ("A", "A")
    assert (shown["bob"]["account"], shown["bob"]["name_tag"]) == ("B", "B")
    assert len(server.json("/connz?auth=1&acc=A")["connections"]) == 1
    bob.barrier()
    wire, _ = greeted(server)
    connect(wire, user="eve", **{"pass": "x"})
    wire.until_closed()
    closed = servers.wait_until(
        lambda: server.json("/connz?auth=1&state=closed")["connections"], "the closed one")
    assert closed[0]["reason"] == "Authentication Failure"
    assert closed[0]["authorized_user"] == "eve"


@pytest.mark.rows("AUTH-03", "MON-11")
def test_a_token_is_not_shown(start):
    server = start("-m", "-1", config="authorization { token: sesame }")
    with login(server, auth_token="sesame"):
        [shown] = server.json("/connz?auth=1")["connections"]
    assert shown["authorized_user"] == "[REDACTED]"


@pytest.mark.rows("AUTH-01", "CORE-30")
def test_info_after_the_first_ping_names_the_account(start):
    server = start(config="accounts: { A: { users: [ { user: ann, password: a } ] } }\n")
    wire, _ = greeted(server)
    connect(wire, user="ann", **{"pass": "a"}, protocol=1)
    wire.send(b"PING\r\n")
    assert wire.line() == b"PONG"
    info = json.loads(wire.line()[len(b"INFO "):])
    assert info["remote_account"] == "A" and info["connect_info"] and "nonce" not in info


# ---- reload

@pytest.mark.rows("CONF-121")
def test_reload_closes_a_removed_user(start):
    server = start("-m", "-1", config=users(ANN, BOB))
    ann, bob = (login(server, user=name, **{"pass": name[0]}) for name in ("ann", "bob"))
    server.reload(users(BOB))
    assert ann.until_closed() == b""
    bob.barrier()
    [closed] = servers.wait_until(
        lambda: server.json("/connz?auth=1&state=closed")["connections"], "the closed one")
    assert (closed["reason"], closed["authorized_user"]) == ("Client Closed", "ann")
    wire, _ = greeted(server)
    connect(wire, user="ann", **{"pass": "a"})
    assert wire.until_closed() == VIOLATION


@pytest.mark.rows("AUTH-29", "CONF-121", "CONF-129")
def test_reload_closes_who_named_nobody_with_the_user_they_were(start):
    """Neither they nor the users of an nkey that was the last one are told anything."""
    signer, public = key_pair(1)
    server = start(config="no_auth_user: ann\n" + users(ANN, BOB, f"{{ nkey: {public} }}"))
    nobody, bob = login(server), login(server, user="bob", **{"pass": "b"})
    wire, info = greeted(server)
    by_key = connect(wire, nkey=public, sig=raw_url(signer.sign(info["nonce"].encode())))
    assert by_key.barrier() == []
    server.reload(users(BOB))
    assert nobody.until_closed() == by_key.until_closed() == b""
    assert bob.barrier() == []


@pytest.mark.rows("CONF-121")
@pytest.mark.parametrize("changed", [
    "{ user: ann, password: other }", "{ user: ann, password: a, allowed_connection_types: [MQTT] }"])
def test_reload_refuses_a_changed_user(start, changed):
    server = start(config=users(ANN, BOB))
    ann, bob = (login(server, user=name, **{"pass": name[0]}) for name in ("ann", "bob"))
    server.reload(users(changed, BOB))
    assert ann.until_closed() == VIOLATION
    bob.barrier()


@pytest.mark.rows("CONF-121")
def test_reload_closes_a_user_who_moved(start):
    account = "accounts: {{ {0}: {{ users: [ {{ user: ann, password: a }} ] }} }}\n".format
    server = start(config=account("A"))
    ann = login(server, user="ann", **{"pass": "a"})
    server.reload(account("B"))
    assert ann.until_closed() == b""


@pytest.mark.rows("CONF-121")
def test_reload_turns_authentication_on(start):
    server = start(config="")
    ann = login(server, user="ann", **{"pass": "a"})
    eve = login(server, user="eve")
    nobody = login(server)
    server.reload(users(ANN))
    ann.barrier()
    assert eve.until_closed() == b""
    assert nobody.until_closed() == VIOLATION
    wire, info = greeted(server)
    assert info["auth_required"] is True
    connect(wire)
    assert wire.until_closed() == VIOLATION


@pytest.mark.rows("CONF-121")
def test_reload_turns_authentication_off(start):
    server = start(config=users(ANN))
    ann = login(server, user="ann", **{"pass": "a"})
    server.reload("")
    assert ann.until_closed() == b""
    wire, info = greeted(server)
    assert "auth_required" not in info
    connect(wire).barrier()


@pytest.mark.rows("CONF-121", "AUTH-03")
def test_reload_of_a_token(start):
    server = start(config="authorization { token: x }")
    wire = login(server, auth_token="x")
    server.reload("authorization { token: y }")
    assert wire.until_closed() == VIOLATION


@pytest.mark.rows("CONF-121", "AUTH-05", "AUTH-06")
def test_reload_keeps_those_who_did_not_change(start):
    pair, public = key_pair(1)
    entries = (f'{{ user: ann, password: "{SLOW}" }}', f"{{ nkey: {public} }}", BOB)
    server = start(config=users(*entries))
    ann = connect(greeted(server)[0], user="ann", **{"pass": "pw"})
    ann.barrier()
    wire, info = greeted(server)
    connect(wire, nkey=public, sig=raw_url(pair.sign(info["nonce"].encode()))).barrier()
    server.reload(users(*entries[:2], "{ user: carl, password: c }"))
    ann.barrier()
    wire.barrier()


@pytest.mark.rows("AUTH-49", "CONF-121", "CORE-56", "CORE-57")
def test_reload_takes_permissions_away(start):
    server = start(config=users(ANN, BOB))
    ann, bob = (login(server, user=name, **{"pass": name[0]}) for name in ("ann", "bob"))
    ann.send(b"SUB foo 1\r\nSUB bar 2\r\nSUB baz q 3\r\nSUB baz x 4\r\n")
    ann.barrier()
    server.reload(users('{ user: ann, password: a, permissions: '
                        '{ subscribe: [bar, "baz q"], publish: ok } }', BOB))
    lines = sorted((ann.line(), ann.line()))
    assert lines == [
        b"-ERR 'Permissions Violation for Subscription to \"baz\" using queue \"x\" (sid \"4\")'",
        b"-ERR 'Permissions Violation for Subscription to \"foo\" (sid \"1\")'"]
    server.wait_log(r'Removed sub "foo" \(sid "1"\) for User "ann" - not authorized')
    server.wait_log(
        r'Removed sub "baz" using queue "x" \(sid "4"\) for User "ann" - not authorized')
    ann.send(b"PUB no 0\r\n\r\n")
    assert ann.line() == b"-ERR 'Permissions Violation for Publish to \"no\"'"
    for subject in (b"foo", b"bar", b"baz"):
        bob.send(b"PUB " + subject + b" 1\r\nx\r\n")
    bob.barrier()
    assert sorted(ann.barrier()) == [b"MSG bar 2 1\r\nx", b"MSG baz 3 1\r\nx"]


@pytest.mark.rows("AUTH-49", "AUTH-43")
def test_reload_sieves_what_is_subscribed_already(start):
    server = start(config=users(ANN, BOB))
    ann, bob = (login(server, user=name, **{"pass": name[0]}) for name in ("ann", "bob"))
    ann.send(b"SUB foo.* 1\r\n")
    ann.barrier()
    server.reload(users("{ user: ann, password: a, permissions: { subscribe: { deny: foo.x } } }",
                        BOB))
    bob.send(b"PUB foo.x 1\r\nx\r\nPUB foo.y 1\r\ny\r\n")
    bob.barrier()
    assert ann.barrier() == [b"MSG foo.y 1 1\r\ny"]


@pytest.mark.rows("AUTH-49", "CONF-121")
def test_reload_gives_permissions_back(start):
    limited = "{ user: ann, password: a, permissions: { publish: x } }"
    server = start(config=users(limited))
    ann = login(server, user="ann", **{"pass": "a"})
    ann.send(b"PUB y 0\r\n\r\n")
    assert ann.line() == b"-ERR 'Permissions Violation for Publish to \"y\"'"
    server.reload(users(ANN))

    def allowed():
        ann.send(b"PUB y 0\r\n\r\n")
        return ann.barrier() == []

    servers.wait_until(allowed, "the permission")


@pytest.mark.rows("CONF-121", "AUTH-05")
def test_reload_while_a_hash_is_computed(start):
    server = start(config=users(f'{{ user: ann, password: "{SLOW}" }}', BOB))
    ann, _ = greeted(server)
    connect(ann, user="ann", **{"pass": "pw"})
    ann.wait_consumed()
    server.reload(users("{ user: ann, password: other }", BOB))
    # The server's first PING may come before.
    assert ann.until_closed().removeprefix(b"PING\r\n") == VIOLATION


@pytest.mark.rows("CONF-121", "AUTH-05")
def test_authentication_turned_off_while_a_hash_is_computed(start, kind):
    if kind == "peer":
        pytest.skip("deviation: the peer may close it, as it closes whoever is in")
    server = start(config=users(f'{{ user: ann, password: "{SLOW}" }}', BOB))
    ann, _ = greeted(server)
    connect(ann, user="ann", **{"pass": "wrong"})
    ann.wait_consumed()
    ann.send(b"SUB foo 1\r\nPUB foo 1\r\nx\r\n")
    server.reload("")
    assert ann.barrier() == [b"MSG foo 1 1\r\nx"]
