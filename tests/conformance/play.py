#!/usr/bin/env python3
"""Replays transcripts against a server.

    tests/conformance/play.py [--server PATH] [NAME-OR-FILE ...]

Without names all are played. The exit status is 1 if any fails.
"""

import argparse
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import transcript as transcripts  # noqa: E402
from harness import server as servers  # noqa: E402
from harness.wire import Closed, Wire  # noqa: E402


# Lines that Midge's configuration gets besides, such as `loops: 4, connection_placement: spread`.
EXTRA_CONFIG = os.environ.get("MIDGE_TEST_CONFIG", "")


# The server may send one at any time, to measure the round trip; only what waits for it sees it.
PING = b"PING\r\n"


class Mismatch(AssertionError):
    """The server did something else than the transcript says."""


class ServerPool:
    """Servers shared by transcripts that ask for the same flags and configuration."""

    def __init__(self, path: str):
        self.path = path
        self._servers = {}

    def start(self, transcript) -> servers.Server:
        config = transcript.config
        if EXTRA_CONFIG and servers.kind(self.path) == "midge":
            config = f"{config or ''}\n{EXTRA_CONFIG}\n"
        return servers.Server(transcript.flags, config, path=self.path)

    def shared(self, transcript) -> servers.Server:
        key = (transcript.flags, transcript.config)
        running = self._servers.get(key)
        if running is None or running.process.poll() is not None:
            running = self._servers[key] = self.start(transcript)
        return running

    def stop(self):
        for running in self._servers.values():
            running.stop()


def play(transcript, pool: ServerPool):
    """Plays a transcript in each way of splitting its bytes that its head asks for."""
    for split in transcript.splits:
        if split == "halves":
            for cut in range(1, _longest_send(transcript)):
                _play_once(transcript, pool, ("cut", cut))
        else:
            _play_once(transcript, pool, (split, 0))


def _longest_send(transcript) -> int:
    return max(len(_sent(step)) for step in transcript.steps if step.verb in (">", ">>"))


def _play_once(transcript, pool, split):
    server = pool.start(transcript) if transcript.owns_server else pool.shared(transcript)
    player = Player(server, servers.kind(pool.path), split)
    try:
        for step in transcript.steps:
            _play_step(player, transcript, step, split)
    finally:
        player.finish()
        if transcript.owns_server:
            server.stop()


def _play_step(player, transcript, step, split):
    try:
        player.step(step)
    except (Mismatch, Closed, TimeoutError, OSError) as error:
        how = "" if split[0] == "whole" else f" (split: {split[0]} {split[1]})"
        raise Mismatch(
            f"{transcript.path}:{step.number}: {step.text}{how}\n  {error}") from None


def _sent(step) -> bytes:
    """The bytes of a `>` (a line) or `>>` (bytes as they are) step, `N x ` in front repeats."""
    times = re.match(r"(\d+) x ", step.argument)
    text = step.argument[times.end():] if times else step.argument
    data = transcripts.to_bytes(text) + (b"\r\n" if step.verb == ">" else b"")
    return data * int(times.group(1)) if times else data


