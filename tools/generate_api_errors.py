#!/usr/bin/env python3
"""Writes src/jetstream/api/error_table.inc from src/jetstream/api/errors.json, the API's errors as data.

    tools/generate_api_errors.py [--check]
"""
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "src/jetstream/api"


def name_of(constant: str) -> str:
    """JSStreamNotFoundErr -> kStreamNotFound."""
    name = constant.removeprefix("JS")
    for ending in ("ErrF", "Err", "F"):
        if name.endswith(ending):
            name = name[: -len(ending)]
            break
    return "k" + name


def table() -> str:
    errors = json.loads((FOLDER / "errors.json").read_text())
    lines = ["// Written by tools/generate_api_errors.py from errors.json.\n"]
    for error in sorted(errors, key=lambda e: e["error_code"]):
        text = json.dumps(error["description"])
        lines.append(f"X({name_of(error['constant'])}, {error['code']}, {error['error_code']}, {text})\n")
    return "".join(lines)


def main() -> int:
    target = FOLDER / "error_table.inc"
    if "--check" in sys.argv:
        if target.read_text() == table():
            return 0
        print(f"{target} is not what errors.json says", file=sys.stderr)
        return 1
    target.write_text(table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
