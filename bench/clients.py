#!/usr/bin/env python3
"""libmidge beside the C library (libnats), each against the same midge-server, in turn.

    clients.py                 the table, as Markdown: median of five runs each
    clients.py --runs 1 --scale 0.1 --rows store,fetch
    clients.py --nats-go build/nats-go-role    nats.go as well (client/nats_go_role/main.go says how it is built)

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

# name, role, messages, bytes
ROWS = (
    ("publish 16 B", "publish", 4_000_000, 16),
    ("publish 128 B", "publish", 4_000_000, 128),
    ("subscribe 16 B", "subscribe", 4_000_000, 16),
    ("subscribe 128 B", "subscribe", 4_000_000, 128),
    ("request-reply, one in flight", "request", 40_000, 16),
    ("JetStream publish 128 B, 500 in flight", "store", 400_000, 128),
    ("JetStream fetch 500, each acked, 128 B", "fetch", 400_000, 128),
    ("memory of 10,000 subscriptions", "hold", 10_000, 0),
)


def start_server(folder):
    config = os.path.join(folder, "server.conf")
    with open(config, "w", encoding="utf-8") as file:
        # No subscriber is too slow; streams are in memory.
        file.write(f"max_pending: 4GB, write_deadline: \"1m\", jetstream {{ store_dir: \"{folder}\" }}\n")
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
    if role in ("store", "fetch"):
        result(part("libmidge", "make", url, count if role == "fetch" else 0, size))
    return result(part(library, role, url, count, size))


def ratio(of, to):
    return f"{of / to:.2f}" if to else ""


def table(samples, rows, libraries):
    def median(library, name, key):
        return statistics.median(sample[key] for sample in samples[library, name] if key in sample)

    others = libraries[1:]
    heads = "".join(f" {other} | ratio |" for other in others)
    print(f"| row | CPU µs/msg |{heads} rate |{heads} p50 µs |" + "".join(f" {other} |" for other in others))
    print("| --- |" + " ---: |" * (3 + 5 * len(others)))
    for name, role, *_ in rows:
        if role == "hold":
            continue
        cells = [name]
        for key, form in (("cpu_us", ".3f"), ("rate", ",.0f")):
            figures = [median(library, name, key) for library in libraries]
            cells.append(format(figures[0], form))
            for figure in figures[1:]:
                cells += [format(figure, form), ratio(figures[0], figure)]
        cells += [f"{median(library, name, 'p50_us'):.1f}" if role == "request" else "" for library in libraries]
        print("| " + " | ".join(cells) + " |")
    for name, role, *_ in rows:
        if role == "hold":
            held = [f"{library} {median(library, name, 'bytes'):.0f}" for library in libraries]
            print(f"\n{name}, bytes each: " + ", ".join(held))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1, help="how many of each row's messages")
    parser.add_argument("--rows", help="some of " + ",".join(dict.fromkeys(row[1] for row in ROWS)))
    parser.add_argument("--nats-go", metavar="PROGRAM", help="a third column")
    options = parser.parse_args()
    if options.nats_go:
        LIBRARIES["nats.go"] = os.path.abspath(options.nats_go)
    rows = [row for row in ROWS if not options.rows or row[1] in options.rows.split(",")]
    samples = {}
    with tempfile.TemporaryDirectory() as folder:
        server, url = start_server(folder)
        try:
            for _ in range(options.runs):
                for name, role, count, size in rows:
                    count = count if role == "hold" else int(count * options.scale)
                    for library in LIBRARIES:
                        samples.setdefault((library, name), []).append(
                            measure(library, role, url, count, size))
        finally:
            server.kill()
            server.wait()
    table(samples, rows, list(LIBRARIES))


if __name__ == "__main__":
    main()
