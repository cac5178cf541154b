"""Reloads as a whole: applied altogether or not at all, and told when they are applied."""

import ssl

import pytest

from harness import tls
from harness.claims import LONG_AGO, NO_LIMITS, USER_LIMITS, Key, Session, make_token
from harness.server import wait_until
from harness.wire import Wire

OPERATOR, SYSTEM, ACCOUNT = Key("O", "operator"), Key("A", "system"), Key("A", "acc")
USER, ADMIN = Key("U", "user"), Key("U", "admin")
OPERATOR_TOKEN = make_token("operator", OPERATOR, OPERATOR, {"system_account": SYSTEM.public})


def account(key=ACCOUNT, body=None, **head) -> str:
    return make_token("account", key, OPERATOR, {"limits": NO_LIMITS, **(body or {})},
                      **{"name": "acc", **head})


def operated(system="", acc="", more="") -> str:
    return (f"operator: {OPERATOR_TOKEN}\nresolver: MEMORY\n{more}\nresolver_preload {{\n"
            f"{SYSTEM.public}: {system or account(SYSTEM)}\n{ACCOUNT.public}: {acc or account()}\n}}\n")


def reload(server, config: str):
    """Returns the lines that the log got, once the server says how it went."""
    before = len(server.log())
    server.config_path.write_text(config)
    server.signal("HUP")

    def answer():
        said = server.log()[before:]
        return said if "Reloaded server configuration" in said or "Failed to reload" in said else ""

    return wait_until(answer, "the reload")


def log_in(server, key=USER, of=ACCOUNT) -> str:
    token = make_token("user", key, of, USER_LIMITS, name="u")
    session = Session(server.port)
    answer = session.login(token, key)
    session.close()
    return answer


@pytest.mark.rows("CONF-118")
def test_a_reload_that_fails_changes_nothing(start):
    first, second = tls.server_certificate(), tls.authority().issue("second-server")
    block = "max_payload: {}\ntls {{ {}, handshake_first: true }}\n"
    server = start(config=operated(more=block.format(1000, first.files)))
    said = reload(server, operated(account(SYSTEM, exp=LONG_AGO),
                                   more=block.format(2000, second.files)))
    assert "Failed to reload server configuration: error resolving system account" in said
    assert "Reloaded:" not in said
    assert tls.served_certificate(server.port) == ssl.PEM_cert_to_DER_cert(first.pem)
    said = reload(server, operated(more=block.format(2000, second.files)))
    assert "Reloaded: max_payload = 2000" in said and "Reloaded: tls = enabled" in said
    assert tls.served_certificate(server.port) == ssl.PEM_cert_to_DER_cert(second.pem)


@pytest.mark.rows("AUTH-22", "AUTH-27", "CONF-118")
def test_claims_that_were_pushed_outlive_a_reload(start):
    server = start(config=operated())
    assert log_in(server) == "PONG"
    admin = Session(server.port)
    assert admin.login(make_token("user", ADMIN, SYSTEM, USER_LIMITS, name="u"), ADMIN) == "PONG"
    pushed = account(body={"revocations": {USER.public: LONG_AGO + 1}}, iat=LONG_AGO + 1)
    assert "jwt updated" in admin.request(f"$SYS.REQ.ACCOUNT.{ACCOUNT.public}.CLAIMS.UPDATE", pushed)
    assert "Authorization Violation" in log_in(server)
    assert "Reloaded server" in reload(server, operated(more="authorization { timeout: 5 }"))
    assert "Authorization Violation" in log_in(server)
    # Claims of the configuration's that have changed are what it wants now.
    assert "Reloaded server" in reload(server, operated(acc=account(iat=LONG_AGO + 2)))
    assert log_in(server) == "PONG"


@pytest.mark.rows("CONF-118", "CONF-119")
def test_it_is_told_when_every_session_was_judged_anew(start):
    users = 'authorization { users: [ %s ] }\n'
    a, b = '{ user: "a", password: "x" }', '{ user: "b", password: "x" }'
    server = start("-m", "-1", config=users % (a + ", " + b))
    wires = []
    for _ in range(500):
        wire = Wire(server.host, server.port)
        wire.send(b'CONNECT {"verbose":false,"user":"b","pass":"x"}\r\n')
        wires.append(wire)
    for wire in wires:
        wire.line()
        wire.barrier()
    assert server.json("/connz")["num_connections"] == 500
    assert "Reloaded: authorization users" in reload(server, users % a)
    assert server.json("/connz")["num_connections"] == 0
    for wire in wires:
        wire.close()
