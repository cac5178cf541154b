"""Where the clients that are programs of their own are built and installed."""

import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def node_folder():
    """Holds the scripts, with their packages installed as package-lock.json says."""
    folder = HERE / "node"
    assert shutil.which("npm"), "npm is missing: install nodejs and npm"
    wanted = folder / "package-lock.json"
    installed = folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True,
                       capture_output=True, timeout=300)
    return folder


@pytest.fixture(scope="session")
def compile_c(tmp_path_factory):
    """Builds c/NAME.c with libnats, and returns the program."""
    def build(name):
        out = tmp_path_factory.mktemp("libnats") / name
        subprocess.run(["cc", "-std=gnu11", "-O1", "-Wall", "-Wextra",
                        str(HERE / "c" / f"{name}.c"), "-o", str(out), "-lnats"], check=True,
                       timeout=120)
        return out
    return build
