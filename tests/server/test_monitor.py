"""The monitoring port: /varz /connz /subsz /healthz, and its error texts."""

import contextlib
import json
import re
import socket

import pytest

from harness import server as servers
from harness.wire import client

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z"


@pytest.fixture
def monitored(start):
    return start("-m", "-1")


@pytest.mark.rows("MON-01")
def test_headers_and_content_type(monitored):
    for path in ("/varz", "/connz", "/subsz", "/healthz"):
        status, body, headers = monitored.http(path)
        assert status == 200
        assert headers["Content-Type"] == "application/json"
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert int(headers["Content-Length"]) == len(body.encode())
        json.loads(body)


@pytest.mark.rows("MON-01")
def test_a_connection_serves_several_requests(monitored):
    with socket.create_connection(("127.0.0.1", monitored.http_port), servers.PATIENCE) as sock:
        sock.settimeout(servers.PATIENCE)
        reader = sock.makefile("rb")
        for _ in range(3):
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert reader.readline().startswith(b"HTTP/1.1 200 ")
            size = 0
            while (line := reader.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            assert reader.read(size) == b'{"status":"ok"}'


@pytest.mark.rows("MON-02")
def test_root_links_the_endpoints(monitored):
    status, body, headers = monitored.http("/")
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    for link in ("varz", "connz", "subsz", "accstatz", "jsz", "healthz"):
        assert link in body


@pytest.mark.rows("MON-02")
def test_unknown_path(monitored):
    status, body, headers = monitored.http("/nope")
    assert (status, body) == (404, "404 page not found\n")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.rows("CONF-033")
def test_base_path(start):
    server = start("-m", "-1", config='http_base_path: "/nats"\n')
    assert server.json("/nats/varz")["http_base_path"] == "/nats"
    assert server.http("/varz")[0] == 404


@pytest.mark.rows("MON-03")
def test_varz_identity(start):
    server = start("-m", "-1", "-n", "one")
    info = client(server).info
    varz = server.json("/varz")
    assert varz["server_id"] == info["server_id"]
    assert varz["server_name"] == "one"
    assert varz["version"] == info["version"] == "2.15.2"
    assert varz["proto"] == 1
    assert (varz["host"], varz["port"]) == ("127.0.0.1", server.port)
    assert re.fullmatch(RFC3339, varz["start"])
    assert re.fullmatch(RFC3339, varz["now"])
    assert re.fullmatch(r"(\d+m)?\d+s", varz["uptime"])


@pytest.mark.rows("MON-04")
def test_varz_configuration(monitored):
    varz = monitored.json("/varz")
    assert {name: varz[name] for name in (
        "max_connections", "ping_interval", "ping_max", "http_host", "http_base_path",
        "https_port", "auth_timeout", "tls_timeout", "max_control_line", "max_payload",
        "max_pending", "write_deadline")} == {
            "max_connections": 65536, "ping_interval": 120_000_000_000, "ping_max": 2,
            "http_host": "127.0.0.1", "http_base_path": "", "https_port": 0, "auth_timeout": 2,
            "tls_timeout": 2, "max_control_line": 4096, "max_payload": 1048576,
            "max_pending": 67108864, "write_deadline": 10_000_000_000}
    assert "max_subscriptions" not in varz
    assert "auth_required" not in varz


@pytest.mark.rows("MON-05")
def test_varz_load(monitored):
    wires = [client(monitored) for _ in range(3)]
    for number, wire in enumerate(wires):
        wire.send(b"SUB foo.%d 1\r\n" % number)
        wire.barrier()
    before = monitored.json("/varz")
    assert (before["connections"], before["total_connections"]) == (3, 3)
    assert before["mem"] > 1_000_000
    assert before["cores"] >= 1
    wires[0].finish()
    servers.wait_until(lambda: monitored.json("/varz")["connections"] == 2, "a connection less")
    after = monitored.json("/varz")
    assert after["total_connections"] == 3
    assert before["subscriptions"] - after["subscriptions"] == 1


@pytest.mark.rows("MON-06")
def test_varz_traffic(monitored):
    wire, other = client(monitored, headers=True), client(monitored)
    wire.send(b"SUB foo 1\r\nSUB foo 2\r\n")
    wire.barrier()
    other.send(b"PUB foo 5\r\nhello\r\nPUB nobody 3\r\nabc\r\n")
    other.barrier()
    wire.barrier()
    varz = servers.wait_until(
        lambda: (v := monitored.json("/varz"))["out_msgs"] == 2 and v, "the counters")
    assert (varz["in_msgs"], varz["in_bytes"]) == (2, 8)
    assert (varz["out_msgs"], varz["out_bytes"]) == (2, 10)
    assert (varz["in_client_msgs"], varz["in_client_bytes"]) == (2, 8)
    assert (varz["out_client_msgs"], varz["out_client_bytes"]) == (2, 10)


@pytest.mark.rows("MON-07", "CORE-40")
def test_varz_slow_consumers(start):
    server = start("-m", "-1", config="max_pending: 2MB\n")
    slow, fast = client(server), client(server)
    slow.send(b"SUB big 1\r\n")
    slow.barrier()
    for _ in range(40):
        fast.send(b"PUB big 1000000\r\n" + b"x" * 1000000 + b"\r\n")
    fast.barrier()

    def counted():
        varz = server.json("/varz")
        return varz["slow_consumers"] == 1 and varz["slow_consumer_stats"] == {
            "clients": 1, "routes": 0, "gateways": 0, "leafs": 0}

    servers.wait_until(counted, "the counter")


@pytest.mark.rows("MON-08")
def test_varz_request_counts_and_load_time(monitored):
    first = monitored.json("/varz")
    monitored.json("/connz")
    second = monitored.json("/varz")
    assert second["http_req_stats"]["/varz"] == first["http_req_stats"]["/varz"] + 1
    assert second["http_req_stats"]["/connz"] == 1
    assert re.fullmatch(RFC3339, first["config_load_time"])


@pytest.mark.rows("MON-08")
def test_varz_load_time_changes_with_a_reload(start):
    server = start("-m", "-1", config="debug: false\n")
    before = server.json("/varz")
    server.config_path.write_text("debug: true\n")
    server.signal("HUP")
    server.wait_log("Reloaded server configuration")
    after = server.json("/varz")
    assert after["config_load_time"] != before["config_load_time"]
    assert after["config_digest"] != before["config_digest"]


def test_varz_empty_blocks(monitored):
    varz = monitored.json("/varz")
    assert [varz[name] for name in (
        "cluster", "gateway", "leaf", "mqtt", "websocket", "jetstream")] == [{}] * 6


@pytest.mark.rows("MON-13", "MON-14")
def test_connz_of_one_connection(monitored):
    wire = client(monitored, name="n1", lang="go", version="1.2", headers=True)
    wire.send(b"SUB foo 1\r\nSUB bar q 2\r\nPUB foo 5\r\nhello\r\n")
    wire.barrier()
    connz = servers.wait_until(
        lambda: (c := monitored.json("/connz?subs=1"))["connections"]
        and c["connections"][0]["out_msgs"] == 1 and c, "the connection")
    assert {name: connz[name] for name in ("num_connections", "total", "offset", "limit")} == {
        "num_connections": 1, "total": 1, "offset": 0, "limit": 1024}
    assert connz["server_id"] == wire.info["server_id"]
    connection = connz["connections"][0]
    wanted = {"cid": wire.info["client_id"], "kind": "Client", "type": "nats", "ip": "127.0.0.1",
              "port": wire.socket.getsockname()[1], "pending_bytes": 0, "in_msgs": 1,
              "out_msgs": 1, "in_bytes": 5, "out_bytes": 5, "subscriptions": 2, "name": "n1",
              "lang": "go", "version": "1.2"}
    assert {name: connection.get(name) for name in wanted} == wanted
    assert sorted(connection["subscriptions_list"]) == ["bar", "foo"]
    for name in ("start", "last_activity"):
        assert re.fullmatch(RFC3339, connection[name])
    assert re.fullmatch(r"(\d+m)?\d+s", connection["uptime"])
    assert re.fullmatch(r"(\d+m)?\d+s", connection["idle"])
    assert not {"stop", "reason", "authorized_user", "tls_version"} & set(connection)


@pytest.mark.rows("MON-16")
def test_connz_subscription_detail(monitored):
    wire = client(monitored)
    wire.send(b"SUB foo.* workers 7\r\nUNSUB 7 3\r\nPUB foo.a 1\r\nx\r\n")
    wire.barrier()
    connection = monitored.json("/connz?subs=detail")["connections"][0]
    detail = connection["subscriptions_list_detail"]
    assert len(detail) == 1
    assert detail[0] == {"subject": "foo.*", "qgroup": "workers", "sid": "7", "msgs": 1, "max": 3,
                         "cid": wire.info["client_id"]}


@pytest.mark.rows("MON-11", "MON-13")
def test_connz_pages(monitored):
    wires = [client(monitored) for _ in range(5)]
    for wire in wires:
        wire.barrier()
    ids = [wire.info["client_id"] for wire in wires]
    page = monitored.json("/connz?offset=1&limit=2")
    assert (page["num_connections"], page["total"], page["offset"], page["limit"]) == (2, 5, 1, 2)
    assert [c["cid"] for c in page["connections"]] == ids[1:3]
    assert monitored.json("/connz?offset=10")["connections"] == []


@pytest.mark.rows("MON-11")
def test_connz_of_one_cid(monitored):
    wires = [client(monitored) for _ in range(3)]
    for wire in wires:
        wire.barrier()
    wanted = wires[1].info["client_id"]
    found = monitored.json(f"/connz?cid={wanted}")
    assert [c["cid"] for c in found["connections"]] == [wanted]
    assert (found["limit"], found["num_connections"]) == (1, 1)
    assert monitored.json("/connz?cid=999999")["connections"] == []


@pytest.mark.rows("MON-12")
def test_connz_sorts(monitored):
    busy, subscribed, idle = (client(monitored) for _ in range(3))
    idle.barrier()
    subscribed.send(b"SUB foo 1\r\nSUB bar 2\r\nSUB baz 3\r\n")
    subscribed.barrier()
    busy.send(b"SUB x 1\r\n" + b"PUB foo 10\r\n0123456789\r\n" * 5)
    busy.barrier()
    subscribed.barrier()

    def first(sort):
        connections = monitored.json(f"/connz?sort={sort}")["connections"]
        assert len(connections) == 3
        return connections[0]["cid"]

    servers.wait_until(lambda: first("msgs_to") == subscribed.info["client_id"], "out_msgs")
    assert first("subs") == subscribed.info["client_id"]
    assert first("bytes_to") == subscribed.info["client_id"]
    assert first("msgs_from") == busy.info["client_id"]
    assert first("bytes_from") == busy.info["client_id"]
    assert first("cid") == busy.info["client_id"]
    assert first("start") == busy.info["client_id"]
    for sort in ("pending", "last", "idle", "uptime", "rtt"):
        first(sort)


@pytest.mark.rows("MON-11", "MON-15", "CORE-69")
def test_connz_closed(monitored):
    wire, other = client(monitored), client(monitored)
    other.barrier()
    wire.barrier()
    wire.finish()
    closed = servers.wait_until(
        lambda: monitored.json("/connz?state=closed")["connections"], "a closed connection")
    assert [c["reason"] for c in closed] == ["Client Closed"]
    assert re.fullmatch(RFC3339, closed[0]["stop"])
    assert [c["cid"] for c in monitored.json("/connz?state=open")["connections"]] == [
        other.info["client_id"]]
    for state in ("any", "all", "ANY"):
        assert len(monitored.json(f"/connz?state={state}")["connections"]) == 2
    for sort in ("stop", "reason"):
        assert monitored.json(f"/connz?state=closed&sort={sort}")["total"] == 1


@pytest.mark.rows("CONF-040")
def test_connz_keeps_only_so_many_closed(start):
    server = start("-m", "-1", config="max_closed_clients: 3\n")
    last = 0
    for _ in range(5):
        wire = client(server)
        wire.barrier()
        last = wire.info["client_id"]
        wire.finish()

    def kept():
        connections = server.json("/connz?state=closed")["connections"]
        return connections and connections[-1]["cid"] == last and connections

    assert len(servers.wait_until(kept, "the last one to be there")) == 3


@pytest.mark.rows("MON-14")
def test_connz_auth_shows_user_and_account(monitored):
    wire = client(monitored)
    wire.barrier()
    assert "account" not in monitored.json("/connz")["connections"][0]
    assert monitored.json("/connz?auth=1")["connections"][0]["name_tag"] == "$G"


@pytest.mark.rows("MON-01", "MON-11")
@pytest.mark.parametrize("query, text", [
    ("connz?sort=bogus", "invalid sorting option: bogus"),
    ("connz?sort=stop", "sort by stop only valid on closed connections"),
    ("connz?sort=reason", "sort by reason only valid on closed connections"),
    ("connz?sort=stop&state=any", "sort by stop only valid on closed connections"),
    ("connz?subs=x", "Error decoding boolean for 'subs': strconv.ParseBool: parsing \"x\": "
                     "invalid syntax"),
    ("connz?auth=q", "Error decoding boolean for 'auth': strconv.ParseBool: parsing \"q\": "
                     "invalid syntax"),
    ("connz?limit=x", "Error decoding int for 'limit': strconv.Atoi: parsing \"x\": "
                      "invalid syntax"),
    ("connz?offset=1.5", "Error decoding int for 'offset': strconv.Atoi: parsing \"1.5\": "
                         "invalid syntax"),
    ("connz?cid=abc", "Error decoding uint64 for 'cid': strconv.ParseUint: parsing \"abc\": "
                      "invalid syntax"),
    ("connz?state=bogus", "Error decoding state for bogus"),
])
def test_connz_bad_parameters(monitored, query, text):
    status, body, headers = monitored.http(f"/{query}")
    assert (status, body) == (400, text)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.rows("MON-20")
@pytest.mark.parametrize("query, text", [
    ("subsz?test=a..b", "invalid test subject, must be valid publish subject: a..b"),
    ("subsz?test=>", "invalid test subject, must be valid publish subject: >"),
    ("subscriptionsz?limit=q", "Error decoding int for 'limit': strconv.Atoi: parsing \"q\": "
                               "invalid syntax"),
    ("subsz?subs=2x", "Error decoding boolean for 'subs': strconv.ParseBool: parsing \"2x\": "
                      "invalid syntax"),
])
def test_subsz_bad_parameters(monitored, query, text):
    status, body, _ = monitored.http(f"/{query}")
    assert (status, body) == (400, text)


@pytest.mark.rows("MON-20")
def test_subsz_counts(monitored):
    before = monitored.json("/subsz")
    wire = client(monitored)
    wire.send(b"SUB a 1\r\nSUB b.* 2\r\nSUB c.> q 3\r\nUNSUB 1\r\n")
    wire.barrier()
    after = servers.wait_until(
        lambda: (s := monitored.json("/subsz"))["num_removes"] > before["num_removes"] and s,
        "the counters")
    assert after["num_subscriptions"] - before["num_subscriptions"] == 2
    assert after["num_inserts"] - before["num_inserts"] == 3
    assert after["num_removes"] - before["num_removes"] == 1
    assert (after["total"], after["offset"], after["limit"]) == (0, 0, 1024)
    assert "subscriptions_list" not in after
    for name in ("num_cache", "num_matches", "cache_hit_rate", "max_fanout", "avg_fanout"):
        assert name in after


@pytest.mark.rows("MON-20", "MON-16")
def test_subsz_lists_what_a_subject_reaches(monitored):
    wire = client(monitored)
    wire.send(b"SUB a.b 1\r\nSUB a.* q 2\r\nSUB x 3\r\n")
    wire.barrier()
    found = monitored.json("/subsz?subs=1&test=a.b")
    listed = sorted((s["subject"], s.get("qgroup", ""), s["sid"], s["cid"], s["account"])
                    for s in found["subscriptions_list"])
    cid = wire.info["client_id"]
    assert listed == [("a.*", "q", "2", cid, "$G"), ("a.b", "", "1", cid, "$G")]
    assert found["total"] == 2


@pytest.mark.rows("MON-20")
def test_subsz_pages(monitored):
    wire = client(monitored)
    for number in range(10):
        wire.send(b"SUB page.x %d\r\n" % number)
    wire.barrier()
    page = monitored.json("/subsz?subs=1&test=page.x&offset=8&limit=5")
    assert len(page["subscriptions_list"]) == 2
    assert (page["total"], page["offset"], page["limit"]) == (10, 8, 5)


@pytest.mark.rows("MON-25")
def test_healthz(monitored):
    status, body, _ = monitored.http("/healthz")
    assert (status, body) == (200, '{"status":"ok"}')


@pytest.mark.rows("MON-26")
@pytest.mark.parametrize("query, text", [
    ("stream=x", '"account" must not be empty when checking stream health'),
    ("consumer=x", '"stream" must not be empty when checking consumer health'),
])
def test_healthz_bad_parameters(monitored, query, text):
    status, body, _ = monitored.http(f"/healthz?{query}")
    assert status == 400
    assert json.loads(body) == {"status": "error", "error": text}


@pytest.mark.rows("MON-25")
def test_healthz_in_lame_duck_mode(start):
    server = start("-m", "-1", config='lame_duck_duration: "30s"\nlame_duck_grace_period: "10s"\n')
    wire = client(server)
    wire.barrier()
    server.signal("USR2")
    server.wait_log("Entering lame duck mode")
    status, body, _ = server.http("/healthz")
    assert status in (500, 503)
    assert json.loads(body)["status"] in ("error", "unavailable")


@pytest.mark.rows("MON-01")
def test_bad_requests_harm_nothing(monitored):
    for data in (b"\0\xff\0\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"GET /varz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 3_000_000 + b"\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", monitored.http_port),
                                      servers.PATIENCE) as sock:
            sock.settimeout(servers.PATIENCE)
            with contextlib.suppress(OSError):  # it may close at any point
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
    assert monitored.http("/healthz")[0] == 200


