"""The player itself: each kind of expectation fails when the server does something else.

A server of a few lines sends fixed bytes (after its INFO, and one more piece for each PING) and then
closes or stays; steps are played against it one at a time.
"""

import contextlib
import pathlib
import socket
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import play  # noqa: E402
import transcript as transcripts  # noqa: E402
from harness.wire import Closed  # noqa: E402

INFO = b'INFO {"proto":1,"headers":true}\r\n'


class ScriptedServer:
    """Sends `said`, answers each PING with `pong`, and closes if `closes`."""

    def __init__(self, said: bytes, pong: bytes, closes: bool):
        self.host, self.listener = "127.0.0.1", socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.said, self.pong, self.closes = said, pong, closes
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer):
        with peer, contextlib.suppress(OSError):
            peer.sendall(INFO + self.said)
            if self.closes:
                peer.shutdown(socket.SHUT_WR)
            while data := peer.recv(4096):
                peer.sendall(self.pong * data.count(b"PING\r\n"))


def play_against(text: str, said=b"", pong=b"PONG\r\n", closes=False):
    server = ScriptedServer(said, pong, closes)
    player = play.Player(server, "peer")
    try:
        for number, line in enumerate(text.split("\n")):
            match = transcripts._STEP.match(line)
            player.step(transcripts.Step(number, line, match[1] or "", match[2], match[3],
                                         match[4] or ""))
    finally:
        player.finish()
        server.listener.close()


HOLDS = [
    ("A connect\nA < hello", dict(said=b"hello\r\n")),
    ("A connect\nA << he\nA << llo", dict(said=b"hello")),
    ("A connect\nA ~ h[a-z]+", dict(said=b"hello\r\n")),
    ('A connect unread\nA info {"proto": 1} -ldm', {}),
    ('A connect unread\nA info {"proto": "~\\\\d"}', {}),
    ("A connect\nA open", {}),
    ("A connect\nA waits", {}),
    ("A connect\nA closed", dict(closes=True)),
    ("A connect\nA cut-off", dict(said=b"MSG a 1 10\r\nhal", closes=True)),
    (r"A connect" "\n" r"A frames MSG a 1 1\r\nx | MSG b 2 1\r\ny",
     dict(said=b"MSG b 2 1\r\ny\r\nMSG a 1 1\r\nx\r\n")),
    (r"A connect" "\n" r"B connect" "\n" r"A gets 2 of MSG a 1 1\r\nx with B least 1",
     dict(said=b"MSG a 1 1\r\nx\r\n")),
]

FAILS = [
    ("A connect\nA < hello", dict(said=b"hallo\r\n")),
    ("A connect\nA < hello", dict(said=b"hello \r\n")),
    ("A connect\nA < hello", dict(said=b"hell", closes=True)),
    ("A connect\nA << hello", dict(said=b"hellO")),
    ("A connect\nA ~ h[a-z]+", dict(said=b"hello!\r\n")),
    ('A connect unread\nA info {"proto": 2}', {}),
    ('A connect unread\nA info {"ldm": true}', {}),
    ('A connect unread\nA info {} -headers', {}),
    ('A connect\nA info {}', dict(said=b"PONG\r\n")),
    ("A connect\nA open", dict(said=b"+OK\r\n")),
    ("A connect\nA open", dict(closes=True)),
    ("A connect\nA waits", dict(said=b"+OK\r\n")),
    ("A connect\nA waits", dict(closes=True)),
    ("A connect\nA closed", dict(said=b"-ERR 'x'\r\n", closes=True)),
    ("A connect\nA cut-off", dict(said=b"-ERR 'x'\r\n", closes=True)),
    (r"A connect" "\n" r"A frames MSG a 1 1\r\nx", dict(said=b"MSG a 1 1\r\nx\r\n" * 2)),
    (r"A connect" "\n" r"A frames MSG a 1 1\r\nx", {}),
    (r"A connect" "\n" r"A gets 2 of MSG a 1 1\r\nx", dict(said=b"MSG a 1 1\r\nx\r\n")),
    (r"A connect" "\n" r"A gets 1 of MSG a 1 1\r\nx", dict(said=b"MSG b 1 1\r\nx\r\n")),
    (r"A connect" "\n" r"A gets 1 of MSG a 1 1\r\nx with B least 1",
     dict(said=b"MSG a 1 1\r\nx\r\n")),
]


@pytest.mark.parametrize("text, server", HOLDS)
def test_what_holds_passes(text, server):
    play_against(text, **server)


@pytest.mark.parametrize("text, server", FAILS)
def test_what_does_not_hold_fails(text, server):
    with pytest.raises((play.Mismatch, Closed, KeyError)):
        play_against(text, **server)


@pytest.mark.parametrize("data", [b"a\r\n\t\0\\b", b"x" * 100, b"\xff\xc3\xbc", b" lead", b"trail ",
                                  "ü€".encode(), b"$(x*5)"[:2]])
def test_text_and_bytes_are_inverse(data):
    assert transcripts.to_bytes(transcripts.to_text(data)) == data


def test_every_transcript_expects_something():
    expectations = {"<", "<<", "~", "info", "open", "waits", "closed", "cut-off", "frames", "gets",
                    "reason", "exits", "logs"}
    for transcript in transcripts.load_all():
        assert any(step.verb in expectations for step in transcript.steps), transcript.name
        assert all(step.verb != "?" for step in transcript.steps), transcript.name
