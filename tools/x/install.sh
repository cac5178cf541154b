# What each job needs from outside, and how it gets there. Sourced by `x`.
#
# Everything is asked for by name and only when missing: one dpkg-query answers when nothing is, so
# the second run costs milliseconds.

# What building the server takes, and no more: it is what a user waits for.
readonly SERVER_PACKAGES=(g++ cmake ninja-build ccache libsodium-dev rapidjson-dev
  libfmt-dev libspdlog-dev robin-map-dev libxxhash-dev libboost-dev libssl-dev libcrypt-dev
  zlib1g-dev libdeflate-dev libsnappy-dev libroaring-dev prometheus-cpp-dev)
readonly TEST_PACKAGES=(doctest-dev libnats-dev ca-certificates strace pkg-config)
readonly BROWSER_PACKAGES=(chromium) # 124 MB to fetch, for one test: tests/clients alone asks for it
readonly BENCH_PACKAGES=(libbenchmark-dev)
readonly FUZZ_PACKAGES=(clang-16 libclang-rt-16-dev)
readonly TIDY_PACKAGES=(clang-tidy-16)
readonly FORMAT_PACKAGES=(clang-format-14)
readonly REFERENCE_PACKAGES=(doxygen python3)

say() { printf '%s\n' "$*" >&2; }
die() {
  say "x: $*"
  exit 1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this takes root or sudo: $*"
  fi
}

# need PACKAGE...: installs those that are missing.
need() {
  command -v dpkg-query >/dev/null || return 0 # not Debian: the build says what it lacks
  local missing
  missing=$(comm -23 <(printf '%s\n' "$@" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
      sed -n 's/^ii *//p' | sort -u) | tr '\n' ' ')
  [[ -n $missing ]] || return 0
  say "x: installing $missing"
  local -a install=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300
    -o Acquire::Retries=3 install --no-install-recommends)
  # The lists may be missing or old: then the first attempt fails, before it changes anything.
  # shellcheck disable=SC2086
  if ! as_root "${install[@]}" $missing </dev/null >build/logs/apt.log 2>&1; then
    as_root apt-get -q -o Acquire::Retries=3 update </dev/null >>build/logs/apt.log 2>&1 || true
    as_root "${install[@]}" $missing </dev/null >>build/logs/apt.log 2>&1 || {
      tail -n 30 build/logs/apt.log >&2
      die "could not install $missing(all of it: build/logs/apt.log)"
    }
  fi
}

# again COMMAND...: up to three attempts, for what goes over a network.
again() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    ((attempt == 3)) || sleep $((attempt * 3))
  done
  return 1
}

# The virtual environment of the black-box tests; the stamp tells whether it is the one wanted.
need_python() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || need python3 python3-venv
  local wanted
  wanted="$(pwd) $(python3 -V 2>&1) $(cksum <tests/requirements.txt)"
  [[ -f .venv/stamp && $(<.venv/stamp) == "$wanted" ]] && return 0
  say "x: preparing .venv"
  {
    python3 -m venv --clear .venv &&
      again .venv/bin/python -m pip install --quiet -r tests/requirements.txt
  } </dev/null >build/logs/pip.log 2>&1 || {
    tail -n 30 build/logs/pip.log >&2
    die "could not prepare .venv (build/logs/pip.log)"
  }
  printf '%s' "$wanted" >.venv/stamp
}

# The official JavaScript client, for the tests that run it.
need_node() {
  local folder=tests/clients/node wanted
  [[ -f $folder/package.json ]] || return 0
  command -v node >/dev/null || need nodejs
  wanted=$(cat $folder/package.json $folder/package-lock.json 2>/dev/null | cksum)
  [[ -f $folder/node_modules/stamp && $(<$folder/node_modules/stamp) == "$wanted" ]] && return 0
  command -v npm >/dev/null || need npm
  local verb=install
  [[ -f $folder/package-lock.json ]] && verb=ci
  say "x: installing the packages of $folder"
  (cd $folder && again npm $verb --no-audit --no-fund) </dev/null >build/logs/npm.log 2>&1 || {
    tail -n 30 build/logs/npm.log >&2
    die "could not install $folder's packages (build/logs/npm.log)"
  }
  printf '%s' "$wanted" >$folder/node_modules/stamp
}

# The browser that a client's test drives.
need_browser() {
  command -v chromium >/dev/null || need "${BROWSER_PACKAGES[@]}"
}

# Prometheus' judge of metrics, for the tests. Out of its package, which would also start a server.
need_promtool() {
  [[ -x build/tools/promtool ]] && return 0
  command -v promtool >/dev/null && return 0
  command -v apt-get >/dev/null || return 0 # not Debian: that test is skipped
  say "x: fetching promtool"
  local folder
  folder=$(mktemp -d)
  chmod 755 "$folder"
  {
    (cd "$folder" && { apt-get -q download prometheus ||
      { as_root apt-get -q update && apt-get -q download prometheus; }; }) &&
      dpkg -x "$folder"/prometheus_*.deb "$folder/out" &&
      mkdir -p build/tools && cp "$folder/out/usr/bin/promtool" build/tools/
  } </dev/null >build/logs/promtool.log 2>&1 || {
    tail -n 30 build/logs/promtool.log >&2
    rm -rf "$folder"
    die "could not fetch promtool (build/logs/promtool.log)"
  }
  rm -rf "$folder"
}
