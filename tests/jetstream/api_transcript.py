"""Transcripts: read, played on a server, their answers made comparable."""

import json
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness.server import Server  # noqa: E402

import api_talk as talk  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "transcripts"
# How long an answer that should not come is waited for.
SILENT = 0.3

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IDENTITY = re.compile(r"Nats-Stream-Identity: [0-9A-Za-z]{8}\b")
_OTHER_IDENTITY = re.compile(r"identity does not match: [0-9A-Za-z]{8}\b")
_CLIENT = re.compile(r'"id":\d+,"acc"')
_PIN = re.compile(r"Nats-Pin-Id: [0-9A-Za-z]{22}\b")
_SERVER = re.compile(r"\bN[A-Z2-7]{55}\b")
_ACK = re.compile(r"(\$JS\.ACK\.(?:[^. ]+\.){2,4}\d+\.\d+\.\d+\.)\d{16,}(\.\d+)")
_STORE = re.compile(r"<store>/[^\"]*")  # a folder within it, of each server's own choice
_NANOS = {"pause_remaining", "active", "ack_time", "delivered_ns", "rtt"}
# Lists in no order of their own.
_BY_NAME = {"account_details", "stream_detail", "consumer_detail", "direct_consumer_detail"}
_FILL = re.compile(r"(.)\*(\d{4,})")  # `x*66000`: so many
_RANDOM = re.compile(r"\"name\":\"([A-Za-z0-9]{8}|[A-Za-z0-9]{22})\"")


class Step:
    def __init__(self, line, number):
        self.line, self.number = line, number
        self.recorded, self.wanted = [], []


class Transcript:
    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(FOLDER).with_suffix("")) if FOLDER in path.parents else path.stem
        self.head, self.jetstream, self.config, self.steps = [], [], [], []
        self.comments = {}
        lines = path.read_text().splitlines()
        split = lines.index("---")
        self.head = lines[:split]
        for line in self.head:
            if line.startswith("jetstream:"):
                self.jetstream.append(line[10:].strip())
            elif line.startswith("config:"):
                self.config.append(line[7:].strip())
        pending = []
        for number, line in enumerate(lines[split + 1:], split + 2):
            if line.startswith("<~"):
                self.steps[-1].wanted.append(line[3:])
            elif line.startswith("< ") or line == "<":
                self.steps[-1].recorded.append(line[2:])
            elif not line.strip() or line.startswith("#"):
                pending.append(line)
            else:
                step = Step(line, number)
                step.before, pending = pending, []
                self.steps.append(step)
        self.after = pending

    def configuration(self):
        if self.jetstream == ["off"]:
            return "\n".join(self.config) + "\n"
        inside = "\n".join(self.jetstream)
        store = "" if "store_dir" in inside else "store_dir: %STORE%\n"
        return "jetstream {\n" + store + inside + "\n}\n" + "\n".join(self.config) + "\n"

    def text(self):
        out = list(self.head) + ["---"]
        for step in self.steps:
            out += step.before + [step.line] + [f"< {line}".rstrip() for line in step.recorded]
            out += [f"<~ {line}".rstrip() for line in step.wanted]
        return "\n".join(out + self.after) + "\n"


def load_all():
    return [Transcript(path) for path in sorted(FOLDER.glob("**/*.txt"))]


def comparable(text, names):
    """`text` with what differs from run to run replaced by names."""
    text = _TIME.sub(lambda m: m.group(0) if m.group(0).startswith("0001") else "<time>", text)
    text = _SERVER.sub("<server>", text)
    text = _IDENTITY.sub("Nats-Stream-Identity: <id>", text)
    text = _OTHER_IDENTITY.sub("identity does not match: <id>", text)
    text = _CLIENT.sub('"id":0,"acc"', text)
    text = _PIN.sub("Nats-Pin-Id: <pin>", text)
    text = _ACK.sub(r"\1<ns>\2", text)
    for name, stand_in in names.items():
        text = text.replace(name, stand_in)
    text = _STORE.sub("<store>", text)
    if text.startswith("{") and text.endswith("}"):
        try:
            text = json.dumps(_plain(json.loads(text)), separators=(",", ":"), ensure_ascii=False)
        except ValueError:
            pass
    return text.rstrip()


def _plain(value, key=""):
    if isinstance(value, dict):
        if "feature_flags" in value:  # who answers: counts all it tells
            value = {**value, "seq": "<n>"}
        return {k: _plain(v, k) for k, v in value.items()}
    if isinstance(value, list):
        if key in _BY_NAME:
            value = sorted(value, key=lambda one: one["name"])
        return [_plain(v) for v in value]
    if key in _NANOS and isinstance(value, int) and value > 0:
        return "<ns>"
    if key == "id" and isinstance(value, str) and len(value) == 22:
        return "<id>"
    return value