class Player:
    """Holds the connections of one transcript while it is played."""

    def __init__(self, server, kind: str, split=("whole", 0)):
        self.server = server
        self.kind = kind
        self.split = split
        self.wires = {}

    def step(self, step):
        if step.only and step.only != self.kind:
            return
        subject = "server" if step.who == "server" else "wire"
        action = self._ACTIONS.get((subject, step.verb))
        if action is None:
            raise ValueError(f"unknown step: {step.text}")
        action(self, step)

    def finish(self):
        for wire in self.wires.values():
            wire.finish()

    # Connections

    def _connect(self, step):
        wire = Wire(self.server.host, self.server.port)
        self.wires[step.who] = wire
        if step.argument != "unread":
            _info(wire)

    def _client(self, step):
        self._connect(step)
        options = {"verbose": False, "pedantic": False}
        options.update(json.loads(step.argument or "{}"))
        self.wires[step.who].send(b"CONNECT " + json.dumps(options).encode() + b"\r\n")

    def _send(self, step):
        wire, data = self.wires[step.who], _sent(step)
        how, cut = self.split
        if how == "bytes":
            wire.send_split(data[at:at + 1] for at in range(len(data)))
        elif how == "cut" and cut < len(data):
            wire.send_split((data[:cut], data[cut:]))
        else:
            wire.send(data)

    def _half_close(self, step):
        import socket
        self.wires[step.who].socket.shutdown(socket.SHUT_WR)

    def _close(self, step):
        self.wires.pop(step.who).finish()

    # Expectations

    def _line(self, step):
        wanted = transcripts.to_bytes(step.argument)
        _same(_next_line(self.wires[step.who], wanted == b"PING"), wanted)

    def _bytes(self, step):
        wanted = transcripts.to_bytes(step.argument)
        wire = self.wires[step.who]
        came = wire.exactly(len(wanted))
        if came != wanted and came.startswith(PING):  # one of the server's own
            wire.send(b"PONG\r\n")
            came = came[len(PING):] + wire.exactly(len(PING))
        _same(came, wanted)

    def _match(self, step):
        line = _next_line(self.wires[step.who]).decode(errors="surrogateescape")
        if not re.fullmatch(step.argument, line):
            raise Mismatch(f"came: {line}")

    def _info(self, step):
        wanted, *absent = _info_argument(step.argument)
        fields = _info(self.wires[step.who])
        for name, value in wanted.items():
            if isinstance(value, str) and value.startswith("~"):
                if not re.fullmatch(value[1:], str(fields.get(name))):
                    raise Mismatch(f"{name} is {fields.get(name)!r}, not like {value[1:]}")
            elif fields.get(name) != value:
                raise Mismatch(f"{name} is {fields.get(name)!r}, not {value!r}")
        for name in absent:
            if name in fields:
                raise Mismatch(f"{name} should not be there, and is {fields[name]!r}")

    def _open(self, step):
        """The connection answers a PING, and nothing else came before."""
        frames = self.wires[step.who].barrier()
        if frames:
            raise Mismatch(f"came before the PONG: {frames!r}")

    def _waits(self, step):
        """The server has read all, says nothing, and keeps the connection."""
        wire = self.wires[step.who]
        wire.wait_consumed()
        with Wire(self.server.host, self.server.port) as other:
            _info(other)
            other.send(b'CONNECT {"verbose":false}\r\n')
            other.barrier()
            came = wire.arrived()
            if came not in (b"", PING) or wire.ended:
                raise Mismatch(f"came: {came!r}{' and the end' if wire.ended else ''}")
            other.finish()

    def _closed(self, step):
        rest = self.wires[step.who].until_closed()
        if rest not in (b"", PING):
            raise Mismatch(f"came before the end: {rest!r}")

    def _cut_off(self, step):
        """Closed by the server at any point of what it was sending, and without -ERR."""
        rest = self.wires[step.who].until_closed()
        if b"-ERR" in rest:
            raise Mismatch(f"came at the end: {rest[-200:]!r}")

    def _frames(self, step):
        """`A frames FRAME | FRAME`: these whole frames, in any order, and then the PONG."""
        wanted = sorted(transcripts.to_bytes(part) for part in step.argument.split(" | "))
        _same(sorted(self.wires[step.who].barrier()), wanted)

    def _share(self, step):
        """`A+B+C shares`: handled with names joined by `_and_`; see README.md."""
        match = re.fullmatch(r"(\d+) of (.*?)(?: with (\w[\w,]*) least (\d+))?", step.argument)
        total, pattern, others, least = match.groups()
        names = [step.who] + (others.split(",") if others else [])
        counts = {}
        for name in names:
            frames = [frame.decode() for frame in self.wires[name].barrier()]
            strange = [frame for frame in frames if not re.fullmatch(pattern, frame, re.DOTALL)]
            if strange:
                raise Mismatch(f"{name} was sent {strange[:3]!r}")
            counts[name] = len(frames)
        if sum(counts.values()) != int(total):
            raise Mismatch(f"counts: {counts}")
        if min(counts.values()) < int(least or 0):
            raise Mismatch(f"too uneven: {counts}")

    def reason(self, who) -> str:
        """Why the server closed: `/connz?state=closed` says so. Needs `-m -1`."""
        port = self.wires[who].socket.getsockname()[1]

        def found():
            closed = self.server.json("/connz?state=closed&limit=10000")["connections"]
            return [c["reason"] for c in closed or [] if c["port"] == port]

        return servers.wait_until(found, f"port {port} among the closed connections")[-1]

    def _reason(self, step):
        _same(self.reason(step.who), step.argument)

    # The server

    def _signal(self, step):
        self.server.signal(step.argument)

    def _exits(self, step):
        status = self.server.wait_exit()
        if status != int(step.argument):
            raise Mismatch(f"exit status {status}; log:\n{self.server.log()}")

    def _log(self, step):
        self.server.wait_log(step.argument)

    _ACTIONS = {
        ("wire", "connect"): _connect, ("wire", "client"): _client,
        ("wire", ">"): _send, ("wire", ">>"): _send,
        ("wire", "half-close"): _half_close, ("wire", "close"): _close,
        ("wire", "<"): _line, ("wire", "<<"): _bytes, ("wire", "~"): _match,
        ("wire", "info"): _info, ("wire", "open"): _open, ("wire", "waits"): _waits,
        ("wire", "closed"): _closed, ("wire", "cut-off"): _cut_off,
        ("wire", "frames"): _frames, ("wire", "gets"): _share, ("wire", "reason"): _reason,
        ("server", "signal"): _signal, ("server", "exits"): _exits, ("server", "logs"): _log,
    }


def _same(came: object, wanted: object):
    if came != wanted:
        raise Mismatch(f"came: {came!r}\n  not:  {wanted!r}")


def _next_line(wire, keep_ping: bool = False) -> bytes:
    """The next line; a PING with which the server measures the round trip is answered instead."""
    line = wire.line()
    while line == b"PING" and not keep_ping:
        wire.send(b"PONG\r\n")
        line = wire.line()
    return line


def _info(wire) -> dict:
    line = _next_line(wire)
    if not line.startswith(b"INFO {"):
        raise Mismatch(f"no INFO but {line!r}")
    return json.loads(line[len(b"INFO "):])


def _info_argument(text: str):
    """`{json} -absent -absent`"""
    wanted, end = json.JSONDecoder().raw_decode(text or "{}")
    return [wanted] + [word[1:] for word in text[end:].split()]


def _chosen(names) -> list:
    everything = transcripts.load_all()
    if not names:
        return everything
    stems = {name.removesuffix(".txt").split("transcripts/")[-1] for name in names}
    return [t for t in everything
            if t.name in stems or any(t.name.startswith(stem + "/") for stem in stems)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default=servers.executable())
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    pool = ServerPool(str(pathlib.Path(arguments.server).expanduser().resolve()))
    failed = 0
    chosen = _chosen(arguments.names)
    try:
        for transcript in chosen:
            try:
                play(transcript, pool)
            except Mismatch as error:
                failed += 1
                print(f"FAIL {transcript.name}\n  {error}")
    finally:
        pool.stop()
    print(f"{len(chosen) - failed} of {len(chosen)} transcripts passed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
