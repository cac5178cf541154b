"""Starts and stops one server process: Midge, or any other that takes the same command line.

The executable is MIDGE_SERVER (default: build/release/bin/midge-server under the repository). A
started server listens on a port of its own choosing, which is read from its log or, where the log
goes elsewhere, from its ports file.
"""

import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_EXECUTABLE = "build/release/bin/midge-server"

# Everything that waits gives up after this many seconds; sanitizer builds stretch it.
PATIENCE = float(os.environ.get("MIDGE_TEST_PATIENCE", "10"))

_LISTENING = re.compile(r"Listening for client connections on (\S+):(\d+)")
_MONITORING = re.compile(r"Starting https? monitor on (\S+):(\d+)")


def executable() -> str:
    """The server under test, as an absolute path."""
    chosen = os.environ.get("MIDGE_SERVER", DEFAULT_EXECUTABLE)
    path = pathlib.Path(os.path.expanduser(chosen))
    if not path.is_absolute():
        path = REPOSITORY / path
    return str(path)


@functools.lru_cache(maxsize=None)
def kind(path: str = "") -> str:
    """"midge" or "peer": the second line of Midge's -v holds its own name."""
    path = path or executable()
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no server at {path}; build it or set MIDGE_SERVER")
    text = subprocess.run([path, "-v"], capture_output=True, text=True, check=True).stdout
    return "midge" if "midge" in "\n".join(text.splitlines()[1:]).lower() else "peer"


def wait_until(condition, what: str, patience: float = 0.0):
    """Polls `condition` until it returns something true, and returns that."""
    deadline = time.monotonic() + (patience or PATIENCE)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.002)


class Server:
    """A running server. Use as a context manager, or call stop()."""

    def __init__(self, flags=(), config=None, path="", env=None, host="127.0.0.1", port=-1,
                 ready=True, stderr=None, config_name="server.conf", prepare=None):
        self.path = path or executable()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="midge-test-"))
        self.log_path = self.folder / "stderr.log"
        self.ports_folder = self.folder / "ports"
        self.ports_folder.mkdir()
        self.config_path = self.folder / config_name
        if prepare:
            prepare(self.folder)
        arguments = [self.path]
        if host:
            arguments += ["-a", host]
        if port is not None:
            arguments += ["-p", str(port)]
        arguments += ["--ports_file_dir", str(self.ports_folder)]
        if config is not None:
            self.config_path.write_text(config)
            arguments += ["-c", str(self.config_path)]
        arguments += [flag.replace("%DIR%", str(self.folder)) for flag in flags]
        self.arguments = arguments
        self._log = open(self.log_path, "wb")
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self._log,
            stderr=self._log if stderr is None else stderr, cwd=self.folder,
            env={**os.environ, **(env or {})})
        self.host = "127.0.0.1"
        self.is_lame_duck = False  # and then deaf to SIGTERM
        self.port = 0
        self.http_port = 0
        if ready:
            self.wait_ready()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def url(self) -> str:
        return f"nats://{self.host}:{self.port}"

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def ports_file(self) -> pathlib.Path:
        name = os.path.basename(self.path)
        return self.ports_folder / f"{name}_{self.pid}.ports"

    def wait_ready(self):
        """Returns when the client port is known and open."""

        def found():
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"{' '.join(self.arguments)} ended with {self.process.returncode}:\n"
                    f"{self.log()}")
            log = self.log()
            listening = _LISTENING.search(log)
            if listening and "Server is ready" in log:
                self.port = int(listening.group(2))
                monitoring = _MONITORING.search(log)
                self.http_port = int(monitoring.group(2)) if monitoring else 0
                return True
            return self._read_ports_file()

        wait_until(found, f"{self.path} to be ready")

    def _read_ports_file(self) -> bool:
        if "Listening for client connections" in self.log() or not self.ports_file().exists():
            return False
        try:
            ports = json.loads(self.ports_file().read_text())
        except ValueError:
            return False  # half written
        self.port = int(ports["nats"][0].rsplit(":", 1)[1])
        if ports.get("monitoring"):
            self.http_port = int(ports["monitoring"][0].rsplit(":", 1)[1])
        return True

    def wait_log(self, pattern: str, patience: float = 0.0):
        """Waits until the log has a match of `pattern`, and returns it."""
        compiled = re.compile(pattern, re.MULTILINE)
        try:
            return wait_until(lambda: compiled.search(self.log()), pattern, patience)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; the log:\n{self.log()[-4000:]}") from None

    def http(self, path: str):
        """GETs from the monitoring port: (status, body as text, headers)."""
        request = f"http://127.0.0.1:{self.http_port}{path}"
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def json(self, path: str):
        status, body, _ = self.http(path)
        if status != 200:
            raise AssertionError(f"{path}: {status} {body}")
        return json.loads(body)

    def signal(self, name: str):
        self.is_lame_duck = self.is_lame_duck or name == "USR2"
        self.process.send_signal(getattr(signal, f"SIG{name}"))

    def reload(self, config: str):
        """Takes over another configuration; returns when it is in force."""
        self.config_path.write_text(config)
        count = self.log().count("Reloaded server configuration")
        self.signal("HUP")
        wait_until(lambda: self.log().count("Reloaded server configuration") > count, "the reload")

    def wait_exit(self, patience: float = 0.0) -> int:
        return self.process.wait(timeout=patience or PATIENCE)

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def stop(self):
        if self.process.poll() is None:
            if self.is_lame_duck:
                self.process.kill()
            else:
                self.process.terminate()
            try:
                self.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
