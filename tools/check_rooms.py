#!/usr/bin/env python3
"""Checks the floor plan: who includes whom, and who may touch the operating system.

The rooms and what each may include are read from cmake/rooms.cmake, as the build reads them. The rules
about system headers and calls are the tables below. Prints each violation as file:line: text, and a
closing line; a rule that holds counts as passed.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "src"
PUBLIC = ROOT / "include"

# Who of the rooms includes the headers that users of the library see: the vocabulary that all
# share, who implements them, and the simulator, which uses the client as they do.
PUBLIC_USERS = {"midge/result.h": ("base", "client"), "midge/log.h": ("base", "embed"),
                "midge/version.h": ("client", "embed", "server")}
IMPLEMENTER = ("client", "embed", "sim")

# Only these files may include what the operating system or the C++ library has of threads, clocks,
# randomness, sockets and files.
OS_PLACES = ("io/posix/",)

OS_HEADERS = re.compile(
    r"^(sys/.*|net/.*|netinet/.*|arpa/.*|linux/.*|bits/.*|unistd\.h|fcntl\.h|poll\.h|pthread\.h|sched\.h"
    r"|signal\.h|csignal|syslog\.h|netdb\.h|dirent\.h|dlfcn\.h|pwd\.h|grp\.h|time\.h|ctime|chrono|random"
    r"|thread|mutex|shared_mutex|condition_variable|future|semaphore|barrier|latch|stop_token"
    r"|filesystem|fstream|iostream)$")

# header -> places besides OS_PLACES that may include it, each for a reason.
ALLOWED = {
    # The log's sink; mailboxes; one lock per interest shard; names of accounts, asked for at logins;
    # the checkpoint, which jobs of all loops write; packed files, which any thread may use as any
    # file.
    "mutex": ("base/", "io/", "subject/", "broker/accounts.cc", "store/checkpoint_file.h",
              "store/pack/packed_file.h"),
    "condition_variable": ("io/",),
    # What users of the client call waits off with; it wakes nobody by itself.
    "stop_token": ("client/", "embed/"),
}

OS_CALLS = re.compile(
    r"(?<![\w.>:])(?:::|std::)?(clock_gettime|gettimeofday|time\((?:0|NULL|nullptr|&)|localtime(?:_r)?\b"
    r"|gmtime(?:_r)?\b|getrandom|rand\(|srand\(|usleep|nanosleep|sleep\(|getenv"
    r"|fopen|fclose|pthread_\w+)")
OS_NAMES = re.compile(
    r"\bstd::(thread|jthread|this_thread|chrono|random_device|mt19937|filesystem|[io]?fstream|async)\b")

# Headers cost everybody who includes them: these (1-7 s each) belong into .cc files.
HEAVY = re.compile(
    r"^(iostream|regex|filesystem|thread|chrono|random|format|locale|rapidjson/.*|openssl/.*|boost/.*"
    r"|spdlog/.*|fmt/(?!core\.h).*|sodium\.h|CLI/.*)$")

# Headers that few files of one room share, which would each include these otherwise.
PRIVATE = ("tls/openssl_ptr.h",)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def rooms():
    """{room: set of rooms it may include}, in the order of cmake/rooms.cmake."""
    plan = {}
    for name, rest in re.findall(r"^midge_room\((\w+)([^)]*)\)",
                                 (ROOT / "cmake/rooms.cmake").read_text(), re.MULTILINE):
        dependencies = re.search(r"DEPS([\w\s]*?)(?:LIBS|$)", rest)
        plan[name] = set(dependencies.group(1).split()) if dependencies else set()
    return plan


def without_comments(text):
    """The text with comments and string literals blanked, line numbers unchanged."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"', blank, text,
                  flags=re.DOTALL)


class Check:
    def __init__(self):
        self.plan = rooms()
        self.problems = {"plan": [], "includes": [], "os": [], "heavy": []}

    def report(self, rule, path, line, text):
        self.problems[rule].append(f"{path.relative_to(ROOT)}:{line}: {text}")

    def check_plan(self):
        """A room may only include rooms listed above it, which also rules out cycles."""
        above = set()
        plan_file = ROOT / "cmake/rooms.cmake"
        for room, dependencies in self.plan.items():
            for name in sorted(dependencies - above):
                self.report("plan", plan_file, 1, f"{room} depends on {name}, not listed above it")
            above.add(room)
        for folder in sorted(p for p in SOURCES.iterdir() if p.is_dir()):
            if folder.name not in self.plan:
                self.report("plan", folder, 1, "no such room in cmake/rooms.cmake")

    def check_file(self, path):
        relative = path.relative_to(SOURCES).as_posix()
        room = relative.split("/")[0]
        text = path.read_text()
        is_test = path.stem.endswith(("_test", "_bench"))
        for number, line in enumerate(text.splitlines(), 1):
            include = INCLUDE.match(line)
            if include:
                self.check_include(path, relative, room, is_test, number, *include.groups())
        if is_test or relative.startswith(OS_PLACES):
            return
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            for pattern in (OS_CALLS, OS_NAMES):
                match = pattern.search(line)
                if match and not INCLUDE.match(line):
                    self.report("os", path, number,
                                f"{match.group(0).strip()}: only io/posix talks to the system")

    def check_include(self, path, relative, room, is_test, number, quote, name):
        if quote == '"':
            self.check_own_include(path, room, number, name)
            return
        if path.suffix == ".h" and HEAVY.match(name) and relative not in PRIVATE:
            self.report("heavy", path, number, f"<{name}> in a header: move it into a .cc")
        places = OS_PLACES + ALLOWED.get(name, ())
        if not is_test and OS_HEADERS.match(name) and not relative.startswith(places):
            self.report("os", path, number, f"<{name}>: allowed in {', '.join(places)} only")

    def check_public_header(self, path):
        """Users get these alone: they include each other and the standard library only."""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = INCLUDE.match(line)
            if not include:
                continue
            quote, name = include.groups()
            own = name.startswith("midge/") and (PUBLIC / name).is_file()
            standard = quote == "<" and re.fullmatch(r"[a-z_]+", name)
            if not own and not standard:
                self.report("includes", path, number, f"{name}: not for users of the library")

    def check_own_include(self, path, room, number, name):
        if (PUBLIC / name).is_file():
            if room not in PUBLIC_USERS.get(name, IMPLEMENTER):
                self.report("includes", path, number, f"{room} may not include {name}")
            return
        if not (SOURCES / name).is_file():
            self.report("includes", path, number, f'"{name}": no such file under src/')
            return
        other = name.split("/")[0]
        if other != room and other not in self.plan.get(room, set()):
            self.report("includes", path, number, f"{room} may not include {other} (cmake/rooms.cmake)")

    def run(self):
        self.check_plan()
        for path in sorted(SOURCES.rglob("*")):
            if path.suffix in (".h", ".cc"):
                self.check_file(path)
        for path in sorted(PUBLIC.rglob("*.h")):
            self.check_public_header(path)
        failed = 0
        for problems in self.problems.values():
            failed += bool(problems)
            for problem in problems:
                print(problem)
        print(f"{len(self.problems) - failed} passed, {failed} failed")
        return failed


if __name__ == "__main__":
    sys.exit(1 if Check().run() else 0)
