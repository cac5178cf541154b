"""What strace saw of a process, as begins and ends of calls in the one order in which they happened."""

import re
import shutil
import signal
import subprocess

from harness import server as servers

CALLS = ("read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg", "pwrite64",
         "pwritev", "pwritev2", "fsync", "fdatasync")
_LINE = re.compile(r"^(\d+)\s+(.*)$", re.DOTALL)
_CALL = re.compile(r"^(\w+)\((\d+)")
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>")
_RESULT = re.compile(r"\)\s+= (-?\d+)")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Event:
    def __init__(self, index, name, file, data, ends, result=0):
        self.index, self.name, self.file, self.data = index, name, file, data
        self.ends, self.result = ends, result


def _bytes(text):
    return b"".join(bytes.fromhex(part.replace("\\x", "")) for part in _STRING.findall(text))


def parse(text):
    """Every call is two events, its begin and its end; bytes that it writes are known at the begin,
    bytes that it reads at the end."""
    events, open_calls = [], {}

    def add(*event):
        events.append(Event(len(events), *event))

    for line in text.splitlines():
        thread, rest = _LINE.match(line).groups()
        resumed = _RESUMED.match(rest)
        if resumed:
            name, file, data = open_calls.pop(thread)
            data += _bytes(rest)
        else:
            call = _CALL.match(rest)
            if not call:
                continue  # a signal, an end
            name, file, data = call[1], int(call[2]), _bytes(rest)
            add(name, file, data, False)
            if rest.endswith("<unfinished ...>"):
                open_calls[thread] = (name, file, data)
                continue
        result = _RESULT.search(rest)
        add(name, file, data, True, int(result[1]) if result else -1)
    return events


class Trace:
    """strace on a running server, from the `with` on until its end."""

    def __init__(self, pid, path):
        self.path = path
        self.process = subprocess.Popen(
            ["strace", "-f", "-xx", "-s", "1000000", "-e", "trace=" + ",".join(CALLS), "-o", path,
             "-p", str(pid)], stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        line = self.process.stderr.readline()
        assert "attached" in line, line
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(servers.PATIENCE)

    def events(self):
        return parse(self.path.read_text())


def why_not():
    """Why no process can be traced here; "" if it can."""
    if shutil.which("strace") is None:
        return "there is no strace"
    tried = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True,
                           text=True, check=False)
    return "" if tried.returncode == 0 else f"strace may not be used: {tried.stderr.strip()}"