@pytest.mark.rows("MON-17", "MON-18", "MON-19")
def test_links_of_a_server_on_its_own(monitored):
    for path, own in (
            ("/routez?subs=detail", {"num_routes": 0, "routes": []}),
            ("/gatewayz?accs=1&subs=1&gw_name=x&acc_name=y",
             {"outbound_gateways": {}, "inbound_gateways": {}}),
            ("/leafz?subs=1&acc=A", {"leafnodes": 0, "leafs": []})):
        page = monitored.json(path)
        assert re.fullmatch("N[A-Z2-7]{55}", page.pop("server_id"))
        assert re.fullmatch(RFC3339, page.pop("now"))
        page.pop("server_name", None)
        assert page == own
    for path, name in (("/routez", "subs"), ("/gatewayz", "accs"), ("/gatewayz", "subs"),
                       ("/leafz", "subs"), ("/ipqueuesz", "all")):
        status, body, _ = monitored.http(f"{path}?{name}=x")
        assert (status, body) == (400, f"Error decoding boolean for '{name}': "
                                       'strconv.ParseBool: parsing "x": invalid syntax')


@pytest.mark.rows("MON-29")
def test_queues(monitored):
    assert set(monitored.json("/ipqueuesz?all=1&queues=nothing-like-it")) == set()
    queues = monitored.json("/ipqueuesz?all=1")
    assert queues
    assert all(isinstance(queue["pending"], int) for queue in queues.values())
    # Three blanks, as the peer has it.
    assert monitored.http("/ipqueuesz?all=1")[1].startswith('{\n   "')


