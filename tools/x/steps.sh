# Steps: one line each with what it is, how long it took and how many tests it ran; the output goes to
# build/logs. Sourced by `x`.

passed_total=0
failed_total=0
skipped_total=0
readonly LOGS=build/logs

# tally LOG STATUS: prints "passed failed skipped", summed over the closing lines of doctest, pytest
# and midge-sim and over plain "N passed, N failed" lines. A step without any is one test by itself.
tally() {
  awk -v status="$2" '
    function number(word,   at) {
      at = match($0, "[0-9]+ " word)
      return at ? substr($0, at) + 0 : 0
    }
    /\[doctest\] test cases:/ {
      found = 1; p += number("+passed"); f += number("+failed"); s += number("+skipped"); next
    }
    /^(=+ )?[0-9]+ (passed|failed|skipped|error).* in [0-9.]+s/ {
      found = 1; p += number("passed"); f += number("failed") + number("error"); s += number("skipped")
      next
    }
    /^[0-9]+ seeds from .* [0-9]+ failed$/ {
      found = 1; p += number("seeds") - number("failed"); f += number("failed"); next
    }
    /^([a-z-]+: )?[0-9]+ passed, [0-9]+ failed/ {
      found = 1; p += number("passed"); f += number("failed"); s += number("skipped")
    }
    END {
      if (status != 0 && f == 0) f = 1
      if (!found && status == 0) p = 1
      printf "%d %d %d\n", p, f, s
    }' "$1"
}

# step TITLE COMMAND...: runs it without input, keeps its output, prints one line. Returns its status;
# the sum counts a failure in any case.
step() {
  local title=$1 log started status passed failed skipped verdict
  shift
  log=$LOGS/${title//[^A-Za-z0-9]/-}.log
  started=${EPOCHREALTIME/./}
  printf '%-44s ' "$title"
  # Not `"$@" || status=$?`: that would switch off errexit inside the step.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  read -r passed failed skipped < <(tally "$log" "$status")
  passed_total=$((passed_total + passed))
  failed_total=$((failed_total + failed))
  skipped_total=$((skipped_total + skipped))
  verdict="ok    "
  ((failed == 0)) || verdict=FAILED
  printf '%s %6.1f s  %5d passed' "$verdict" \
    "$((${EPOCHREALTIME/./} - started))e-6" "$passed"
  ((failed == 0)) || printf ', %d failed' "$failed"
  ((skipped == 0)) || printf ', %d skipped' "$skipped"
  printf '\n'
  if ((failed > 0)); then
    printf -- '--- the end of %s\n' "$log"
    tail -n "${X_TAIL:-60}" "$log"
    printf -- '---\n'
    return 1
  fi
}

# The closing line, alone on its line, and the exit status.
finish() {
  ((skipped_total == 0)) || printf '%d skipped\n' "$skipped_total"
  printf '%d s\n' "$SECONDS"
  printf '%d passed, %d failed\n' "$passed_total" "$failed_total"
  ((failed_total == 0)) && ((passed_total > 0))
}
