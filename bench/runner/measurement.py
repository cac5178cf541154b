"""Measures one variant of one row: both servers in turn, run after run."""

import math
import resource
import statistics
import sys

from .load import LoadError, Overloaded
from .row import at

SPARE_DESCRIPTORS = 100  # of the limit, for what a process has open besides connections


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def quotient(ours, theirs):
    return ours / theirs if ours is not None and theirs else None


class Measurement:
    """`samples[server][key]`: one number for each run, None where the run failed. Keys: `cpu_us`,
    `rate`, `p99_us` and those of the row's figures."""

    def __init__(self, row, variant):
        self.row = row
        self.variant, self.loops, self.place = variant
        self.samples = {}

    def add(self, earlier):
        """Runs measured before, as bench.py wrote them with --json."""
        for piece in earlier:
            if (piece["row"], piece["variant"]) != (self.row.name, self.variant):
                continue
            for server, figures in piece["samples"].items():
                for key, values in figures.items():
                    self.samples.setdefault(server, {}).setdefault(key, []).extend(values)

    def runs(self):
        """How many there were, those added included."""
        return max((len(values) for figures in self.samples.values()
                    for values in figures.values()), default=0)

    def run(self, load, kinds, runs, seconds_scale):
        for kind in kinds:
            self.samples.setdefault(kind.name, {})
        before = self.runs()
        for number in range(before, before + min(runs, self.row.runs_max)):
            # Whoever comes first finds the machine as the run before left it; so they take turns.
            order = list(kinds) if number % 2 == 0 else list(reversed(kinds))
            peaks = {kind.name: self._peak(load, kind, seconds_scale) for kind in order}
            if self.row.cpu_goal and self.row.paced:
                reference = peaks.get("peer") or peaks.get("midge")
                for kind in order:
                    p99 = self._paced_p99(load, kind, reference, seconds_scale)
                    self._add(kind, "p99_us", p99)

    def _timing(self, seconds_scale):
        if not self.row.timed:
            return []
        return ["--warmup", f"{self.row.warmup * seconds_scale:g}", "--seconds",
                f"{self.row.seconds * seconds_scale:g}"]

    def _arguments(self, seconds_scale):
        arguments = [*self.row.arguments, *self._timing(seconds_scale)]
        if self.row.name == "idle_connections":
            limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            arguments += ["--count", str(min(20_000, limit - SPARE_DESCRIPTORS))]
        if self.row.count:
            arguments += ["--count", str(max(int(self.row.count * seconds_scale), 1000))]
        return arguments

    def _peak(self, load, kind, seconds_scale):
        try:
            if not self.row.arguments:
                output = {"rss": load.idle_rss(kind, self.row, self.loops)}
            else:
                output = load.run(kind, self.row, self.loops, self.place,
                                  self._arguments(seconds_scale))
        except LoadError as error:
            print(f"{self.row.name}, {self.variant}: {error}", file=sys.stderr)
            output = None
        values = {figure.name: output and figure.value(output) for figure in self.row.figures}
        if self.row.cpu_goal:
            paths = {"cpu_us": "cpu_us", "rate": "rate"}
            if not self.row.paced and self.row.percentiles:
                paths |= {"p99_us": "latency.p99_us", "p50_us": "latency.p50_us"}
            values |= {name: output and at(output, path) for name, path in paths.items()}
        for name, value in values.items():
            self._add(kind, name, value)
        return output

    def _paced_p99(self, load, kind, reference, seconds_scale):
        if reference is None:
            return None
        rate = ["--rate", f"{reference['rate'] / 2:g}"]
        try:
            output = load.run(kind, self.row, self.loops, self.place,
                              self._arguments(seconds_scale) + rate)
            return at(output, "latency.p99_us")
        except Overloaded:
            return math.inf
        except LoadError as error:
            print(f"{self.row.name}, {self.variant}, paced: {error}", file=sys.stderr)
            return None

    def _add(self, kind, key, value):
        self.samples[kind.name].setdefault(key, []).append(value)

    def value(self, server, key):
        """The median over the runs; None where that server was not measured."""
        return median(self.samples.get(server, {}).get(key, []))

    def ratios(self, key):
        """Ours over the peer's, run by run."""
        pairs = zip(self.samples.get("midge", {}).get(key, []),
                    self.samples.get("peer", {}).get(key, []))
        return [quotient(ours, theirs) for ours, theirs in pairs]

    def spread(self, server, key):
        """(largest - smallest) / median over the runs."""
        known = [v for v in self.samples.get(server, {}).get(key, []) if v is not None]
        middle = median(known)
        return (max(known) - min(known)) / middle if middle and len(known) > 1 else None
