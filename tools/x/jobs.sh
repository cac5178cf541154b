# The jobs of `x`, one function each. Sourced by `x`.

# configure PRESET [CMAKE ARGUMENTS]: only when never done; ninja sees to it afterwards.
configure() {
  local preset=$1
  shift
  [[ $# -eq 0 && -f build/$preset/build.ninja ]] && return 0
  cmake --preset "$preset" "$@"
}

# build PRESET TARGET...: prints nothing when there is nothing to do. One at a time for each preset.
build() {
  local preset=$1
  shift
  exec 9>"build/$preset.lock"
  flock 9
  configure "$preset" >"$LOGS/configure-$preset.log" 2>&1 || {
    cat "$LOGS/configure-$preset.log" >&2
    die "cmake --preset $preset failed"
  }
  # CMake's globs are checked at each build, so that new files need no thought.
  ninja -C "build/$preset" --quiet "$@" 9>&- || return
  exec 9>&-
}

need_for_preset() {
  need "${SERVER_PACKAGES[@]}"
  case $1 in
    fuzz) need "${FUZZ_PACKAGES[@]}" ;;
    dev | asan | tsan) need "${TEST_PACKAGES[@]}" ;;
  esac
}

job_run() {
  [[ ${1:-} != -- ]] || shift
  need "${SERVER_PACKAGES[@]}"
  build release midge-server >&2
  exec build/release/bin/midge-server "$@"
}

