"""The tables as Markdown."""

import math

from .measurement import median
from .row import goal_of

NONE = "–"


def number(value):
    if value is None:
        return NONE
    if math.isinf(value):
        return "∞"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def rate(value):
    if value is None:
        return NONE
    return f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value / 1e3:.3g} k"


def verdict(value, goal, at_least=False):
    if value is None or goal is None or math.isinf(goal):
        return ""
    return "yes" if (value >= goal if at_least else value <= goal) else "**no**"


def percent(value):
    return NONE if value is None else f"{value * 100:.0f} %"


def lines(head, rows):
    if not rows:
        return ""
    marks = ["---" if i == 0 else "---:" for i in range(len(head))]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in [head, marks, *rows]) + "\n"


def runs(measurements):
    """`- Runs: 5: pub, queue; 3: churn`, rows by how often they were measured."""
    by_count = {}
    for m in measurements:
        names = by_count.setdefault(m.runs(), [])
        if m.row.name not in names:
            names.append(m.row.name)
    parts = [f"{count}: {', '.join(names)}" for count, names in sorted(by_count.items())[::-1]]
    return "- Runs: " + "; ".join(parts) + "\n"


def cpu_table(measurements):
    head = ["row", "loops", "µs/msg", "peer", "ratio", "goal", "met", "spread", "rate", "peer",
            "rate ≥ peer", "p99 µs", "peer", "p99 met"]
    rows = []
    for m in measurements:
        if not m.row.cpu_goal:
            continue
        ratio = median(m.ratios("cpu_us"))
        goal = goal_of(m.row, m.place)
        faster = median(m.ratios("rate"))
        p99 = median(m.ratios("p99_us"))
        rows.append([
            m.row.label, m.variant, number(m.value("midge", "cpu_us")),
            number(m.value("peer", "cpu_us")), number(ratio), f"{goal}", verdict(ratio, goal),
            f"{percent(m.spread('midge', 'cpu_us'))} / {percent(m.spread('peer', 'cpu_us'))}",
            rate(m.value("midge", "rate")), rate(m.value("peer", "rate")),
            "" if faster is None else "yes" if faster >= 1 else f"**{faster:.2f}**",
            number(m.value("midge", "p99_us")), number(m.value("peer", "p99_us")),
            verdict(p99, m.row.p99_goal)])
    return lines(head, rows)


def stored_table(measurements):
    """The CPU table of what is stored: percentiles at the peak, of what the row's client waits for."""
    head = ["row", "loops", "µs/msg", "peer", "ratio", "goal", "met", "rate", "peer", "rate/peer",
            "p50 µs", "peer", "p99 µs", "peer"]
    rows = []
    for m in measurements:
        if not m.row.cpu_goal:
            continue
        ratio = median(m.ratios("cpu_us"))
        goal = goal_of(m.row, m.place)
        rows.append([
            m.row.label, m.variant, number(m.value("midge", "cpu_us")),
            number(m.value("peer", "cpu_us")), number(ratio),
            "" if math.isinf(goal) else f"{goal}", verdict(ratio, goal),
            rate(m.value("midge", "rate")), rate(m.value("peer", "rate")),
            number(median(m.ratios("rate"))),
            number(m.value("midge", "p50_us")), number(m.value("peer", "p50_us")),
            number(m.value("midge", "p99_us")), number(m.value("peer", "p99_us"))])
    return lines(head, rows)


def figure_table(measurements):
    head = ["figure", "loops", "unit", "Midge", "peer", "ours/peer", "goal", "met"]
    rows = []
    for m in measurements:
        for figure in m.row.figures:
            ours = m.value("midge", figure.name)
            ratio = median(m.ratios(figure.name))
            judged = ratio if figure.over_peer else ours
            bound = figure.bound(m)
            goal = ""
            if bound is not None and not math.isinf(bound):
                goal = ("≥ " if figure.at_least else "") + (
                    number(bound) if callable(figure.goal) else f"{bound:g}") + (
                    " × peer" if figure.over_peer else "")
            rows.append([figure.label, m.variant, figure.unit, number(ours),
                         number(m.value("peer", figure.name)), number(ratio), goal,
                         verdict(judged, bound, figure.at_least)])
    return lines(head, rows)


def micro_table(results):
    head = ["micro-benchmark", "ns", "goal", "met"]
    return lines(head, [[name, number(ns), NONE if goal is None else f"{goal:g}",
                         verdict(ns, goal)] for name, ns, goal in results])
