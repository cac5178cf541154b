"""The micro-benchmark of the subject index, a Google Benchmark program of its own."""

import json
import os
import subprocess

FILTER = "match_(hit|miss)(_ahead)?/.*:1000000$"
# Goals in nanoseconds by what a name contains.
GOALS = (("wild%:10/", 500), ("wild%:0/", 150))


def goal_for(name):
    return next((goal for part, goal in GOALS if part in name), None)


def run(path, repetitions):
    """[(name, median nanoseconds, goal or None)], empty where the program was not built."""
    if not os.path.exists(path):
        return []
    done = subprocess.run([path, "--benchmark_format=json", f"--benchmark_filter={FILTER}",
                           f"--benchmark_repetitions={repetitions}"],
                          capture_output=True, text=True, check=True)
    results = []
    for entry in json.loads(done.stdout)["benchmarks"]:
        wanted = entry.get("aggregate_name", "") == "median" if repetitions > 1 else True
        if wanted:
            scale = {"ns": 1, "us": 1e3, "ms": 1e6}[entry["time_unit"]]
            name = entry["run_name"]
            results.append((name, entry["cpu_time"] * scale, goal_for(name)))
    return results
