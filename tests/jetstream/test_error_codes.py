"""docs/jetstream_errors.md: every error of the API is in it, and what it says of transcripts is so."""

import json
import pathlib
import re

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TABLE = REPOSITORY / "docs" / "jetstream_errors.md"
ERRORS = REPOSITORY / "src" / "jetstream" / "api" / "errors.json"
TRANSCRIPTS = REPOSITORY / "tests" / "jetstream" / "transcripts"
WORDS = {"transcripts", "cluster", "gone", "not met", "disk"}


def table() -> dict:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (.*) \| (.*?) \|$", TABLE.read_text(), re.MULTILINE)
    assert len(rows) == len({row[0] for row in rows})
    return {int(code): (int(status), text.replace("\\|", "|"), by) for code, status, text, by in rows}


def given_in_transcripts() -> set:
    """Codes in answers that Midge must give: of two, the one that is its own."""
    codes = set()
    for path in TRANSCRIPTS.glob("**/*.txt"):
        recorded, own = [], []
        for line in [*path.read_text().splitlines(), "end"]:
            if line.startswith("<~"):
                own.append(line)
            elif line.startswith("<"):
                recorded.append(line)
            else:
                for answer in own or recorded:
                    codes.update(map(int, re.findall(r'err_code\\*": ?(\d+)', answer)))
                recorded, own = [], []
    return codes


@pytest.mark.rows("JS-S-02")
def test_every_error_is_in_the_table():
    errors = {error["error_code"]: (error["code"], error["description"])
              for error in json.loads(ERRORS.read_text())}
    assert {code: row[:2] for code, row in table().items()} == errors


@pytest.mark.rows("JS-S-02")
def test_what_the_table_says_is_so():
    given = given_in_transcripts()
    for code, (_, _, by) in table().items():
        if by.startswith("`"):
            assert str(code) in (REPOSITORY / by.strip("`")).read_text(), code
        else:
            assert by in WORDS or by.startswith("not proven: "), code
            assert (by == "transcripts") == (code in given), code