@pytest.mark.rows("MON-30")
def test_raft_groups_there_are_none_of(monitored):
    for path in ("/raftz", "/raftz?acc=A&group=x"):
        status, body, headers = monitored.http(path)
        assert (status, body) == (404, "No Raft nodes registered")
        assert headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.rows("MON-31", "MON-32")
def test_what_the_process_says_of_itself(monitored):
    status, body, headers = monitored.http("/stacksz")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert body
    status, body, headers = monitored.http("/debug/vars")
    assert status == 200
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in headers
    page = json.loads(body)
    assert list(page) == ["cmdline", "memstats"]
    assert page["memstats"]["Alloc"] > 100_000
    assert "NumGC" in page["memstats"]


@pytest.mark.rows("MON-08")
def test_which_requests_are_counted(monitored):
    for path in ("/raftz", "/ipqueuesz", "/stacksz", "/debug/vars", "/routez", "/leafz",
                 "/gatewayz", "/gatewayz", "/nope"):
        monitored.http(path)
    assert monitored.json("/varz")["http_req_stats"] == {
        "/gatewayz": 2, "/leafz": 1, "/routez": 1, "/varz": 1}


@pytest.mark.rows("MON-09")
def test_what_is_not_configured_is_an_empty_object(monitored):
    varz = monitored.json("/varz")
    assert [varz[name] for name in ("cluster", "gateway", "leaf", "mqtt", "websocket")] == [{}] * 5


