"""Every file under reloads/ is one reload: the configuration before and after it, and what the log says.

Made from what nats-server 2.15.2 logs. It says `Reloaded: authorization users` and `Reloaded: accounts` at every reload;
the files hold these lines where users or accounts changed, and Midge says them there alone.
"""

import dataclasses
import pathlib
import re
import shlex
import shutil

import pytest
from harness import server as servers

FOLDER = pathlib.Path(__file__).resolve().parent
_PREFIX = re.compile(r"\[\d+\] (?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} )?\[(INF|ERR)\] ")
_ALWAYS = {"Reloaded: authorization users", "Reloaded: accounts"}
_FAILED = "Failed to reload server configuration: "


@dataclasses.dataclass
class Reload:
    name: str
    head: dict
    configs: dict
    lines: list  # that tell of changes
    refusal: str  # or ""


def load(path: pathlib.Path) -> Reload:
    reload = Reload(path.stem, {}, {"before": "", "after": ""}, [], "")
    head, _, body = path.read_text(encoding="utf-8").partition("---\n")
    target = ""
    for line in head.splitlines():
        if line.startswith("    "):
            reload.configs[target] += line[4:] + "\n"
        elif line in ("before:", "after:"):
            target = line[:-1]
        else:
            key, _, reload.head[key] = line.partition(": ")
    for line in body.splitlines():
        if line.startswith("["):
            server, _, line = line[1:].partition("] ")
            if server != servers.kind():
                continue
        verb, _, text = line.partition(" ")
        if verb == "line":
            reload.lines.append(text)
        elif verb == "refused":
            reload.refusal = text
    return reload


def logged(log: str) -> list:
    """The texts from the reload's signal on."""
    lines = [_PREFIX.sub("", line) for line in log.splitlines() if _PREFIX.match(line)]
    return lines[lines.index('Trapped "hangup" signal') + 1:]


@pytest.mark.parametrize("reload", [load(path) for path in sorted((FOLDER / "reloads").glob("*.txt"))],
                         ids=lambda reload: reload.name)
def test_reload(reload):
    def prepare(folder):
        if "with" in reload.head:
            shutil.copytree(FOLDER / reload.head["with"], folder / reload.head["with"])
        (folder / "server.conf").write_text(reload.configs["before"] + "# \n")

    flags = ["-c", "server.conf", *shlex.split(reload.head.get("flags", ""))]
    with servers.Server(flags, prepare=prepare) as server:
        (server.folder / "server.conf").write_text(reload.configs["after"] + "# \n")
        server.signal("HUP")
        servers.wait_until(
            lambda: re.search("Reloaded server configuration|Failed to reload", server.log()), "the reload")
        said = logged(server.log())
    if reload.refusal:
        refusals = [line.removeprefix(_FAILED) for line in said if line.startswith(_FAILED)]
        assert len(refusals) == 1 and refusals[0].startswith(reload.refusal)
        return
    assert not any(line.startswith(_FAILED) for line in said), said
    changes = [line for line in said if line.startswith(("Reloaded: ", "Reloaded OCSP"))]
    if servers.kind() == "peer":
        # It also deletes accounts that its resolver does not have.
        changes = [line for line in dict.fromkeys(changes) if line not in _ALWAYS - set(reload.lines)
                   and "deleting account" not in line]
    assert sorted(changes) == sorted(reload.lines)
