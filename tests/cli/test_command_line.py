"""Every file under cases/ is one test: a command line, and what the server says to it."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import case as cases  # noqa: E402
from harness import server as servers  # noqa: E402


@pytest.mark.parametrize("case", cases.load_all(), ids=lambda case: case.name)
def test_case(case):
    cases.check(case, servers.executable())
