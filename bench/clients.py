#!/usr/bin/env python3
"""libmidge beside the C library (libnats), each against the same midge-server, in turn.

    clients.py                 the table, as Markdown: median of five runs each
    clients.py --runs 1 --scale 0.1

CPU is the client's process alone, all its threads; messages come from, and requests are answered by, other
processes. README.md beside this file says more.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), "build", "release", "bin")
LIBRARIES = {"libmidge": "midge-client-role", "libnats": "libnats-client-role"}

# name, role, messages, bytes, who else: a publisher of libmidge, or a server of requests of the same library
ROWS = (
    ("publish 16 B", "publish", 4_000_000, 16),
    ("publish 128 B", "publish", 4_000_000, 128),
    ("subscribe 16 B", "subscribe", 4_000_000, 16),
    ("subscribe 128 B", "subscribe", 4_000_000, 128),
    ("request-reply, one in flight", "request", 40_000, 16),
    ("memory of 10,000 subscriptions", "hold", 10_000, 0),
)


def start_server(folder):
    config = os.path.join(folder, "server.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("max_pending: 4GB, write_deadline: \"1m\"\n")  # no subscriber is too slow
    process = subprocess.Popen([os.path.join(BUILD, "midge-server"), "-a", "127.0.0.1", "-p", "-1",
                                "-c", config], stderr=subprocess.PIPE, text=True, cwd=folder)
    port = 0
    for line in process.stderr:
        found = re.search(r"client connections on 127.0.0.1:(\d+)", line)
        port = int(found.group(1)) if found else port
        if "Server is ready" in line:
            return process, f"nats://127.0.0.1:{port}"
    raise SystemExit("the server does not start")


def part(library, *arguments):
    return subprocess.Popen([os.path.join(BUILD, LIBRARIES[library]), *map(str, arguments)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def await_ready(process):
    if process.stdout.readline().strip() != "ready":
        raise SystemExit("a part ended early")


def result(process):
    line = process.stdout.readline()
    if process.wait() != 0:
        raise SystemExit("a part failed")
    return json.loads(line)


def measure(library, role, url, count, size):
    """What one run of a role says: {"cpu_us", "rate", …}."""
    if role == "subscribe":
        subscriber = part(library, role, url, count, size)
        await_ready(subscriber)
        # A few more than are counted: the first starts the clock.
        result(part("libmidge", "publish", url, count, size))
        return result(subscriber)
    if role == "request":
        server = part(library, "serve", url, 0, 0)
        await_ready(server)
        measured = result(part(library, role, url, count, size))
        server.stdin.close()
        server.wait()
        return measured
    return result(part(library, role, url, count, size))


def table(samples):
    def median(library, name, key):
        return statistics.median(sample[key] for sample in samples[library, name] if key in sample)

    print("| row | CPU µs/msg | libnats | ratio | rate | libnats | ratio | p50 µs | libnats |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, role, *_ in ROWS:
        if role == "hold":
            continue
        cpu = [median(library, name, "cpu_us") for library in LIBRARIES]
        rate = [median(library, name, "rate") for library in LIBRARIES]
        p50 = [f"{median(library, name, 'p50_us'):.1f}" if role == "request" else ""
               for library in LIBRARIES]
        print(f"| {name} | {cpu[0]:.3f} | {cpu[1]:.3f} | {cpu[0] / cpu[1]:.2f} | {rate[0]:,.0f} | "
              f"{rate[1]:,.0f} | {rate[0] / rate[1]:.2f} | {p50[0]} | {p50[1]} |")
    held = [median(library, ROWS[-1][0], "bytes") for library in LIBRARIES]
    print(f"\n{ROWS[-1][0]}: {held[0]:.0f} bytes each, libnats {held[1]:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1, help="how many of each row's messages")
    options = parser.parse_args()
    samples = {}
    with tempfile.TemporaryDirectory() as folder:
        server, url = start_server(folder)
        try:
            for _ in range(options.runs):
                for name, role, count, size in ROWS:
                    count = count if role == "hold" else int(count * options.scale)
                    for library in LIBRARIES:
                        samples.setdefault((library, name), []).append(
                            measure(library, role, url, count, size))
        finally:
            server.kill()
            server.wait()
    table(samples)


if __name__ == "__main__":
    main()
