"""Transcripts: what they are, and how they are read from and written to text.

A transcript is a head of `key: value` lines, a line `---`, and steps. See README.md beside.
"""

import dataclasses
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent / "transcripts"

_STEP = re.compile(r"(?:\[(peer|midge)\] )?(\w+) (\S+)(?: (.*))?$")
_REPEATED = re.compile(r"\$\((.)\*(\d+)\)")
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
_HEAD_KEYS = {"title", "rows", "flags", "config", "deviation", "splits", "server"}

# Fields of INFO that differ from server to server, or from run to run.
VARIABLE_INFO = {
    "server_id", "server_name", "version", "go", "git_commit", "host", "port", "client_id",
    "client_ip", "xkey", "nonce", "connect_urls", "cluster", "midge_version", "domain"}


@dataclasses.dataclass
class Step:
    number: int  # of the line in the file
    text: str
    only: str  # "peer", "midge" or empty: a step for one kind of server
    who: str  # the connection, or "server"
    verb: str
    argument: str


@dataclasses.dataclass
class Transcript:
    path: pathlib.Path
    head: dict
    steps: list

    @property
    def name(self) -> str:
        return str(self.path.relative_to(FOLDER).with_suffix(""))

    @property
    def flags(self) -> tuple:
        return tuple(self.head.get("flags", "").split())

    @property
    def config(self):
        return self.head.get("config")

    @property
    def rows(self) -> list:
        return [row.strip() for row in self.head.get("rows", "").split(",") if row.strip()]

    @property
    def splits(self) -> list:
        return self.head.get("splits", "whole").split()

    @property
    def owns_server(self) -> bool:
        return self.head.get("server") == "own"


def load(path: pathlib.Path) -> Transcript:
    lines = path.read_text(encoding="utf-8").split("\n")
    head, body_at = _head(path, lines)
    steps = []
    for number, line in enumerate(lines[body_at:], body_at + 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _STEP.match(line)
        if not match:
            raise ValueError(f"{path}:{number}: not a step: {line}")
        only, who, verb, argument = match.groups()
        steps.append(Step(number, line, only or "", who, verb, argument or ""))
    return Transcript(path, head, steps)


def load_all() -> list:
    return [load(path) for path in sorted(FOLDER.rglob("*.txt"))]


def _head(path, lines):
    head, key = {}, ""
    for number, line in enumerate(lines):
        if line == "---":
            for needed in ("title", "rows"):
                if needed not in head:
                    raise ValueError(f"{path}: the head has no `{needed}`")
            return head, number + 1
        if line.startswith("    ") and key:
            head[key] = (head[key] + "\n" if head[key] else "") + line[4:]
        elif line and not line.startswith("#"):
            key, colon, value = line.partition(":")
            if not colon or key not in _HEAD_KEYS:
                raise ValueError(f"{path}:{number + 1}: not a head line: {line}")
            head[key] = value.strip()
    raise ValueError(f"{path}: no `---` after the head")


def to_bytes(text: str) -> bytes:
    """`\\r \\n \\t \\0 \\\\ \\xHH` and `$(x*100)`, a byte repeated."""
    data = _REPEATED.sub(lambda match: match.group(1) * int(match.group(2)), text).encode()
    return _ESCAPE.sub(_unescape, data)


def _unescape(match) -> bytes:
    escape = match.group(1)
    if escape.startswith(b"x") and len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    if escape not in _ESCAPES:
        raise ValueError(f"unknown escape \\{escape.decode()}")
    return _ESCAPES[escape]


def to_text(data: bytes) -> str:
    """The inverse of to_bytes."""
    out = []
    for char in data.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if char == "\\":
            out.append("\\\\")
        elif char in "\r\n\t\0":
            out.append({"\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0"}[char])
        elif 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif code < 32 or code == 127:
            out.append(f"\\x{code:02x}")
        else:
            out.append(char)
    text = "".join(out)
    text = re.sub(r"([^\\])\1{39,}", lambda match: f"$({match.group(1)}*{len(match.group())})", text)
    if text.endswith(" "):
        text = text[:-1] + "\\x20"
    if text.startswith(" "):
        text = "\\x20" + text[1:]
    return text


def received_steps(who: str, data: bytes, closed: bool) -> list:
    """What a server sent, as the steps that expect it."""
    lines = []
    *whole, rest = data.split(b"\r\n")
    for line in whole:
        if line.startswith(b"INFO {"):
            fields = json.loads(line[5:])
            stable = {k: v for k, v in fields.items() if k not in VARIABLE_INFO}
            lines.append(f"{who} info {json.dumps(stable)}")
        else:
            lines.append(f"{who} < {to_text(line)}".rstrip())
    if rest:
        lines.append(f"{who} << {to_text(rest)}")
    if closed:
        lines.append(f"{who} closed")
    return lines
