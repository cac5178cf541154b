# The job `ci`: what a change must pass, cheap steps first. Sourced by `x`.

job_ci() {
  say "x: $(nproc) cores, $(g++ -dumpfullversion 2>/dev/null || echo no compiler yet)"
  need "${SERVER_PACKAGES[@]}" "${TEST_PACKAGES[@]}" "${FORMAT_PACKAGES[@]}" \
    "${REFERENCE_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
  need_python
  need_node
  need_browser
  need_promtool

  build_ahead &
  step "format" job_format --check || true
  step "docs/compatibility.md is fresh" compatibility_is_fresh || true
  step "reference without warnings" reference || true
  step "headers compile alone" build release check_headers || true
  test_all release
  step "no warnings" no_warnings || true

  sanitized_tests asan
  sanitized_tests tsan
  fuzz_share
  finish
}

# The sanitizers' builds, with what the release leaves of the cores: its tests wait for disks and clocks
# half of their time. Their own steps finish them, and tell how they ended.
build_ahead() {
  renice -n 19 "$BASHPID" >/dev/null
  build asan
  build tsan
  build fuzz fuzz_targets
} >"$LOGS/build-ahead.log" 2>&1

# Not -Werror: GCC 12 is wrong about std::string in the warnings that follow the flow of data, so those
# do not count, and CI compiles with the very flags of everybody else. On a clean checkout the build's
# log has the warnings of every file, since ccache repeats them.
no_warnings() {
  ! grep -h 'warning:' "$LOGS"/build--*.log |
    grep -vE '\[-W(array-bounds|restrict|stringop-over(flow|read)|maybe-uninitialized|dangling-pointer)'
}

compatibility_is_fresh() {
  .venv/bin/python tests/compatibility.py --check
}

# sanitized_tests PRESET: unit tests, transcripts and client tests under a sanitizer.
sanitized_tests() {
  local preset=$1 folder
  step "build, $preset" build "$preset" || return 0
  step "unit tests, $preset" sanitized "$preset" unit_tests "$preset" || true
  for folder in conformance websocket clients; do
    compgen -G "tests/$folder/test_*.py" >/dev/null || continue
    # What users install is the release: it is tested there.
    step "tests/$folder, $preset" sanitized "$preset" pytest_with "$preset" "tests/$folder" \
      --ignore=tests/clients/test_package.py || true
  done
}

# sanitized PRESET COMMAND...: fails when the command does, or when any process it started, a server
# whose exit status nobody looked at included, left a report.
sanitized() {
  local reports=$PWD/$LOGS/reports-$1 status=0
  shift
  rm -rf "$reports"
  mkdir -p "$reports"
  export ASAN_OPTIONS=log_path=$reports/report:detect_stack_use_after_return=1
  export UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS=log_path=$reports/report:second_deadlock_stack=1
  export MIDGE_TEST_PATIENCE=60
  "$@" || status=$?
  if compgen -G "$reports/*" >/dev/null; then
    head -n 60 "$reports"/*
    return 1
  fi
  return $status
}

# Every fuzz target over its corpus and a little further. The long runs are in docs/reliability.md.
fuzz_share() {
  step "build, fuzz" build fuzz fuzz_targets || return 0
  step "fuzz, 20 s each" fuzz_all 20 || true
}
