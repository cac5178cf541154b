#!/usr/bin/env python3
"""Takes backups of streams from nats-server, for the tests of restoring them.

    tests/jetstream/record_archives.py PEER [SUFFIX]

PEER takes the backups (nats-server of any version) and $RESTORER restores them (default
~/go/bin/nats-server); what that then holds is written beside each, and is what Midge must hold.
"""

import base64
import json
import os
import sys
import tempfile
import time

from archive_talk import FOLDER, Talk, ask, look, must, send_backup, serve, take_backup


def publish(talk, subject, body, headers=None):
    answer = json.loads(talk.request(subject, body, headers).body)
    assert "error" not in answer, answer


def consume(talk, stream, consumer, count, acknowledge=()):
    """Fetches so many; acknowledges those of them by their place."""
    talk.subscribe("pulled", "_DELIVER.pulled")
    talk.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", json.dumps(
        {"batch": count, "expires": 3_000_000_000}).encode(), reply="_DELIVER.pulled")
    for place in range(count):
        message = talk.receive("pulled", 10)
        if place in acknowledge:
            talk.request(message.reply, b"+ACK")
        elif place % 2:
            talk.request(message.reply, b"-NAK")
    talk.unsubscribe("pulled")


def plain(talk):
    must(talk, "STREAM.CREATE.PLAIN", {
        "name": "PLAIN", "subjects": ["plain.>"], "metadata": {"team": "a"}, "allow_direct": True})
    for number in range(40):
        headers = {"Number": str(number), "Nats-Msg-Id": f"id-{number}"} if number % 3 == 0 else None
        publish(talk, f"plain.{number % 7}", f"body {number} ".encode() * (number % 5), headers)
    durable = {"durable_name": "PULL", "ack_policy": "explicit", "ack_wait": 3_600_000_000_000}
    must(talk, "CONSUMER.CREATE.PLAIN.PULL", {"stream_name": "PLAIN", "config": durable})
    must(talk, "CONSUMER.CREATE.PLAIN.FILTERED", {"stream_name": "PLAIN", "config": {
        **durable, "durable_name": "FILTERED", "filter_subjects": ["plain.1", "plain.3"]}})
    must(talk, "CONSUMER.CREATE.PLAIN.PUSH", {"stream_name": "PLAIN", "config": {
        "durable_name": "PUSH", "ack_policy": "none", "deliver_subject": "push",
        "deliver_policy": "by_start_sequence", "opt_start_seq": 20}})
    consume(talk, "PLAIN", "PULL", 12, acknowledge=(0, 1, 2, 5, 8))
    consume(talk, "PLAIN", "FILTERED", 4, acknowledge=(0, 2))
    for sequence in (3, 4, 17, 18, 19, 40):
        must(talk, "STREAM.MSG.DELETE.PLAIN", {"seq": sequence, "no_erase": sequence % 2 == 0})


def first(talk):
    must(talk, "STREAM.CREATE.FIRST", {"name": "FIRST", "subjects": ["first"], "first_seq": 1000})
    for number in range(5):
        publish(talk, "first", b"%d" % number)
    must(talk, "STREAM.MSG.DELETE.FIRST", {"seq": 1000})


def empty(talk):
    must(talk, "STREAM.CREATE.EMPTY", {"name": "EMPTY", "subjects": ["empty"]})


def emptied(talk):
    must(talk, "STREAM.CREATE.EMPTIED", {"name": "EMPTIED", "subjects": ["emptied"]})
    for number in range(10):
        publish(talk, "emptied", b"%d" % number)
    must(talk, "STREAM.PURGE.EMPTIED")


def ttl(talk):
    must(talk, "STREAM.CREATE.TTL", {
        "name": "TTL", "subjects": ["ttl.*"], "allow_msg_ttl": True, "allow_rollup_hdrs": True})
    for number in range(6):
        publish(talk, f"ttl.{number}", b"x" * number, {
            "Nats-TTL": ["never", "1s"][number % 2]})


def work(talk):
    must(talk, "STREAM.CREATE.WORK", {
        "name": "WORK", "subjects": ["work"], "retention": "workqueue"})
    for number in range(10):
        publish(talk, "work", b"job %d" % number)
    must(talk, "CONSUMER.CREATE.WORK.W", {"stream_name": "WORK", "config": {
        "durable_name": "W", "ack_policy": "explicit", "ack_wait": 3_600_000_000_000}})
    consume(talk, "WORK", "W", 5, acknowledge=(0, 2, 4))


def bucket(talk):
    must(talk, "STREAM.CREATE.KV_B", {
        "name": "KV_B", "subjects": ["$KV.B.>"], "max_msgs_per_subject": 2, "deny_delete": True,
        "allow_rollup_hdrs": True, "allow_direct": True, "discard": "new"})
    for number in range(12):
        publish(talk, f"$KV.B.{number % 4}", b"%d" % number)
    publish(talk, "$KV.B.1", b"", {"KV-Operation": "DEL"})
    publish(talk, "$KV.B.2", b"", {"KV-Operation": "PURGE", "Nats-Rollup": "sub"})


def large(talk):
    must(talk, "STREAM.CREATE.LARGE", {"name": "LARGE", "subjects": ["large"]})
    for number in range(100):
        publish(talk, "large", b"a line that comes again and again %d\n" % (number % 3) * 50)


def memory(talk):
    must(talk, "STREAM.CREATE.MEMORY", {
        "name": "MEMORY", "subjects": ["memory"], "storage": "memory"})
    for number in range(5):
        publish(talk, "memory", b"%d" % number)
    must(talk, "CONSUMER.CREATE.MEMORY.E", {"stream_name": "MEMORY", "config": {
        "name": "E", "ack_policy": "all", "inactive_threshold": 3_600_000_000_000}})


SCENARIOS = [plain, first, empty, emptied, ttl, work, bucket, large, memory]


def main():
    peer = os.path.expanduser(sys.argv[1])
    suffix = sys.argv[2] if len(sys.argv) > 2 else ""
    restorer = os.path.expanduser(os.environ.get("RESTORER", "~/go/bin/nats-server"))
    FOLDER.mkdir(exist_ok=True)
    heads = {}
    with tempfile.TemporaryDirectory() as store, serve(store, path=peer) as server:
        talk = Talk(server.port)
        for scenario in SCENARIOS:
            if suffix and scenario is memory:
                continue  # there was no backup of these
            scenario(talk)
            stream = next(name for name in ask(talk, "STREAM.NAMES")["streams"]
                          if name not in heads)
            heads[stream] = take_backup(talk, stream)
    time.sleep(2)  # what was to be gone by then is
    with tempfile.TemporaryDirectory() as store, serve(store, path=restorer) as server:
        talk = Talk(server.port)
        for stream, (head, data) in heads.items():
            answer = send_backup(talk, head, data)
            assert "error" not in answer, (stream, answer)
            if stream == "TTL":
                time.sleep(2)  # those of older versions are expired behind the restore
            record = {**head, "then": look(talk, stream),
                      "archive": base64.b64encode(data).decode()}
            path = FOLDER / (stream.lower() + suffix + ".json")
            path.write_text(json.dumps(record, indent=1) + "\n")
            print(path.name, len(data))


if __name__ == "__main__":
    main()
