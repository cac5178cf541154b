"""Operator mode over web sockets: tokens from cookies, and users of this way in alone."""

import json

import pytest

from harness.claims import NO_LIMITS, USER_LIMITS, Key, make_token

OPERATOR, ACCOUNT, USER = Key("O", "operator"), Key("A", "acc"), Key("U", "user")


def user(**body) -> str:
    return make_token("user", USER, ACCOUNT, {**USER_LIMITS, "bearer_token": True, **body},
                      name="u")


@pytest.fixture
def server(serve):
    account = make_token("account", ACCOUNT, OPERATOR, {"limits": NO_LIMITS}, name="acc")
    return serve("jwt_cookie: jwt",
                 f"operator: {make_token('operator', OPERATOR, OPERATOR, {})}\n"
                 f"resolver: MEMORY\nresolver_preload {{ {ACCOUNT}: {account} }}\n")


def login(socket, *headers, **options):
    socket.upgrade(*headers)
    assert "nonce" in socket.info
    socket.send(b"CONNECT " + json.dumps({"verbose": False, **options}).encode() + b"\r\nPING\r\n")
    return socket.line()


@pytest.mark.rows("WS-09", "WS-12", "AUTH-15", "AUTH-19")
@pytest.mark.parametrize("cookie, connect_jwt, welcome", [
    (user(), "", True),
    (user(allowed_connection_types=["WEBSOCKET"]), "", True),
    (user(allowed_connection_types=["STANDARD"]), "", False),
    ("", user(), True),
    ("x.y.z", user(), True),       # CONNECT's counts
    (user(), "x.y.z", False),
    ("", "", False),
])
def test_jwt_cookie(connect, server, cookie, connect_jwt, welcome):
    headers = [f"Cookie: a=b; jwt={cookie}"] if cookie else []
    options = {"jwt": connect_jwt} if connect_jwt else {}
    line = login(connect(server), *headers, **options)
    assert line == (b"PONG" if welcome else b"-ERR 'Authorization Violation'")
