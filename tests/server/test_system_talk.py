"""What is asked in the system account is answered as nats-server 2.15.2 does it: by whom, with which
errors, in which shape (`system_talk.json`, recorded from it)."""

import fnmatch
import json

import pytest

import system_talk
from system_talk import Asker

RECORD = json.loads(system_talk.RECORD.read_text())

# Where Midge differs: patterns of requests, and of paths that are not there, or more, or else.
ABSENT = (
    ("*", "*.limits.default_max_consumers"),  # there is no such limit
    ("*", "*memstats*"),  # Go's
    ("* EXPVARZ*", "data.cmdline*"),
    ("*", "data.jetstream.limits.*"),
    ("*", "*.mappings*"),  # those of a domain are not shown
    ("*", "*.imports*"),  # nor what the server itself imports
    ("*", "*.exports*"),
    ("*IPQUEUESZ*", "data.*"),
)
MORE = (
    ("*", "*jetstream.config.*"),
    ("*JSZ*", "data.config.*"),
    ("*VARZ*", "data.*"),
    ("*SUBSZ*", "data.subscriptions_list*qgroup"),  # which ones are on a page
    ("*IPQUEUESZ*", "data.*"),
)
# The peer has null for a list without members, of an account that does not exist.
OTHER_TYPE = (
    ("*CONNZ*", "data.connections"),
    ("*PROFILEZ*heap*", "data.profile"),  # which Midge does not keep
)
# nats-server's answers to these are odd, or of its own kind.
OTHER_ANSWER = {
    's $SYS.REQ.SERVER.PING.CONNZ {"state": 7}': (500, "Error decoding state for 7"),
    's $SYS.REQ.SERVER.PING.CONNZ {"acc": "nobody"}': None,
    "s $SYS.REQ.ACCOUNT.NSUBS ": "nobody",  # servers ask each other
    "s $SYS.REQ.USER.A.INFO ": None,  # whoever asks is told of itself, whatever the subject
}


def matches(rules, request, path) -> bool:
    return any(fnmatch.fnmatch(request, pattern) and fnmatch.fnmatch(path, paths)
               for pattern, paths in rules)


def check_shape(request, expected, found):
    differences = [f"missing {path}" for path in expected.keys() - found.keys()
                   if not matches(ABSENT, request, path)]
    differences += [f"more: {path}" for path in found.keys() - expected.keys()
                    if not matches(MORE, request, path)]
    differences += [f"{path}: {found[path]} for {expected[path]}"
                    for path in expected.keys() & found.keys()
                    if expected[path] != found[path] and not matches(OTHER_TYPE, request, path)]
    assert not differences, "\n".join([request, *sorted(differences)])


@pytest.fixture(scope="module")
def askers(tmp_path_factory):
    from harness.server import Server
    store = tmp_path_factory.mktemp("store")
    with Server(config=system_talk.CONFIG.replace("%DIR%", str(store))) as server:
        others = system_talk.populate(server)
        yield {user: Asker(server, user) for user in "sab"}
        for wire in others:
            wire.close()


def check(asker, request, subject, body):
    expected = RECORD[request]
    if request in OTHER_ANSWER:
        expected = OTHER_ANSWER[request]
    if expected == "silence":
        assert asker.is_silent(subject, body), request
        return
    found = system_talk.kept(asker.ask(subject, body))
    if expected is None or isinstance(expected, tuple):
        error = found.get("error", {})
        assert expected in (None, (error.get("code"), error.get("description")))
        return
    if expected == "nobody":
        assert found == "nobody", request
        return
    assert found != "nobody", request
    assert set(found) == set(expected), (request, found)
    if "error" in expected:
        assert found["error"]["code"] == expected["error"]["code"], request
        if body != "{bad":  # where it is no JSON, each has its own words
            assert found["error"]["description"] == expected["error"]["description"], request
    if "shape" in expected:
        check_shape(request, expected["shape"], found["shape"])


def requests(*patterns):
    """The requests whose subject matches one of the patterns, as parameters of a test."""
    chosen = [one for one in system_talk.talk()
              if any(fnmatch.fnmatch(one[1], pattern) for pattern in patterns)]
    return pytest.mark.parametrize("user, subject, body", chosen,
                                   ids=[" ".join(one) for one in chosen])


@pytest.mark.rows("SYS-02", "SYS-03", "SYS-05", "SYS-06", "SYS-07", "SYS-08", "SYS-32")
@requests("$SYS.REQ.SERVER.*")
def test_of_servers(askers, user, subject, body):
    check(askers[user], f"{user} {subject} {body}", subject, body)


@pytest.mark.rows("SYS-01", "SYS-14", "SYS-15", "SYS-31")
@requests("$SYS.REQ.ACCOUNT.*")
def test_of_accounts(askers, user, subject, body):
    check(askers[user], f"{user} {subject} {body}", subject, body)


@pytest.mark.rows("SYS-16", "SYS-17", "SYS-18", "SYS-31")
@requests("$SYS.REQ.USER.*", "$SYS.DEBUG.*")
def test_of_users(askers, user, subject, body):
    check(askers[user], f"{user} {subject} {body}", subject, body)


@pytest.mark.rows("SYS-04")
@pytest.mark.parametrize("accepted, told", [
    ("gzip", "gzip"), ("GZIP", "gzip"), ("snappy", "snappy"), ("s2", "snappy"),
    ("gzip, snappy", "snappy"), ("br", "identity"),
])
def test_packed_answers(askers, accepted, told):
    headers, payload = askers["s"].ask("$SYS.REQ.SERVER.PING.ROUTEZ",
                                       headers=f"Accept-Encoding: {accepted}\r\n")
    assert headers == f"NATS/1.0\r\nContent-Encoding: {told}\r\n\r\n"
    if told == "gzip":
        import gzip
        payload = gzip.decompress(payload)
    if told == "snappy":
        assert payload.startswith(b"\xff\x06\x00\x00sNaPpY")
    else:
        assert json.loads(payload)["server"]["name"] == "paris"
    # IDZ never is, nor are errors.
    for subject, body in (("IDZ", ""), ("VARZ", "[]")):
        assert askers["s"].ask(f"$SYS.REQ.SERVER.PING.{subject}", body,
                               headers=f"Accept-Encoding: {accepted}\r\n")[0] == ""
