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


def both(head, name, show):
    """Two columns of the CPU table: ours, and the peer's."""
    return [(head, lambda m: show(m.value("midge", name))),
            ("peer", lambda m: show(m.value("peer", name)))]


def goal_text(m):
    goal = goal_of(m.row, m.place)
    return "" if math.isinf(goal) else f"{goal}"


def faster(m):
    ratio = median(m.ratios("rate"))
    return "" if ratio is None else "yes" if ratio >= 1 else f"**{ratio:.2f}**"


_CPU = [
    ("row", lambda m: m.row.label), ("loops", lambda m: m.variant),
    *both("µs/msg", "cpu_us", number),
    ("ratio", lambda m: number(median(m.ratios("cpu_us")))), ("goal", goal_text),
    ("met", lambda m: verdict(median(m.ratios("cpu_us")), goal_of(m.row, m.place)))]
CORE = [
    *_CPU,
    ("spread", lambda m: f"{percent(m.spread('midge', 'cpu_us'))} / "
                         f"{percent(m.spread('peer', 'cpu_us'))}"),
    *both("rate", "rate", rate), ("rate ≥ peer", faster), *both("p99 µs", "p99_us", number),
    ("p99 met", lambda m: verdict(median(m.ratios("p99_us")), m.row.p99_goal))]
# Of what is stored: percentiles at the peak, of what the row's client waits for.
STORED = [
    *_CPU, *both("rate", "rate", rate), ("rate/peer", lambda m: number(median(m.ratios("rate")))),
    *both("p50 µs", "p50_us", number), *both("p99 µs", "p99_us", number)]


def cpu_table(measurements, columns):
    rows = [[cell(m) for _, cell in columns] for m in measurements if m.row.cpu_goal]
    return lines([head for head, _ in columns], rows)


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
