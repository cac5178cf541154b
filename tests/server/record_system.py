#!/usr/bin/env python3
"""Fills `system_talk.json` in from nats-server 2.15.2: `record_system.py SERVER [FILE]`."""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.server import Server  # noqa: E402
import system_talk  # noqa: E402

SILENT_AFTER = 0.4  # seconds


def answer_of(asker, subject, body):
    try:
        return system_talk.kept(asker.ask(subject, body, patience=SILENT_AFTER))
    except TimeoutError:
        return "silence"


def main():
    record = {}
    with tempfile.TemporaryDirectory() as store:
        config = system_talk.CONFIG.replace("%DIR%", store)
        with Server(config=config, path=sys.argv[1]) as server:
            others = system_talk.populate(server)
            askers = {user: system_talk.Asker(server, user) for user in "sab"}
            for user, subject, body in system_talk.talk():
                record[f"{user} {subject} {body}"] = answer_of(askers[user], subject, body)
            for wire in others:
                wire.close()
    path = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else system_talk.RECORD
    lines = (f"{json.dumps(key)}: {json.dumps(answer, sort_keys=True)}"
             for key, answer in sorted(record.items()))
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


main()