job_build() {
  local preset=release trace=
  [[ ${1:-} != --trace ]] || { trace=1 && shift; }
  if (($# > 0)); then
    preset=$1
    shift
  fi
  [[ ${1:-} != --trace ]] || { trace=1 && shift; }
  need_for_preset "$preset"
  if [[ $preset == release && $# -gt 0 ]]; then need "${TEST_PACKAGES[@]}"; fi
  if (($# == 0)) && [[ $preset == release ]]; then set -- midge-server; fi
  build "$preset" "$@"
  [[ -z $trace ]] || slowest "$preset"
}

# The slowest steps of a build folder's last builds, in seconds (from ccache they cost nothing).
slowest() {
  awk 'NR > 1 { if (($2 - $1) > time[$4]) time[$4] = $2 - $1 }
       END { for (name in time) printf "%7.2f s  %s\n", time[name] / 1000, name }' \
    "build/$1/.ninja_log" | sort -rn | head -n 20 || true
}

job_test() {
  local -a what=() extra=()
  while (($# > 0)); do
    [[ $1 != -- ]] || { shift && extra=("$@") && break; }
    what+=("$1")
    shift
  done
  need "${SERVER_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
  if ((${#what[@]} == 0)); then
    need_python
    need_node
    need_browser
    need_promtool
    test_all release
    finish
    return
  fi
  build release
  local name
  for name in "${what[@]}"; do
    if [[ -d src/$name ]]; then
      "build/release/bin/${name}_test" "${extra[@]}"
    else
      need_python
      need_node
      case $name in tests | tests/ | tests/clients*) need_browser ;; esac
      need_promtool
      pytest_at "${MIDGE_SERVER:-build/release/bin/midge-server}" "$name" "${extra[@]}"
    fi
  done
}

# test_all PRESET: every test there is, against one build. Goes on after failures; stops only where
# nothing is left to test.
test_all() {
  step "rooms" python3 tools/check_rooms.py || true
  step "tree" python3 tools/check_tree.py || true
  step "build, $1" build "$1" || return 0
  step "unit tests, $1" unit_tests "$1" || true
  step "simulation seeds" sim_seeds "$1" || true
  local folder
  for folder in $(pytest_folders); do
    step "tests/$folder, $1" pytest_with "$1" "tests/$folder" || true
  done
}

# The folders of tests/ that hold tests, cheap ones first.
pytest_folders() {
  local folder
  for folder in conformance cli jetstream server websocket clients bad_input; do
    compgen -G "tests/$folder/test_*.py" >/dev/null && printf '%s\n' $folder
  done
}

unit_tests() {
  # Random rules against their models: a million cases where they take seconds.
  if [[ $1 == release ]]; then
    local -x MIDGE_PERMISSION_CASES=1000000 MIDGE_TRANSFORM_CASES=1000000
  fi
  ctest --test-dir "build/$1" --parallel 2 --timeout 300 --verbose --no-tests=error
}

# pytest_with PRESET ARGUMENTS...: the black-box tests against that preset's server.
pytest_with() {
  local preset=$1
  shift
  pytest_at "build/$preset/bin/midge-server" "$@"
}

# pytest_at SERVER ARGUMENTS...
pytest_at() {
  local server=$1
  shift
  MIDGE_SERVER=$server PYTHONDONTWRITEBYTECODE=1 \
    timeout --kill-after=10 1500 .venv/bin/python -m pytest -q -c tests/pytest.ini "$@"
}

readonly SIM_SEEDS=200 JETSTREAM_SEEDS=100 MODEL_SEEDS=25 WATCHDOG_HOURS=3 CLIENT_SEEDS=500 CUT_SEEDS=3

sim_seeds() {
  # Each seed three times: the same again, and with other hash salts, to the same event hash.
  "build/$1/bin/midge-sim" --seeds "$SIM_SEEDS" --twice
  "build/$1/bin/midge-sim" --accounts --seeds "$SIM_SEEDS" --twice
  "build/$1/bin/midge-sim" --jetstream --seeds "$JETSTREAM_SEEDS"
  "build/$1/bin/midge-sim" --model --seeds "$MODEL_SEEDS"
  "build/$1/bin/midge-sim" --watchdog --rounds "$WATCHDOG_HOURS" --seeds 2
  "build/$1/bin/midge-sim" --client --seeds "$CLIENT_SEEDS" --rounds 3
  "build/$1/bin/midge-sim" --client-cuts --seeds "$CUT_SEEDS"
}

job_sim() {
  need "${SERVER_PACKAGES[@]}"
  build release midge-sim
  [[ ${1:-} != -- ]] || shift
  if (($# == 0)); then
    sim_seeds release
  else
    exec build/release/bin/midge-sim "$@"
  fi
}

job_bench() {
  need "${SERVER_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${BENCH_PACKAGES[@]}" python3
  [[ ${1:-} != -- ]] || shift
  grep -q '^MIDGE_BENCH:BOOL=ON' build/release/CMakeCache.txt 2>/dev/null ||
    configure release -DMIDGE_BENCH=ON >"$LOGS/configure-release.log"
  build release
  exec python3 bench/bench.py "$@"
}

# Corpora are in fuzz/corpus/TARGET; what a run finds besides stays in build/fuzz/corpus.
job_fuzz() {
  need "${SERVER_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
  build fuzz fuzz_targets
  if (($# > 0)); then
    fuzz_one "$1" "${2:-60}"
    return
  fi
  fuzz_all 60
}

# fuzz_all SECONDS: every target, two at a time; a line each, behind what it said if it found something.
fuzz_all() {
  export LOGS
  export -f fuzz_one fuzz_told
  basename -a build/fuzz/bin/*_fuzz | xargs -P 2 -I{} bash -c 'fuzz_told "$@"' - {} "$1"
}

fuzz_told() {
  local name=${1%_fuzz} log=$LOGS/fuzz-$1.log
  name=${name//_/-}
  if fuzz_one "$@" >"$log" 2>&1; then
    echo "$name: 1 passed, 0 failed"
  else
    tail -n 40 "$log"
    echo "$name: 0 passed, 1 failed"
    return 1
  fi
}

# fuzz_one TARGET SECONDS: fails at the first finding, whose input libFuzzer leaves in build/fuzz.
fuzz_one() {
  local name=${1%_fuzz} dictionary=() found
  found=build/fuzz/corpus/$name
  mkdir -p "$found"
  [[ ! -f fuzz/$name.dict ]] || dictionary=("-dict=fuzz/$name.dict")
  "build/fuzz/bin/${name}_fuzz" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix=build/fuzz/ "${dictionary[@]}" "$found" \
    "fuzz/corpus/$name"
}

sources() { find include src bench fuzz examples tests cmake -name '*.cc' -o -name '*.h' | sort; }

job_format() {
  need "${FORMAT_PACKAGES[@]}"
  if [[ ${1:-} == --check ]]; then
    sources | xargs -r clang-format-14 --dry-run --Werror
  else
    sources | xargs -r clang-format-14 -i
  fi
}

job_tidy() {
  need "${SERVER_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${TIDY_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
  cmake --preset tidy >"$LOGS/configure-tidy.log" # always: nothing builds here that would notice
  if (($# == 0)); then
    mapfile -t files < <({
      git diff --name-only --diff-filter=d HEAD -- src
      git ls-files --others --exclude-standard -- src
    } | grep '\.cc$')
    ((${#files[@]} > 0)) || {
      say "nothing changed under src"
      return 0
    }
    set -- "${files[@]}"
  fi
  printf '%s\n' "$@" | xargs -P 2 -n 1 clang-tidy-16 --quiet -p build/tidy  2>&1 | sed '/warnings generated/d'
}

# The reference of include/midge, in build/reference/html; a warning fails.
job_reference() {
  need "${REFERENCE_PACKAGES[@]}"
  reference
  say "build/reference/html/index.html"
}

reference() {
  rm -rf build/reference
  doxygen docs/reference/Doxyfile
}

job_check_headers() {
  need "${SERVER_PACKAGES[@]}"
  build release check_headers
}
