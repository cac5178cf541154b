"""A server under test: a fresh process on a free loopback port, for one measurement."""

import os
import signal
import socket
import subprocess
import tempfile
import time


class ServerKind:
    """Which program, and how it is told how many loops (or Go threads) it has."""

    def __init__(self, name, path):
        self.name = name
        self.path = path
        self.is_midge = name == "midge"

    def version(self):
        lines = subprocess.run([self.path, "-v"], capture_output=True, text=True, check=True)
        return ", ".join(lines.stdout.split("\n")).strip(", ")

    def config(self, port, loops, setup=""):
        text = f'listen: "127.0.0.1:{port}"\n{setup}'
        if self.is_midge:
            text += f"loops: {loops}\nconnection_placement: spread\n"
        return text


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Context manager. Nothing connects to the server before the load generator does: which of
    Midge's loops a connection gets depends on how many came before."""

    def __init__(self, kind, loops, cpu=None, tls=False, setup="", web_socket=""):
        self.kind = kind
        self.loops = loops
        self.cpu = cpu
        self.tls = tls
        self.setup = setup
        self.port = free_port()
        self.web_socket = web_socket  # "", plain or compressed: how the load comes
        self.load_port = free_port() if web_socket else self.port
        self.http_port = free_port()  # for whoever says $HTTP

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="midge-bench-")
        path = os.path.join(self.folder.name, "server.conf")
        with open(path, "w") as file:
            setup = self.setup.replace("$STORE", os.path.join(self.folder.name, "store"))
            setup = setup.replace("$HTTP", str(self.http_port))
            file.write(self.kind.config(self.port, self.loops, self._tls_block() + self._web_socket_block() +
                                        setup))
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        self.start()
        return self

    def start(self):
        path = os.path.join(self.folder.name, "server.conf")
        environment = dict(os.environ, GOMAXPROCS=str(self.loops))
        pin = (lambda: os.sched_setaffinity(0, {self.cpu})) if self.cpu is not None else None
        self.process = subprocess.Popen(
            [self.kind.path, "-c", path], stdout=self.log, stderr=self.log, env=environment,
            preexec_fn=pin)

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _web_socket_block(self):
        if not self.web_socket:
            return ""
        compression = "true" if self.web_socket == "compressed" else "false"
        return (f'websocket {{ listen: "127.0.0.1:{self.load_port}", no_tls: true, '
                f'compression: {compression} }}\n')

    def _tls_block(self):
        if not self.tls:
            return ""
        cert, key = (os.path.join(self.folder.name, name) for name in ("cert.pem", "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                        "-out", cert, "-subj", "/CN=localhost", "-days", "2"],
                       check=True, capture_output=True)
        return f'tls {{ cert_file: "{cert}", key_file: "{key}", timeout: 60 }}\n'

    def __exit__(self, *_):
        self.end()
        self.log.close()
        self.folder.cleanup()

    def log_tail(self):
        self.log.flush()
        with open(self.log.name) as file:
            return "".join(file.readlines()[-5:])

    def rss_bytes_when_idle(self):
        time.sleep(1.5)
        with open(f"/proc/{self.process.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")
