#!/usr/bin/env python3
"""Fills in what a transcript expects, from what a server answers.

    tests/conformance/record.py --server PATH FILE ...

A step `A ?` is replaced by what connection A receives at that point, until it is quiet, and
`A reason ?` by the reason of its closing; steps that are there already are checked, not changed. At the end each connection that the file does not close
gets a last step: `open` or `waits`. Run it against the peer, then read what it wrote.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import play  # noqa: E402
import transcript as transcripts  # noqa: E402
from harness import server as servers  # noqa: E402

QUIET_SECONDS = 0.06


def record(path: pathlib.Path, pool):
    """Rewrites the file with each `?` step answered; True if anything changed."""
    recorded = transcripts.load(path)
    server = pool.start(recorded) if recorded.owns_server else pool.shared(recorded)
    player = play.Player(server, servers.kind(pool.path))
    answers = {}
    try:
        for step in recorded.steps:
            if step.verb == "?":
                wire = player.wires[step.who]
                wire.wait_consumed()
                data, closed = wire.until_quiet(QUIET_SECONDS)
                answers[step.number] = transcripts.received_steps(step.who, data, closed)
            elif (step.verb, step.argument) == ("reason", "?"):
                answers[step.number] = [f"{step.who} reason {player.reason(step.who)}"]
            else:
                play._play_step(player, recorded, step, ("whole", 0))
        endings = _endings(player, recorded) if answers else []
    finally:
        player.finish()
        if recorded.owns_server:
            server.stop()
    if not answers:
        return False
    lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
        lines += answers.get(number, [line])
    path.write_text("\n".join(lines + endings) + "\n", encoding="utf-8")
    return True


def _endings(player, recorded) -> list:
    """How each connection stands at the end."""
    endings = []
    for name, wire in player.wires.items():
        last = [step for step in recorded.steps if step.who == name][-1]
        if wire.ended or last.verb in ("open", "waits", "closed", "reason", "cut-off", "frames"):
            continue
        wire.send(b"PING\r\n")
        try:
            line = wire.line(patience=0.2)
            endings.append(f"{name} open" if line == b"PONG" else f"{name} # {line!r}")
        except TimeoutError:
            endings.append(f"{name} waits")
        except play.Closed:
            endings.append(f"{name} closed  # after a PING")
    return endings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    pool = play.ServerPool(str(pathlib.Path(arguments.server).expanduser().resolve()))
    failed = False
    try:
        for path in arguments.files:
            try:
                if record(path.resolve(), pool):
                    print(f"recorded {path}")
            except play.Mismatch as error:
                failed = True
                print(f"FAIL {error}")
    finally:
        pool.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
