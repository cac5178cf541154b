"""JetStream of accounts by their claims: limits, tiers, and claims that change while the server runs.
Expected: what nats-server 2.15.2 answers."""

import json

import pytest

from harness.claims import LONG_AGO, NO_LIMITS, USER_LIMITS, Key, Session, make_token
from harness.server import Server

OPERATOR, SYSTEM, ACCOUNT = Key("O", "operator"), Key("A", "system"), Key("A", "acc")
USER, ADMIN = Key("U", "user"), Key("U", "admin")
OPERATOR_TOKEN = make_token("operator", OPERATOR, OPERATOR, {"system_account": SYSTEM.public})
ALL = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
NOT_ENABLED = (10039, "JetStream not enabled for account")
NO_TIER = (10120, "no JetStream default or applicable tiered limit present")


class Operated:
    """A server in operator mode that keeps its claims and its streams over restarts."""

    def __init__(self, folder, limits):
        self.folder, self.updates = folder, 0
        self.preloaded = {SYSTEM: self.account(SYSTEM), ACCOUNT: self.account(limits=limits)}
        self.start()

    def start(self):
        preload = "\n".join(f"{key}: {token}" for key, token in self.preloaded.items())
        self.server = Server(config=f"""
            operator: {OPERATOR_TOKEN}
            resolver {{ type: full, dir: "{self.folder}/claims", allow_delete: true }}
            resolver_preload {{\n{preload}\n}}
            jetstream {{ store_dir: "{self.folder}/store", max_mem: 10M, max_file: 100M }}
            http: "127.0.0.1:-1"
        """)

    def restart(self, preload_account=True):
        self.server.stop()
        self.preloaded = {SYSTEM: self.account(SYSTEM)} | (
            {ACCOUNT: self.preloaded[ACCOUNT]} if preload_account else {})
        self.start()

    def account(self, key=ACCOUNT, limits=None, **body):
        self.updates += 1
        return make_token("account", key, OPERATOR,
                          {"limits": {**NO_LIMITS, **(limits or {})}, **body},
                          name="acc", iat=LONG_AGO + self.updates)

    def ask(self, subject, body="", user=USER, account=ACCOUNT):
        session = Session(self.server.port)
        token = make_token("user", user, account, USER_LIMITS, name="u")
        assert session.login(token, user) == "PONG"
        answer = session.request(subject, body if isinstance(body, str) else json.dumps(body))
        session.close()
        return json.loads(answer) if answer.startswith("{") else answer

    def update(self, limits=None, **body):
        answer = self.ask("$SYS.REQ.CLAIMS.UPDATE", self.account(limits=limits, **body), ADMIN, SYSTEM)
        return answer.get("error", {}).get("description")

    def create(self, name, **fields):
        return error(self.ask(f"$JS.API.STREAM.CREATE.{name}",
                              {"name": name, "subjects": [name.lower()], **fields}))

    def consume(self, stream, name, **fields):
        return error(self.ask(f"$JS.API.CONSUMER.CREATE.{stream}.{name}", {
            "stream_name": stream,
            "config": {"durable_name": name, "ack_policy": "explicit", **fields}}))

    def info(self):
        return self.ask("$JS.API.INFO")


def error(answer):
    """(code, description), or None."""
    found = answer.get("error")
    return found and (found["err_code"], found["description"])


@pytest.fixture
def operated(tmp_path):
    made = []

    def make(limits=None):
        made.append(Operated(tmp_path, limits))
        return made[0]

    yield make
    made[0].server.stop()


def shown(**limits):
    return {"max_memory": -1, "max_storage": -1, "max_streams": -1, "max_consumers": -1,
            "max_ack_pending": -1, "memory_max_stream_bytes": -1, "storage_max_stream_bytes": -1,
            "max_bytes_required": False, **limits}


