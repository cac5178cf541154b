#!/usr/bin/env python3
"""Checks what every file of the tree has in common: size, spelling of marks, and what never to commit.

Prints each violation as file:line: text, and a closing line; a rule that holds counts as passed.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = {".git", "build", ".venv", "node_modules", "__pycache__", ".pytest_cache"}
# Data and texts of others, not ours to shape.
DATA = ("LICENSE", "package-lock.json")
DATA_FOLDERS = ("tests/conformance/transcripts", "fuzz/corpus")
CODE = (".cc", ".h", ".py", ".sh", ".cmake", ".js", ".mjs", ".c", ".md", ".txt", ".json", ".tsv")

LINES_MAX = 1500
LINES_WARNED = 800

# Brackets keep the patterns from finding themselves.
FORBIDDEN = {
    r"^[<]{7} |^[>]{7} |^[=]{7}$": "a conflict mark",
    r"/[w]ork/|/[r]oot/|/[h]ome/\w": "a path of one machine",
    r"deb\.debian\.[o]rg|(registry\.)?[n]pmjs\.(org|com)|[p]ypi\.org|pythonhosted\.[o]rg"
    r"|proxy\.golang\.[o]rg": "a registry's host",
    r"\b[T]ODO\b(?!\(#\d+\))|\b[F]IXME\b|\b[X]XX\b": "a mark without an issue: write TO" "DO(#number)",
}

HOUSE = ("README.md", "ARCHITECTURE.md", "HACKING.md", "CHANGELOG.md", "LICENSE", "docs/compatibility.md")


def files():
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        if not SKIPPED.intersection(parts) and path.is_file() and not path.is_symlink():
            yield path, path.relative_to(ROOT).as_posix()


class Check:
    def __init__(self):
        self.problems = {"text": [], "forbidden": [], "length": [], "house": [], "tests": []}

    def report(self, rule, name, line, text):
        self.problems[rule].append(f"{name}:{line}: {text}")

    def check_file(self, path, name):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            return
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            for pattern, what in FORBIDDEN.items():
                if re.search(pattern, line):
                    self.report("forbidden", name, number, what)
            if line != line.rstrip() and path.suffix in CODE:
                self.report("text", name, number, "white space at the end of the line")
        if text and not text.endswith("\n"):
            self.report("text", name, len(lines), "no newline at the end")
        if path.suffix in (".cc", ".h", ".py"):
            self.check_length(name, lines)
        if name.startswith("src/") and name.endswith("_test.cc") and not text.startswith("//"):
            self.report("tests", name, 1, "begins with a comment: the test's goal and method")

    def check_length(self, name, lines):
        if len(lines) > LINES_MAX:
            self.report("length", name, len(lines), f"more than {LINES_MAX} lines: cut it")
        elif len(lines) > LINES_WARNED:
            print(f"{name}:{len(lines)}: note: over {LINES_WARNED} lines, look for a seam")

    def check_house(self):
        for name in HOUSE:
            if not (ROOT / name).is_file():
                self.report("house", name, 1, "missing")
        for room in sorted(p for p in (ROOT / "src").iterdir() if p.is_dir()):
            if not (room / "README.md").is_file():
                self.report("house", f"src/{room.name}/README.md", 1, "each room has one")

    def run(self):
        for path, name in files():
            if name not in DATA and path.name not in DATA and not name.startswith(DATA_FOLDERS):
                self.check_file(path, name)
        self.check_house()
        failed = 0
        for problems in self.problems.values():
            failed += bool(problems)
            for problem in problems:
                print(problem)
        print(f"{len(self.problems) - failed} passed, {failed} failed")
        return failed


if __name__ == "__main__":
    sys.exit(1 if Check().run() else 0)