@pytest.mark.rows("MON-23", "MON-24")
def test_jsz_tells_of_all_however_many(start, tmp_path):
    """More streams and consumers than are looked at in a tick."""
    own = "metrics: { consumers: 200 }\n" if servers.kind() == "midge" else ""
    server = start("-m", "-1", config=f'jetstream: {{ store_dir: "{tmp_path}" }}\n{own}')
    with client(server) as wire:
        wire.send(b"SUB in 1\r\n")

        def ask(subject: str, body: dict):
            text = json.dumps(body)
            wire.send(f"PUB $JS.API.{subject} in {len(text)}\r\n{text}\r\n".encode())
            assert b'"error"' not in wire.frame()

        for n in range(60):
            ask(f"STREAM.CREATE.s{n}", {"name": f"s{n}", "subjects": [f"s.{n}"], "storage": "memory"})
        for n in range(70):
            ask(f"CONSUMER.CREATE.s7.c{n}", {"stream_name": "s7", "config": {"name": f"c{n}", "durable_name": f"c{n}"}})
        told = server.json("/jsz?consumers=1&config=1")
        assert (told["streams"], told["consumers"]) == (60, 70)
        streams = told["account_details"][0]["stream_detail"]
        assert sorted(each["name"] for each in streams) == sorted(f"s{n}" for n in range(60))
        (full,) = [each for each in streams if each["name"] == "s7"]
        assert sorted(each["name"] for each in full["consumer_detail"]) == sorted(f"c{n}" for n in range(70))
        if servers.kind() == "midge":
            assert [each["name"] for each in streams] == sorted(f"s{n}" for n in range(60))
            text = server.http("/metrics")[1]
            assert text.count("\nmidge_consumer_pending_messages{") == 70
            assert "\nmidge_jetstream_streams 60\n" in text


@pytest.mark.rows("MON-11", "MON-13")
def test_connz_of_many_connections(monitored):
    """More than are looked at in a tick, and more than a piece of the answer holds."""
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(client(monitored, name=f"n{i}")) for i in range(300)]
        for wire in wires:
            wire.send(b"SUB a 1\r\nSUB b.> 2\r\nSUB c.* 3\r\n")
            wire.barrier()
        told = monitored.json("/connz?subs=1")
        assert (told["num_connections"], told["total"]) == (300, 300)
        assert [each["name"] for each in told["connections"]] == [f"n{i}" for i in range(300)]
        assert all(sorted(each["subscriptions_list"]) == ["a", "b.>", "c.*"] for each in told["connections"])
        page = monitored.json("/connz?offset=250&limit=40&sort=start")
        assert (page["num_connections"], page["total"]) == (40, 300)
        assert [each["name"] for each in page["connections"]] == [f"n{i}" for i in range(250, 290)]