@pytest.mark.rows("ACCT-34", "ACCT-36", "JS-S-07")
def test_limits(operated):
    server = operated()
    assert error(server.info()) == NOT_ENABLED
    assert server.create("S") == NOT_ENABLED
    assert server.update({"mem_storage": 100000, "disk_storage": 200000, "streams": 2, "consumer": 1,
                          "max_ack_pending": 50, "mem_max_stream_bytes": 60000,
                          "disk_max_stream_bytes": 150000}) is None
    assert server.info()["limits"] == shown(
        max_memory=100000, max_storage=200000, max_streams=2, max_consumers=1, max_ack_pending=50,
        memory_max_stream_bytes=60000, storage_max_stream_bytes=150000)
    assert server.create("S") is None
    assert server.create("T", max_bytes=150001) == (
        10122, "stream max bytes exceeds account limit max stream bytes")
    assert server.create("T", max_bytes=150000) is None
    assert server.create("U", max_bytes=10) == (10027, "maximum number of streams reached")
    assert server.consume("S", "c") is None
    assert server.consume("S", "c", max_ack_pending=51) == (
        10121, "consumer max ack pending exceeds system limit of 50")
    assert server.consume("S", "d", ack_policy="none") == (10026, "maximum consumers limit reached")
    assert server.ask("s", "hello") == {"stream": "S", "seq": 1}
    assert server.update({**ALL, "max_bytes_required": True}) is None
    told = server.info()
    assert told["limits"] == shown(max_bytes_required=True)
    assert (told["storage"], told["reserved_storage"], told["streams"], told["consumers"]) == (
        36, 150000, 2, 1)
    assert server.create("U") == (10113, "account requires a stream config to have max bytes set")
    assert server.update({"disk_storage": -1}) is None
    assert server.info()["limits"] == shown(max_memory=0, max_streams=0, max_consumers=0)
    assert server.create("M", storage="memory") == (10028, "insufficient memory resources available")
    assert server.create("V") is None


def with_a_message(operated):
    """A server whose account has all of JetStream, a stream S with a consumer c and "hello"."""
    server = operated(ALL)
    assert server.create("S") is None
    assert server.consume("S", "c") is None
    assert server.ask("s", "hello") == {"stream": "S", "seq": 1}
    return server


@pytest.mark.rows("ACCT-34", "JS-S-07")
def test_taken_away_and_given_again(operated):
    """The streams are kept meanwhile, over restarts, too."""
    server = with_a_message(operated)
    assert server.update() is None
    for _ in range(2):
        assert error(server.info()) == NOT_ENABLED
        assert error(server.ask("$JS.API.STREAM.INFO.S")) == NOT_ENABLED
        assert server.ask("s", "lost").startswith("NATS/1.0 503")
        assert server.ask("$JS.API.CONSUMER.MSG.NEXT.S.c").startswith("NATS/1.0 503")
        server.restart(preload_account=False)
    assert server.update(ALL) is None
    assert server.ask("$JS.API.STREAM.INFO.S")["state"]["messages"] == 1
    assert server.ask("s", "again") == {"stream": "S", "seq": 2}
    assert server.ask("$JS.API.CONSUMER.NAMES.S")["consumers"] == ["c"]
    assert server.ask("$JS.API.CONSUMER.MSG.NEXT.S.c") == "hello"


@pytest.mark.rows("ACCT-34", "AUTH-24")
def test_a_claim_that_is_deleted(operated):
    """The account has no JetStream from then on; its streams are kept in case it comes back."""
    server = with_a_message(operated)
    deleted = make_token("generic", OPERATOR, OPERATOR, {"accounts": [ACCOUNT.public]})
    for sequence in (2, 3):
        session = Session(server.server.port)
        assert session.login(make_token("user", USER, ACCOUNT, USER_LIMITS, name="u"), USER) == "PONG"
        answer = server.ask("$SYS.REQ.CLAIMS.DELETE", deleted, ADMIN, SYSTEM)
        assert answer["data"]["message"] == "deleted 1 accounts"
        assert session.next_line() == "-ERR 'Account Authentication Expired'"
        if sequence == 3:
            server.restart(preload_account=False)
        told = server.server.json("/jsz?accounts=1&streams=1")
        assert (told["accounts"], told["streams"], told.get("account_details")) == (0, 0, None)
        assert server.update(ALL) is None
        assert server.info()["streams"] == 1
        assert server.ask("s", "again") == {"stream": "S", "seq": sequence}
        assert server.ask("$JS.API.CONSUMER.NAMES.S")["consumers"] == ["c"]


@pytest.mark.rows("ACCT-34")
def test_streams_of_an_account_that_only_the_folder_knows(operated):
    """Nobody has logged in to it since the start, and nothing is preloaded."""
    server = operated(ALL)
    assert server.create("S") is None
    assert server.ask("s", "hello") == {"stream": "S", "seq": 1}
    server.restart(preload_account=False)
    assert server.server.json("/jsz")["messages"] == 1
    assert server.ask("s", "more") == {"stream": "S", "seq": 2}


