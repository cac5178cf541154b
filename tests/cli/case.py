"""Command line cases: files that say how to start the server and what it then says. See README.md."""

import dataclasses
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from harness import server as servers
from harness.wire import client

FOLDER = pathlib.Path(__file__).resolve().parent / "cases"

_STEP = re.compile(r"(?:\[(peer|midge)\] )?(exit|err~|out~|err|out|varz|log|no-log|file|connect)(?: (.*))?$")
_HEAD_KEYS = {"title", "rows", "argv", "run", "env", "order", "eol", "deviation", "with"}
_EOL = {"lf": "\n", "crlf": "\r\n"}
_LOG_PREFIX = re.compile(r"\[\d+\] (?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} )?")
_POSITION = re.compile(r"\S+?:(\d+):(\d+): (?!invalid use of field)")


class Mismatch(AssertionError):
    """The server said something else than the case."""


@dataclasses.dataclass
class Case:
    path: pathlib.Path
    head: dict
    files: dict
    steps: list  # (line number, kind of server or "", verb, argument)

    @property
    def name(self) -> str:
        return str(self.path.relative_to(FOLDER).with_suffix(""))

    @property
    def rows(self) -> list:
        return [row.strip() for row in self.head["rows"].split(",")]

    def environment(self) -> dict:
        pairs = (pair.split("=", 1) for pair in self.head.get("env", "").split())
        return {**os.environ, **dict(pairs)}


def load(path: pathlib.Path) -> Case:
    head, files, steps = {}, {}, []
    target = None
    lines = path.read_text(encoding="utf-8").split("\n")
    body_at = lines.index("---")
    for line in lines[:body_at]:
        if line.startswith("file ") and line.endswith(":"):
            target = line[5:-1]
            files[target] = ""
        elif target is not None and (line.startswith("    ") or not line):
            files[target] += line[4:] + "\n"
        elif line:
            key, _, value = line.partition(":")
            if key not in _HEAD_KEYS:
                raise ValueError(f"{path}: not a head line: {line}")
            head[key], target = value.strip(), None
    for number, line in enumerate(lines[body_at + 1:], body_at + 2):
        if line and not line.startswith("#"):
            match = _STEP.match(line)
            if not match and line != "?":
                raise ValueError(f"{path}:{number}: not a step: {line}")
            steps.append((number, *(match.groups(default="") if match else ("", "?", ""))))
    return Case(path, head, files, steps)


def load_all() -> list:
    return [load(path) for path in sorted(FOLDER.rglob("*.txt"))]


def run(case: Case, executable: str):
    """(exit status, lines of stdout, lines of stderr) of a command that ends by itself."""
    with tempfile.TemporaryDirectory(prefix="midge-test-") as folder:
        write_files(case, pathlib.Path(folder))
        argv = shlex.split(case.head.get("argv", "-c server.conf -t").replace("%DIR%", folder))
        done = subprocess.run([executable, *argv], cwd=folder, capture_output=True,
                              timeout=servers.PATIENCE, env=case.environment(), check=False)

    def lines(data):
        text = data.decode(errors="replace").replace(folder, "%DIR%")
        return [line.rstrip() for line in text.split("\n") if line.strip()]

    said = (_LOG_PREFIX.sub("", line.removeprefix("nats-server: "), 1)
            for line in lines(done.stderr))
    return (done.returncode, lines(done.stdout),
            [line for line in said if line != "nats-server:" and not line.startswith("[INF]")])


def write_files(case: Case, folder: pathlib.Path):
    if "with" in case.head:  # a folder beside this file
        name = case.head["with"]
        shutil.copytree(pathlib.Path(__file__).resolve().parent / name, folder / name)
    for name, text in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        eol = case.head.get("eol", "lf")
        if eol == "none":
            text = text.rstrip("\n")
        (folder / name).write_bytes(text.replace("\n", _EOL.get(eol, "\n")).encode())


def check(case: Case, executable: str):
    kind = servers.kind(executable)
    steps = [step for step in case.steps if step[1] in ("", kind)]
    if "run" in case.head:
        _check_running(case, steps, executable)
        return
    if not steps:
        return  # nothing that this kind of server should be asked
    status, out, err = run(case, executable)
    wanted = [int(argument) for _, _, verb, argument in steps if verb == "exit"]
    said = f"\nstdout: {out}\nstderr: {err}"
    if [status] != wanted:
        raise Mismatch(f"exit status {status}, not {wanted}{said}")
    for verb, came in (("out", out), ("err", err)):
        texts = [argument for _, _, step, argument in steps if step == verb]
        if texts:
            _check_lines(case, kind, texts, came, said)
    for _, _, verb, argument in steps:
        lines = {"err~": err, "out~": out}.get(verb)
        if lines is not None and not any(re.fullmatch(argument, line) for line in lines):
            raise Mismatch(f"no line is like {argument}{said}")


def _check_lines(case, kind, wanted, came, said):
    """Line for line; Midge may say more behind a text, and on lines that begin with a blank."""
    if kind == "midge":
        came = [line for line in came if not line[0].isspace()]
        _check_file_order(came, said)
    if len(came) != len(wanted):
        raise Mismatch(f"{len(came)} lines, not {len(wanted)}: {wanted}{said}")
    if case.head.get("order") == "any":
        came, wanted = sorted(came), sorted(wanted)
    for line, text in zip(came, wanted):
        if not (line.startswith(text) if kind == "midge" else line == text):
            raise Mismatch(f"came:   {line}\nwanted: {text}{said}")


def _check_file_order(lines, said):
    places = [tuple(map(int, match.groups())) for match in map(_POSITION.match, lines) if match]
    if places != sorted(places):
        raise Mismatch(f"errors are not in the order of the file{said}")


def _check_running(case, steps, executable):
    flags = shlex.split(case.head["run"])
    server = servers.Server(flags, path=executable, host="", port=None, ready=False,
                            env=case.environment(), prepare=lambda f: write_files(case, f))
    try:
        server.wait_ready()
        for number, _, verb, argument in steps:
            _check_running_step(server, number, verb, argument)
    finally:
        server.stop()


def _check_running_step(server, number, verb, argument):
    if verb == "log":
        server.wait_log(argument)
    elif verb == "no-log":
        if re.search(argument, server.log()):
            raise Mismatch(f"line {number}: the log is {server.log()}")
    elif verb == "connect":
        with client(server) as wire:
            wire.barrier()
    elif verb == "file":
        name, _, pattern = argument.partition(" ")
        path = server.folder / name
        servers.wait_until(lambda: re.fullmatch(pattern, _text(path), re.DOTALL),
                           f"{name} to hold {pattern}")
    elif verb == "varz":
        differing = _differences(json.loads(argument), server.json("/varz"))
        if differing:
            raise Mismatch(f"line {number}: /varz has {differing}")


def _text(path):
    return path.read_text() if path.exists() else ""


def _differences(wanted: dict, came: dict) -> dict:
    """Fields that are not as wanted; null stands for a field that is not there."""
    return {name: came.get(name) for name, value in wanted.items() if came.get(name) != value}
