#!/usr/bin/env python3
"""Writes docs/compatibility.md: which rows of the feature ledger are proven, and by which tests.

    tests/compatibility.py            write the page
    tests/compatibility.py --check    fail if the page is stale or a test names a row that is not there

The rows are docs/compatibility_rows.tsv. A test says what it proves: a transcript or a command line
case by the `rows:` line of its head, a pytest test by @pytest.mark.rows("CORE-64"), a C++ test by
`[CORE-64]` in its name or in a comment of its file.
"""

import argparse
import ast
import collections
import pathlib
import re
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "compatibility.md"
ROWS = REPOSITORY / "docs" / "compatibility_rows.tsv"

GROUPS = {
    "CORE": "core protocol", "CONF": "configuration and command line", "LOG": "logging",
    "MON": "monitoring", "SYS": "system account", "AUTH": "authentication", "ACCT": "accounts",
    "ROUTE": "clusters", "GW": "gateways", "LEAF": "leaf nodes", "JS-S": "JetStream streams",
    "JS-C": "JetStream consumers", "JS-CL": "JetStream clustering", "KV": "key-value, objects",
    "SVC": "services", "WS": "WebSocket", "MQTT": "MQTT", "OPS": "operations"}

_CPP_ROW = re.compile(r"\[((?:[A-Z]+-)+\d+)\]")
_SHOWN_MAX = 6


def read_rows() -> dict:
    lines = ROWS.read_text(encoding="utf-8").splitlines()[1:]
    return dict(line.split("\t", 1) for line in lines)


def head_rows(path: pathlib.Path) -> list:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line == "---":
            break
        if line.startswith("rows:"):
            return [row.strip() for row in line[5:].split(",") if row.strip()]
    return []


def python_rows(path: pathlib.Path):
    """(row, test) of each marked test function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.rows":
                for argument in mark.args:
                    yield ast.literal_eval(argument), node.name


def gather() -> dict:
    """Row → names of its tests, in a fixed order."""
    proofs = collections.defaultdict(set)
    tests = REPOSITORY / "tests"
    for path in [*tests.glob("conformance/transcripts/**/*.txt"), *tests.glob("cli/cases/**/*.txt"),
                 *tests.glob("jetstream/transcripts/**/*.txt"),
                 *tests.glob("cli/reloads/*.txt")]:
        for row in head_rows(path):
            proofs[row].add(str(path.relative_to(REPOSITORY)))
    for path in tests.glob("**/test_*.py"):
        if "node_modules" in path.parts:
            continue
        for row, name in python_rows(path):
            proofs[row].add(f"{path.relative_to(REPOSITORY)}::{name}")
    for path in REPOSITORY.glob("src/**/*_test.cc"):
        for row in _CPP_ROW.findall(path.read_text(encoding="utf-8")):
            proofs[row].add(str(path.relative_to(REPOSITORY)))
    return {row: sorted(names) for row, names in proofs.items()}


def group_of(row: str) -> str:
    return row.rpartition("-")[0]


def page(rows: dict, proofs: dict) -> str:
    out = ["# Compatibility with nats-server 2.15.2", "",
           "Which features of nats-server Midge is proven to have. `tests/compatibility.py` writes this page",
           "from the tests: a row is listed if a test that CI runs says it proves it. Rows that are not",
           "listed may work, in part or whole; nothing here says so. Where part of a row belongs to something",
           "that Midge does not have yet (TLS, accounts, clusters, JetStream), it is listed for the rest.", "",
           "| group | | proven | of |", "|---|---|---|---|"]
    for group, title in GROUPS.items():
        members = [row for row in rows if group_of(row) == group]
        proven = sum(row in proofs for row in members)
        out.append(f"| {group} | {title} | {proven} | {len(members)} |")
    proven = sum(row in proofs for row in rows)
    out.append(f"| all | | {proven} | {len(rows)} |")
    for group, title in GROUPS.items():
        members = [row for row in rows if group_of(row) == group and row in proofs]
        if members:
            out += ["", f"## {group}: {title}", "", "| row | feature | tests |", "|---|---|---|"]
            out += [f"| {row} | {escape(rows[row])} | {shown(proofs[row])} |" for row in members]
    return "\n".join(out) + "\n"


def escape(text: str) -> str:
    return text.replace("|", "\\|")


def shown(names: list) -> str:
    more = f" and {len(names) - _SHOWN_MAX} more" if len(names) > _SHOWN_MAX else ""
    return " · ".join(f"`{name}`" for name in names[:_SHOWN_MAX]) + more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    rows, proofs = read_rows(), gather()
    unknown = {row: names for row, names in proofs.items() if row not in rows}
    for row, names in unknown.items():
        print(f"{row} is not in {ROWS.name}, but in {', '.join(names)}", file=sys.stderr)
    text = page(rows, proofs)
    if not arguments.check:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{sum(row in proofs for row in rows)} of {len(rows)} rows are proven")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        print(f"{PAGE.name} is stale: run tests/compatibility.py", file=sys.stderr)
        return 1
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
