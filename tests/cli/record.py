#!/usr/bin/env python3
"""Fills in the `?` step of command line cases from what a server says.

    tests/cli/record.py --server PATH FILE ...
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import case as cases  # noqa: E402


def record(path: pathlib.Path, executable: str):
    case = cases.load(path)
    if not any(step[2] == "?" for step in case.steps):
        return
    status, out, err = cases.run(case, executable)
    answer = [f"exit {status}"] + [f"out {line}" for line in out] + [f"err {line}" for line in err]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n?\n", "\n" + "\n".join(answer) + "\n"), encoding="utf-8")
    print(f"recorded {path}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    for path in arguments.files:
        record(path.resolve(), str(pathlib.Path(arguments.server).expanduser().resolve()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
