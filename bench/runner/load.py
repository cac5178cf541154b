"""Runs midge-load against a fresh server and returns what it prints."""

import json
import os
import subprocess

from . import disk, restart
from .server import Server

OVERLOADED = 3  # exit status of midge-load: the server does not keep up with a paced rate


class Overloaded(Exception):
    pass


class LoadError(Exception):
    pass


class Load:
    """`pin`: with one loop, the server has CPU 0 and the generator CPU 1, so that neither takes
    time from the other. A row may be `sequential` (there is never work for both at once): then they
    share CPU 0, which spares both the wake-ups across CPUs that a virtual machine makes so dear.
    With two loops the scheduler places all three threads."""

    def __init__(self, path, pin):
        self.path = path
        self.pin = pin and os.cpu_count() >= 2

    def run(self, kind, row, loops, place, arguments):
        pinned = self.pin and loops == 1
        with Server(kind, loops, 0 if pinned else None, row.tls,
                    row.setup_for(kind), row.web_socket) as server:
            arguments = [text.replace("$HTTP", str(server.http_port)) for text in arguments]
            command = [self.path, *arguments, "--port", str(server.load_port), "--loops",
                       str(loops), "--place", place, "--pid", str(server.process.pid)]
            if row.web_socket:
                command += ["--web-socket", row.web_socket]
            cpu = 0 if row.sequential else 1
            pin = (lambda: os.sched_setaffinity(0, {cpu})) if pinned else None
            sync_us = disk.fdatasync_us()[0] if row.syncs else None
            written = disk.device_bytes_written(server.folder.name) if row.writes else 0
            try:
                done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pin,
                                      timeout=row.patience)
            except subprocess.TimeoutExpired:
                raise LoadError(f"{kind.name}: no end of {' '.join(command)}") from None
            if done.returncode == OVERLOADED:
                raise Overloaded
            if done.returncode != 0:
                raise LoadError(f"{kind.name}: {done.stderr.strip()} ({' '.join(command)})\n"
                                f"{server.log_tail()}")
            output = json.loads(done.stdout)
            if row.syncs:
                # The disk is not the same from one moment to the next.
                output["fdatasync_us"] = (sync_us + disk.fdatasync_us()[0]) / 2
            if row.writes:
                output["device_bytes"] = (
                    disk.device_bytes_written(server.folder.name) - written) / output["events"]
            if row.restart:
                output |= self._restart(kind, server)
            return output

    @staticmethod
    def _restart(kind, server):
        try:
            return restart.measure(server)
        except (OSError, ValueError) as error:
            raise LoadError(f"{kind.name}: {error}\n{server.log_tail()}") from None

    def idle_rss(self, kind, row, loops):
        with Server(kind, loops, tls=row.tls, setup=row.setup_for(kind)) as server:
            return server.rss_bytes_when_idle()
