"""Attacks by clients that are in: forged headers, replies and subjects of the server's own."""

import json

import pytest

from harness.claims import NO_LIMITS, USER_LIMITS, Key, Session, make_token
from harness.wire import client

CONFIG = """
accounts {
  A { users [ { user: a, password: a } ]
      exports [ { service: "svc.*" } ] }
  B { users [ { user: b, password: b }
              { user: limited, password: b,
                permissions: { publish: [ "shared", "own.>" ], subscribe: "in.>" } } ]
      imports [ { service: { account: A, subject: "svc.shared" }, to: shared, share: true }
                { service: { account: A, subject: "svc.plain" }, to: plain } ] }
}
"""


def login(server, user: str, password: str = ""):
    return client(server, user=user, **{"pass": password or user}, headers=True,
                  no_responders=True)


def hpub(wire, subject: str, block: bytes):
    wire.send(f"HPUB {subject} in.r {len(block)} {len(block) + 1}\r\n".encode() + block + b"x\r\n")


def headers_of(frame: bytes) -> list:
    """As the most lenient reader takes them: (name, value) of all that could be a line."""
    head, _, content = frame.partition(b"\r\n")
    block = content[:int(head.split()[-2])].decode()
    lines = [line for line in block.replace("\r", "\n").split("\n")[1:] if line.strip()]
    return [(name.strip().lower(), value.strip())
            for name, _, value in (line.partition(":") for line in lines)]


FORGERIES = [b"Nats-Request-Info: {}\r\n", b"nats-request-info: {}\r\n",
             b"Nats-Request-Info : {}\r\n", b"Nats-Request-Info\t:{}\r\n",
             b"Nats-Request-Info: {}\r\nNats-Request-Info: {}\r\n",
             b"Nats-Request-Info: {},\r\n {}\r\n", b"X: y\nNats-Request-Info: {}\n",
             b"X: y\rNats-Request-Info: {}\r\n", b"\nNats-Request-Info: {}\n\n"]


@pytest.mark.rows("ACCT-11")
@pytest.mark.parametrize("forged", FORGERIES)
def test_who_asks_a_service_cannot_be_forged(start, kind, forged):
    if kind == "peer" and forged not in (FORGERIES[0], FORGERIES[4]):
        pytest.skip("nats-server lets this through")
    server = start(config=CONFIG)
    service, asker = login(server, "a"), login(server, "b")
    service.send(b"SUB svc.* 1\r\n")
    service.barrier()
    for subject, told in (("shared", {"acc", "user", "id", "host"}), ("plain", {"acc"})):
        hpub(asker, subject, b"NATS/1.0\r\nKept: 1\r\n" +
             forged.replace(b"{}", b'{"acc":"EVIL","user":"root"}') + b"\r\n")
        frame = service.frame()
        while frame == b"PING":
            frame = service.frame()
        headers = headers_of(frame)
        infos = [json.loads(value) for name, value in headers if name == "nats-request-info"]
        assert len(infos) == 1 and infos[0]["acc"] == "B" and told <= set(infos[0])
        assert ("kept", "1") in headers and "EVIL" not in str(headers)


@pytest.mark.rows("ACCT-07")
@pytest.mark.parametrize("reply", ["_R_.x", "_R_.>", "_GR_.x", "$GR.x", "$JS.ACK.x"])
def test_replies_of_the_servers_own_cannot_be_asked_for(start, reply):
    server = start(config=CONFIG)
    service, asker = login(server, "a"), login(server, "b")
    service.send(b"SUB svc.* 1\r\nSUB > 2\r\n")
    service.barrier()
    asker.send(f"PUB shared {reply} 0\r\n\r\n".encode())
    [error] = asker.barrier()
    assert error == f"-ERR 'Permissions Violation for Publish with Reply of \"{reply}\"'".encode()
    assert service.barrier() == []


@pytest.mark.rows("ACCT-07")
@pytest.mark.parametrize("reply", ["in.*", "in.>", "*", ">"])
def test_a_wildcard_in_a_reply_reaches_nobody_else(start, reply):
    server = start(config=CONFIG)
    service, asker, other = login(server, "a"), login(server, "b"), login(server, "b")
    service.send(b"SUB svc.* 1\r\n")
    service.barrier()
    other.send(b"SUB in.secret 1\r\nSUB secret 2\r\n")
    other.barrier()
    asker.send(b"SUB in.mine 1\r\n")
    asker.barrier()
    asker.send(f"PUB shared {reply} 0\r\n\r\n".encode())
    asker.barrier()
    for frame in service.barrier():
        answer_to = frame.split(b"\r\n")[0].split(b" ")[3]
        service.send(b"PUB " + answer_to + b" 6\r\nanswer\r\n")
    service.barrier()
    # Neither the answer nor the request is taken for one on all subjects that the reply matches.
    assert other.barrier() == []
    assert asker.barrier() == []


@pytest.mark.rows("SYS-11")
def test_the_system_accounts_subjects_mean_nothing_elsewhere(start):
    server = start(config=CONFIG)
    asker = login(server, "b")
    server_id = asker.info["server_id"]
    asker.send(b"SUB in.> 1\r\n")
    asker.barrier()
    for subject in (f"$SYS.REQ.SERVER.{server_id}.RELOAD", "$SYS.REQ.CLAIMS.LIST",
                    "$SYS.REQ.CLAIMS.UPDATE", "$SYS.REQ.ACCOUNT.A.CLAIMS.UPDATE"):
        asker.send(f"PUB {subject} in.r 0\r\n\r\n".encode())
        [frame] = asker.barrier()
        assert frame.startswith(b"HMSG in.r 1 ") and b"NATS/1.0 503" in frame
    asker.send(b"SUB $SYS.> 2\r\nSUB > 3\r\n")
    listener = login(server, "b")
    assert [frame for frame in asker.barrier() if b"$SYS" in frame] == []
    assert listener.barrier() == []


@pytest.mark.rows("AUTH-27", "SYS-19")
def test_claims_are_taken_from_the_system_account_only(start):
    operator = Key("O", "operator")
    system, account, other = (Key("A", name) for name in ("system", "acc", "other"))
    user = Key("U", "user")
    tokens = [(key, make_token("account", key, operator, {"limits": NO_LIMITS}, name=name))
              for key, name in ((system, "SYS"), (account, "acc"))]
    preload = "\n".join(f"{key}: {token}" for key, token in tokens)
    body = {"system_account": system.public}
    server = start(config=(f"operator: {make_token('operator', operator, operator, body)}\n"
                           f"resolver: MEMORY\nresolver_preload {{\n{preload}\n}}\n"))
    session = Session(server.port)
    assert session.login(make_token("user", user, account, USER_LIMITS), user) == "PONG"
    forged = make_token("account", other, operator, {"limits": NO_LIMITS}, name="other")
    for subject in (f"$SYS.REQ.ACCOUNT.{other}.CLAIMS.UPDATE", "$SYS.REQ.CLAIMS.UPDATE",
                    f"$SYS.ACCOUNT.{other}.CLAIMS.UPDATE"):
        session.send(f"PUB {subject} {len(forged)}\r\n{forged}\r\n")
        assert "503" in session.request(subject, forged)
    newcomer = Session(server.port)
    answer = newcomer.login(make_token("user", user, other, USER_LIMITS), user)
    assert answer == "-ERR 'Authorization Violation'"
