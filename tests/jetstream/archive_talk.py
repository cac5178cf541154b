"""Backups of streams over the API: taking them, restoring them, making bad ones; and what a stream
holds, in a form that can be compared."""

import hashlib
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from api_talk import SILENCE, Talk  # noqa: E402
from harness.server import Server  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent / "archives"


def serve(store, path="", more=""):
    return Server(path=path, config=f'jetstream {{ store_dir: "{store}"\n{more} }}\n')


def ask(talk, subject, body=None, patience=0.0):
    text = b"" if body is None else json.dumps(body).encode()
    answer = talk.request("$JS.API." + subject, text, patience=patience)
    assert answer is not SILENCE, subject
    return json.loads(answer.body)


def must(talk, subject, body=None):
    answer = ask(talk, subject, body)
    assert "error" not in answer, (subject, answer)
    return answer


# ---- taking a backup, and restoring one

class Snapshot:
    """A backup that is being taken. Chunks are acknowledged as the caller says."""

    def __init__(self, talk, stream, **terms):
        self.talk = talk
        talk.subscribe("chunks", "_DELIVER.chunks")
        self.answer = ask(talk, "STREAM.SNAPSHOT." + stream,
                          {"deliver_subject": "_DELIVER.chunks", **terms})

    @property
    def head(self):
        return {name: self.answer[name] for name in ("config", "state")}

    def next(self, patience=20.0):
        return self.talk.receive("chunks", patience)

    def acknowledge(self, chunk):
        if chunk.reply:
            self.talk.publish(chunk.reply, b"")

    def close(self):
        self.talk.unsubscribe("chunks")


def take_backup(talk, stream, **terms):
    """(configuration and state, bytes)."""
    snapshot = Snapshot(talk, stream, **terms)
    assert "error" not in snapshot.answer, snapshot.answer
    data = b""
    while chunk := snapshot.next():
        if not chunk.body:
            assert not chunk.headers or chunk.headers.startswith("NATS/1.0 204"), chunk.headers
            break
        data += chunk.body
        snapshot.acknowledge(chunk)
    assert chunk is not None
    snapshot.close()
    return snapshot.head, data


def send_backup(talk, head, data, chunk_size=100_000, end=True, name=""):
    """The last answer; that of the request, if it is an error; None: there was none."""
    answer = ask(talk, "STREAM.RESTORE." + (name or head["config"]["name"]), head)
    if "error" in answer:
        return answer
    subject = answer["deliver_subject"]
    for at in range(0, len(data), chunk_size):
        told = talk.request(subject, data[at:at + chunk_size])
        if told is SILENCE:
            return None
        if told.body:
            return json.loads(told.body)
    if not end:
        return None
    told = talk.request(subject, b"", patience=20)
    return None if told is SILENCE else json.loads(told.body)


# ---- what a stream holds

def without_versions(config):
    kept = {key: value for key, value in config.get("metadata", {}).items()
            if not key.startswith("_nats.")}
    config = {key: value for key, value in config.items() if key != "metadata"}
    return {**config, "metadata": kept} if kept else config


def look(talk, stream, bytes_too=True):
    info = must(talk, "STREAM.INFO." + stream, {"deleted_details": True, "subjects_filter": ">"})
    state = info["state"]
    if not bytes_too:
        del state["bytes"]
    if state["last_seq"] == 0:  # nats-server tells of it in several ways
        for name in ("first_seq", "num_deleted", "deleted"):
            state.pop(name, None)
    messages = []
    for sequence in range(max(1, state.get("first_seq", 1)), state["last_seq"] + 1):
        answer = ask(talk, "STREAM.MSG.GET." + stream, {"seq": sequence})
        if "message" in answer:
            messages.append(answer["message"])
    if len(messages) > 50:
        messages = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
    consumers = {}
    for each in must(talk, "CONSUMER.LIST." + stream)["consumers"]:
        consumers[each["name"]] = {
            "config": without_versions(each["config"]),
            "delivered": places(each["delivered"]), "ack_floor": places(each["ack_floor"]),
            "counts": [each[count] for count in (
                "num_ack_pending", "num_redelivered", "num_pending")]}
    return {"config": without_versions(info["config"]), "state": state, "messages": messages,
            "consumers": consumers}


def places(pair):
    return [pair["consumer_seq"], pair["stream_seq"]]


# ---- archives made here

def crc32c_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


CRC = crc32c_table()


def s2(plain):
    """A stream of S2, without compression."""
    stream = b"\xff\x06\x00\x00S2sTwO"
    for at in range(0, len(plain), 65536):
        piece = plain[at:at + 65536]
        crc = 0xFFFFFFFF
        for byte in piece:
            crc = CRC[(crc ^ byte) & 255] ^ crc >> 8
        crc ^= 0xFFFFFFFF
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        stream += b"\x01" + struct.pack("<I", len(piece) + 4)[:3] + struct.pack("<I", masked) + piece
    return stream


def varint(value):
    text = b""
    while value >= 0x80:
        text += bytes([value & 0x7F | 0x80])
        value >>= 7
    return text + bytes([value])


def entry(name=b"", time=0, sequence=0, header=b"", payload=b"", header_size=None,
          payload_size=None):
    return (varint(len(name)) + varint(time << 1) + varint(sequence)
            + varint(len(header) if header_size is None else header_size)
            + varint(len(payload) if payload_size is None else payload_size)
            + name + header + payload)


def state_entry(**fields):
    state = {"messages": 0, "bytes": 0, "first_seq": 0, "first_ts": "0001-01-01T00:00:00Z",
             "last_seq": 0, "last_ts": "0001-01-01T00:00:00Z", "consumer_count": 0, **fields}
    return entry(b"state.json", 1, 0, b"", json.dumps(state).encode())


def archive(*entries):
    return s2(b"NATSARC1" + b"".join(entries))


END = entry()