class Player:
    """Plays one transcript; play() yields (step, answers as comparable lines)."""

    def __init__(self, transcript, path=""):
        self.transcript = transcript
        self.store = tempfile.TemporaryDirectory(prefix="midge-store-")
        config = transcript.configuration().replace("%STORE%", self.store.name)
        self.server = Server(path=path, config=config)
        self.talks = {}
        self.names, self.last = {self.store.name: "<store>"}, {}
        self.talk = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.talks.values():
            one.close()
        self.server.stop()
        self.store.cleanup()

    def _as(self, user, password):
        if user not in self.talks:
            self.talks[user] = talk.Talk(self.server.port, user, password)
            self.names[self.talks[user].server_id] = "<server>"
        self.talk = self.talks[user]

    def play(self):
        for step in self.transcript.steps:
            if self.talk is None and not step.line.startswith(("as ", "get ")):
                self._as("", "")
            yield step, [comparable(line, self.names) for line in self._do(step)]

    def _do(self, step):
        self._expects_silence = "!silence" in (step.wanted or step.recorded)
        verb, _, rest = step.line.partition(" ")
        return getattr(self, "do_" + verb)(rest)

    def do_as(self, rest):
        self._as(*rest.split(" "))
        return []

    def _answer(self, message, request):
        if message is talk.NONE:
            return ["!none"]
        if message is talk.SILENCE:
            return ["!silence"]
        self._learn_names(message, request)
        shown = _headers(message.headers)
        body = message.body.decode(errors="backslashreplace")
        return [line for line in (shown, body) if line] or [""]

    def _learn_names(self, message, request):
        if "CONSUMER.CREATE" not in request:
            return
        for found in _RANDOM.findall(message.body.decode(errors="replace")):
            if found not in request and found not in self.names:
                count = sum(name.startswith("<name") for name in self.names.values())
                self.names[found] = f"<name{count + 1}>"

    def _request(self, subject, body, headers):
        subject, body = self._named(subject), self._named(body)
        patience = SILENT if self._expects_silence else 0
        return self._answer(self.talk.request(subject, body.encode(), headers, patience),
                            f"{subject} {body}")

    def _named(self, text):
        for name, stand_in in self.names.items():
            text = text.replace(stand_in, name)
        return text

    _expects_silence = False

    def do_req(self, rest):
        subject, _, body = rest.partition(" ")
        return self._request(subject, body, None)

    def do_reqh(self, rest):
        subject, headers, body = _split_headers(rest)
        return self._request(subject, body, headers)

    def _publish(self, subject, body, headers):
        reply = ""
        if body.startswith("REPLY="):
            reply, _, body = body[6:].partition(" ")
        self.talk.publish(subject, body.encode(), headers, reply)
        self.talk.flush()
        return []

    def do_pub(self, rest):
        subject, _, body = rest.partition(" ")
        return self._publish(subject, body, None)

    def do_pubh(self, rest):
        subject, headers, body = _split_headers(rest)
        return self._publish(subject, body, headers)

    def do_sub(self, rest):
        self.talk.subscribe(*rest.split(" "))
        return []

    def do_unsub(self, rest):
        self.talk.unsubscribe(rest)
        return []

    def do_recv(self, rest):
        message = self.talk.receive(rest, talk.PATIENCE)
        if message is None:
            return ["!silence"]
        self.last[rest] = message
        lines = [" ".join(part for part in (message.subject, message.reply) if part)]
        lines += [_headers(message.headers)] if message.headers else []
        lines += [message.body.decode(errors="backslashreplace")] if message.body else []
        return lines

    def do_drain(self, rest):
        """All that comes up to a status, or until nothing comes."""
        lines = []
        while True:
            message = self.talk.receive(rest, SILENT)
            if message is None:
                return lines
            self.last[rest] = message
            lines.append(" ".join(part for part in (
                message.subject, message.reply, _headers(message.headers),
                message.body.decode(errors="backslashreplace")) if part))
            if message.headers.startswith(("NATS/1.0 4", "NATS/1.0 204")):
                return lines

    def do_quiet(self, rest):
        message = self.talk.receive(rest, SILENT)
        return [] if message is None else [f"!came {message.subject} {message.body!r}"]

    def do_ack(self, rest):
        name, _, body = rest.partition(" ")
        self.talk.publish(self.last[name].reply, body.encode())
        self.talk.flush()
        return []

    def do_ackreq(self, rest):
        name, _, body = rest.partition(" ")
        return self._answer(self.talk.request(self.last[name].reply, body.encode()), "")

    def do_get(self, rest):
        status, body, _ = self.server.http(rest)
        return [str(status)] * (status != 200) + [_one_line(body)]

    def do_wait(self, rest):
        time.sleep(int(rest) / 1000)
        return []


def _one_line(body):
    try:
        return json.dumps(json.loads(body), separators=(",", ":"))
    except ValueError:
        return body.strip()


def _headers(block):
    return " | ".join(line for line in block.strip().split("\r\n") if line)


def _split_headers(rest):
    subject, _, rest = rest.partition(" ")
    headers, end = json.JSONDecoder().raw_decode(rest)
    for name, value in headers.items():
        if isinstance(value, str) and (fill := _FILL.fullmatch(value)):
            headers[name] = fill[1] * int(fill[2])
    return subject, headers, rest[end:].lstrip(" ")