@pytest.mark.rows("ACCT-34")
def test_tiers(operated):
    tiers = {"R1": {"mem_storage": 100000, "disk_storage": 300000, "streams": 2, "consumer": 1,
                    "max_ack_pending": 7},
             "R3": {"mem_storage": 0, "disk_storage": 1000, "streams": 1, "consumer": 1}}
    server = operated({"tiered_limits": tiers})
    nothing = dict.fromkeys(shown(), 0) | {"max_bytes_required": False}
    empty = {"memory": 0, "storage": 0, "reserved_memory": 0, "reserved_storage": 0, "streams": 0,
             "consumers": 0}
    first = shown(max_memory=100000, max_storage=300000, max_streams=2, max_consumers=1,
                  max_ack_pending=7)
    third = shown(max_memory=0, max_storage=1000, max_streams=1, max_consumers=1)
    told = server.info()
    assert told["limits"] == nothing
    assert told["tiers"] == {"R1": {**empty, "limits": first}, "R3": {**empty, "limits": third}}
    assert server.create("Y", max_bytes=300001) == (10047, "insufficient storage resources available")
    assert server.create("Y", num_replicas=3) == (
        10074, "replicas > 1 not supported in non-clustered mode")
    assert server.create("Y", max_bytes=3000) is None
    assert server.create("Z", storage="memory") is None
    assert server.create("W") == (10027, "maximum number of streams reached")
    assert server.ask("y", "hello") == {"stream": "Y", "seq": 1}
    assert server.consume("Y", "d") is None
    assert server.consume("Y", "e", ack_policy="none") == (10026, "maximum consumers limit reached")
    used = {"memory": 0, "storage": 36, "reserved_memory": 0, "reserved_storage": 3000, "streams": 2,
            "consumers": 1}
    told = server.info()
    assert {name: told[name] for name in used} == used
    assert told["tiers"] == {"R1": {**used, "limits": first}, "R3": {**empty, "limits": third}}
    account = server.server.json("/jsz?accounts=1")["account_details"][0]
    assert (account["name"], account["id"]) == ("acc", ACCOUNT.public)
    assert (account["reserved_memory"], account["reserved_storage"]) == (0, 0)
    assert server.update({"tiered_limits": {"R3": tiers["R3"]}}) is None
    assert server.create("V") == NO_TIER
    assert server.consume("Y", "f") == NO_TIER
    assert server.ask("y", "hello") == {
        "error": {"code": 400, "err_code": NO_TIER[0], "description": NO_TIER[1]},
        "stream": "Y", "seq": 0}
    assert error(server.ask("$JS.API.STREAM.UPDATE.Y", {"name": "Y", "subjects": ["y"]})) == NO_TIER
    assert server.info()["tiers"]["R1"] == {**used, "limits": nothing}


@pytest.mark.rows("ACCT-34", "ACCT-35")
def test_claims_that_are_not_taken(operated):
    server = operated(ALL)
    assert server.update({"tiered_limits": {"": ALL}}) == (
        'jwt validation failed - validation errors: [Tiered JetStream Limits can not contain a blank '
        '"" tier name]')
    assert server.update(ALL, cluster_traffic="other") == (
        'jwt validation failed - validation errors: [unknown cluster traffic option: "other"]')
    for traffic in ("system", "owner"):
        assert server.update(ALL, cluster_traffic=traffic) is None
        assert server.info()["limits"] == shown()


@pytest.mark.rows("ACCT-34", "CONF-128")
def test_a_reload_takes_nothing_away(operated):
    """Claims that the configuration does not hold are asked for again only when somebody logs in."""
    server = operated(ALL)
    assert server.create("S") is None
    server.restart(preload_account=False)
    before = server.server.config_path.read_text()
    server.server.reload(before + "\nmax_connections: 1000\n")
    assert server.server.json("/jsz?acc=" + ACCOUNT.public)["account_details"][0]["name"] == "acc"
    assert server.ask("s", "hello") == {"stream": "S", "seq": 1}


@pytest.mark.rows("ACCT-34")
def test_claims_that_come_late(operated, tmp_path):
    """At the start nobody knows what the account may do; its streams wait for that."""
    server = operated(ALL)
    assert server.create("S") is None
    assert server.ask("s", "hello") == {"stream": "S", "seq": 1}
    claim = tmp_path / "claims" / f"{ACCOUNT}.jwt"
    token = claim.read_text()
    claim.unlink()
    server.restart(preload_account=False)
    assert server.server.json("/jsz")["accounts"] == 0
    answer = server.ask("$SYS.REQ.CLAIMS.UPDATE", token, ADMIN, SYSTEM)
    assert "error" not in answer
    assert server.ask("$JS.API.STREAM.INFO.S")["state"]["messages"] == 1
    assert server.ask("s", "again") == {"stream": "S", "seq": 2}
