"""What users install and build with: headers, libraries, find_package(midge), pkg-config.

Goal: a program with nothing but an installed Midge and a C++20 compiler is built and works, with static and
with shared libraries, and neither shows anything that is not its interface.
Method: `cmake --install` of a release build into a folder of the test's own, and tests/package against that.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import server as servers

SOURCE = servers.REPOSITORY / "tests/package"
HEADERS = sorted((servers.REPOSITORY / "include/midge").glob("*.h"))
# The system's, and the oldest of each that are there.
COMPILERS = [name for name in ("g++", "g++-11", "clang++-14", "clang++-16") if shutil.which(name)]
if "clang++-14" in COMPILERS:
    COMPILERS = [name for name in COMPILERS if name != "clang++-16"]
# What is left out of a struct in braces has its default.
STRICT = ("-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-missing-field-initializers")
KINDS = ("static", "shared")
LIBRARIES = ("client", "server")
# The compiler's and the system's own folders.
SYSTEM = re.compile(r"/usr/(lib|lib/gcc.*|lib/llvm.*|include/c\+\+.*|include/x86_64-linux-gnu.*)/|/usr/include/[\w.-]+\.h$"
                    r"|/usr/include/(linux|asm-generic)/")


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=12 * servers.PATIENCE, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    own = pathlib.Path(servers.executable()).parents[1]
    builds = [folder for folder in (own, servers.REPOSITORY / "build/release")
              if folder.joinpath("lib/libmidge-server.so").exists()]
    assert builds, "no libraries to install: ./x build release midge_libraries"
    folder = tmp_path_factory.mktemp("installed")
    for component in ("midge-development", "midge-libraries"):
        run("cmake", "--install", builds[0], "--prefix", folder, "--component", component)
    return folder


@pytest.fixture(scope="module")
def lib(prefix):
    return next(prefix.glob("lib/**/libmidge-client.a")).parent


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    running = servers.Server(config=f'jetstream {{ store_dir: "{tmp_path_factory.mktemp("store")}" }}')
    yield running.url
    running.stop()


def check_programs(guest, host, url):
    lines = run(guest, url).splitlines()
    assert lines[:2] == ["request value bytes", "caught 1"]
    version = re.search(r"project\(midge VERSION (\S+)",
                        servers.REPOSITORY.joinpath("CMakeLists.txt").read_text()).group(1)
    assert lines[2:] == [f"version {version}"]
    assert run(host) == "passed on\n"


@pytest.mark.parametrize("kind", KINDS)
def test_cmake(kind, prefix, url, tmp_path):
    run("cmake", "-S", SOURCE, "-B", tmp_path, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DBUILD_SHARED_LIBS={'ON' if kind == 'shared' else 'OFF'}")
    run("cmake", "--build", tmp_path)
    check_programs(tmp_path / "guest", tmp_path / "host", url)
    needed = run("readelf", "-d", tmp_path / "guest")
    assert ("libmidge-client.so" in needed) == (kind == "shared")


def pkg_config(lib, *arguments):
    return run("pkg-config", *arguments, env={**os.environ, "PKG_CONFIG_PATH": str(lib / "pkgconfig")}).split()


@pytest.mark.parametrize("compiler", COMPILERS)
def test_pkg_config(compiler, lib, url, tmp_path):
    for program, names in (("guest", ["midge-client"]), ("host", ["midge-server", "midge-client"])):
        compiled = tmp_path / f"{program}.o"
        run(compiler, *STRICT, *pkg_config(lib, "--cflags", *names), "-c", SOURCE / f"{program}.cc", "-o", compiled)
        run(compiler, compiled, "-o", tmp_path / f"{program}-shared", *pkg_config(lib, "--libs", *names),
            f"-Wl,-rpath,{lib}")
        # Both kinds lie there: the archive by its name.
        archives = [re.sub(r"^-l(midge-\w+)$", r"-l:lib\1.a", flag)
                    for flag in pkg_config(lib, "--static", "--libs", *names)]
        run(compiler, compiled, "-o", tmp_path / f"{program}-static", *archives)
    for kind in KINDS:
        check_programs(tmp_path / f"guest-{kind}", tmp_path / f"host-{kind}", url)


def global_names(*nm):
    """Demangled names that a library defines for others."""
    lines = run("nm", "--demangle", "--defined-only", "--extern-only", *nm).splitlines()
    return [match.group(1) for line in lines if (match := re.match(r"[0-9a-f]+ \w (.*)$", line))]


PUBLIC_NAME = re.compile(r"((typeinfo|typeinfo name|vtable) for |(non-)?virtual thunk to )?midge::"
                         r"(?!detail\b|embed\b|io\b|codec\b|crypto\b|server\b|broker\b|tls\b|proto\b)")


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("kind", KINDS)
def test_only_the_interface_is_exported(name, kind, lib):
    if kind == "shared":
        names = global_names("--dynamic", lib / f"libmidge-{name}.so")
    else:
        names = global_names(lib / f"libmidge-{name}.a")
    assert [symbol for symbol in names if not PUBLIC_NAME.match(symbol)] == []
    expected = "midge::Client::connect(" if name == "client" else "midge::Server::make("
    assert any(symbol.startswith(expected) for symbol in names)
    others = "midge::Server::" if name == "client" else "midge::Client::"
    assert not any(symbol.startswith(others) for symbol in names)


@pytest.mark.parametrize("name", LIBRARIES)
def test_system_libraries_are_listed(name, lib):
    """What a shared library needs is what pkg-config tells whoever links the static one."""
    dynamic = run("readelf", "-d", lib / f"libmidge-{name}.so")
    needed = set(re.findall(r"NEEDED.*\[lib([\w.+-]+?)\.so", dynamic))
    needed -= {"c", "m", "stdc++", "gcc_s", "pthread"}
    listed = re.search(r"^Libs.private: (.*)$", lib.joinpath(f"pkgconfig/midge-{name}.pc").read_text(), re.M)
    assert {flag[2:] for flag in listed.group(1).split() if flag.startswith("-l")} == needed
    assert re.search(rf"SONAME.*\[libmidge-{name}\.so\.\d+\.\d+\]", dynamic)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_headers_compile(compiler, prefix):
    """Each alone, with the oldest standard that users may have, and without a header that is not theirs. The
    system's compiler does that with each at every build (check_headers): here it takes all at once."""

    def check(headers):
        source = "".join(f"#include <midge/{header.name}>\n" for header in headers)
        found = run(compiler, *STRICT, "-xc++", f"-I{prefix}/include", "-fsyntax-only", "-MD", "-MF", "/dev/stdout", "-", input=source)
        own = str(prefix / "include/midge") + "/"
        return [path for path in re.sub(r"\\\n|^\S+:", " ", found).split()
                if path != "-" and not path.startswith(own) and not SYSTEM.match(os.path.normpath(path))]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        parts = [HEADERS] if compiler == "g++" else [[header] for header in HEADERS]
        assert [others for others in pool.map(check, parts) if others] == []


def test_headers_define_no_macro_and_show_their_names():
    for header in HEADERS:
        text = header.read_text(encoding="utf-8")
        assert "#define" not in text
        assert text.count("#pragma GCC visibility push(default)") == 1, header.name
        assert text.rstrip().endswith("#pragma GCC visibility pop"), header.name
