#!/usr/bin/env python3
"""Speed and size of Midge beside nats-server, measured in the same run.

    bench.py --peer PATH                 the whole table (fifty minutes)
    bench.py --peer PATH --quick         one short run of the CPU rows with one loop
    bench.py --rows fan_out,pub --no-peer
    bench.py security --peer PATH        those of security, which have a table of their own
    bench.py websocket --peer PATH       and those of WebSocket
    bench.py jetstream --peer PATH       the rows of JetStream; --scale 0.1 makes the large ones small

README.md beside this file says what the figures mean.
"""

import argparse
import json
import os
import resource
import sys
import time

from runner import disk, jetstream_row, machine, micro, row, table
from runner.load import Load
from runner.measurement import Measurement
from runner.server import ServerKind

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(HERE), "build", "release", "bin")
PEER = os.path.expanduser("~/go/bin/nats-server")
BEGIN, END = "<!-- table{}: written by bench.py --write -->", "<!-- end of table{} -->"
GROUPS = {"core": row.ROWS, "security": [each for each in row.ROWS if each.is_of_security],
          "websocket": [each for each in row.ROWS if each.web_socket], "jetstream": jetstream_row.ROWS}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("group", nargs="?", choices=GROUPS, default="core")
    add("--peer", help=f"the peer's program; without: {PEER}, if it is there")
    add("--midge", default=os.environ.get("MIDGE_SERVER", os.path.join(BUILD, "midge-server")))
    add("--load", default=os.environ.get("MIDGE_LOAD", os.path.join(BUILD, "midge-load")))
    add("--no-peer", action="store_true", help="measure Midge alone")
    add("--no-midge", action="store_true", help="measure the peer alone")
    add("--runs", type=int, default=5)
    add("--scale", type=float, default=1, help="how much of each row's time to measure")
    add("--rows", default="",
        help="names or beginnings of names: " + ",".join(row.name for rows in GROUPS.values() for row in rows))
    add("--loops", default="", help="1, 2 or both (1,2)")
    add("--quick", action="store_true", help="one run, a quarter of the time, CPU rows, one loop")
    add("--no-pin", dest="pin", action="store_false", help="let the scheduler place everything")
    add("--urgent", action="store_true",
        help="take precedence over other work on the machine (needs root)")
    add("--write", action="store_true", help="put the table into README.md")
    add("--json", help="write all samples to this file")
    add("--add", default="", help="files written with --json whose runs count too, so that a "
        "machine that is free for a while at a time gives a table of many runs")
    return parser.parse_args()


def selected_rows(options):
    rows = GROUPS[options.group]
    if not options.rows:
        return [row for row in rows if row.cpu_goal or not options.quick]
    wanted = options.rows.split(",")
    exact = {row.name for row in rows}
    return [row for row in rows
            if any(row.name == w or w not in exact and row.name.startswith(w) for w in wanted)]


def selected_kinds(options):
    kinds = []
    if not options.no_peer and (options.peer or os.path.exists(PEER)):
        kinds.append(ServerKind("peer", options.peer or PEER))
    if not options.no_midge:
        kinds.append(ServerKind("midge", options.midge))
    for path in [kind.path for kind in kinds] + [options.load]:
        if not os.access(path, os.X_OK):
            sys.exit(f"bench.py: no program at {path}")
    return kinds


def measure(options, kinds):
    load = Load(options.load, options.pin)
    loops = (options.loops or ("1" if options.quick else "1,2")).split(",")
    earlier = [sample for path in options.add.split(",") if path for sample in read_samples(path)]
    measurements = []
    for row in selected_rows(options):
        for variant in row.variants:
            if str(variant[1]) not in loops:
                continue
            begin = time.time()
            measurement = Measurement(row, variant)
            measurement.add(earlier)
            measurement.run(load, kinds, options.runs, options.scale)
            measurements.append(measurement)
            print(f"{row.name} [{variant[0]}] {time.time() - begin:.0f} s", file=sys.stderr)
    return measurements


def become_urgent():
    """A session of its own is a scheduling group of its own (autogroup), whose weight is raised."""
    if os.getpid() != os.getsid(0):
        if os.fork() != 0:
            os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
        os.setsid()
    try:
        with open("/proc/self/autogroup", "w") as file:
            file.write("-20")
    except FileNotFoundError:
        pass  # no autogroups: the niceness below counts by itself
    os.nice(-10)


def write_readme(text, group):
    path = os.path.join(HERE, "README.md")
    with open(path) as file:
        begin, end = (mark.format("" if group == "core" else " of " + group)
                      for mark in (BEGIN, END))
        before, rest = file.read().split(begin)
    after = rest.split(end)[1]
    with open(path, "w") as file:
        file.write(f"{before}{begin}\n\n{text}\n{end}{after}")


def write_samples(path, measurements):
    with open(path, "w") as file:
        json.dump([{"row": m.row.name, "variant": m.variant, "samples": m.samples}
                   for m in measurements], file, indent=1)


def read_samples(path):
    with open(path) as file:
        return json.load(file)


def raise_file_limit():
    """Idle connections need a descriptor at each end; who may raises the hard limit too."""
    wanted = 2 * 20_000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except ValueError:
            pass  # fewer idle connections then; the table says how many


def main():
    options = arguments()
    raise_file_limit()
    if options.quick:
        options.runs, options.scale = 1, 0.25
    if options.urgent:
        become_urgent()
    kinds = selected_kinds(options)
    text = machine.describe(kinds, options)
    if options.group == "jetstream":
        text += disk.describe()
    measurements = measure(options, kinds)
    text += table.runs(measurements) + "\n"
    columns = table.STORED if options.group == "jetstream" else table.CORE
    text += table.cpu_table(measurements, columns) + table.figure_table(measurements)
    if options.group == "core" and (not options.rows or "match" in options.rows.split(",")):
        bench = os.path.join(os.path.dirname(options.midge), "subject_bench")
        text += table.micro_table(micro.run(bench, 1 if options.quick else options.runs))
    print(text)
    if options.json:
        write_samples(options.json, measurements)
    if options.write:
        write_readme(text, options.group)


if __name__ == "__main__":
    main()
