#!/usr/bin/env python3
"""Plays transcripts on nats-server and writes its answers into them.

    tests/jetstream/record.py FILE...      those files
    tests/jetstream/record.py --all
    PEER=PATH                              the server (default ~/go/bin/nats-server)
"""

import os
import pathlib
import sys

import api_transcript as transcripts


def main():
    peer = os.path.expanduser(os.environ.get("PEER", "~/go/bin/nats-server"))
    paths = sys.argv[1:]
    files = transcripts.load_all() if paths == ["--all"] else [
        transcripts.Transcript(pathlib.Path(path).resolve()) for path in paths]
    for one in files:
        with transcripts.Player(one, peer) as player:
            for step, answers in player.play():
                step.recorded = answers
        one.path.write_text(one.text())
        print(one.name)


if __name__ == "__main__":
    main()
