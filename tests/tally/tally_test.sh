#!/bin/sh
# The line that counts all tests: of CTest's report, with suites that fail in every way there is, and of
# .ci/run, with parts that do. usage: tally_test.sh SAMPLE_SUITE SOURCES FOLDER_TO_WORK_IN
set -eu
suite=$1 sources=$2 made=$3
rm -rf "$made"
mkdir -p "$made/suites" "$made/ci/.ci" "$made/ci/third_party" "$made/ci/tests/tally"
passed=0 failed=0

# check WHAT EXPECTED GOT
check() {
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
  else
    printf 'FAIL %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
    failed=$((failed + 1))
  fi
}

# counted < CTestTestfile: the lines that count, or say why not, and the exit status, in one line
counted() {
  cat >"$made/suites/CTestTestfile.cmake"
  status=0
  sh "$sources/tests/tally/run_suites.sh" "$made/report.xml" --test-dir "$made/suites" --quiet >"$made/said" 2>&1 || status=$?
  echo "$(grep -v '^No tests were found' "$made/said" | paste -sd'|') ($status)"
}

why="skipped: suite: sample: needs a package: built without a 'package' & more"
case="failed: suite: sample: the one in the middle does what SAMPLE says"
failure="failed: suite: failed, crashed or ran out of time"
check "a suite that passes" "$why|3 passed, 0 failed, 1 skipped (0)" "$(counted <<TEXT
add_test(suite "$suite")
TEXT
)"
check "a case that fails" "$why|$case|$failure|2 passed, 1 failed, 1 skipped (1)" "$(counted <<TEXT
add_test(suite "$suite")
set_tests_properties(suite PROPERTIES ENVIRONMENT SAMPLE=fail)
TEXT
)"
check "a crash in the middle: what came after is not counted" \
  "$why|$case|$failure|1 passed, 1 failed, 1 skipped (1)" "$(counted <<TEXT
add_test(suite "$suite")
set_tests_properties(suite PROPERTIES ENVIRONMENT SAMPLE=crash)
TEXT
)"
check "a suite that ends early without a word" \
  "$why|failed: suite: ended without a line that counts its tests|0 passed, 1 failed, 0 skipped (1)" \
  "$(counted <<TEXT
add_test(suite "$suite")
set_tests_properties(suite PROPERTIES ENVIRONMENT SAMPLE=exit)
TEXT
)"
check "a suite without tests" "failed: suite: has no tests|0 passed, 1 failed, 0 skipped (1)" "$(counted <<TEXT
add_test(suite sh -c "echo 0 passed, 0 failed, 0 skipped")
TEXT
)"
check "a suite that says that all passed, and fails" "$failure|7 passed, 1 failed, 0 skipped (1)" "$(counted <<TEXT
add_test(suite sh -c "echo 7 passed, 0 failed, 0 skipped; exit 3")
TEXT
)"
check "a suite that counts failures, and exits as if all were well" \
  "failed: suite: counts failures|7 passed, 2 failed, 0 skipped (1)" "$(counted <<TEXT
add_test(suite sh -c "echo 7 passed, 2 failed, 0 skipped")
TEXT
)"
check "what a suite says of its failures" \
  "failed: suite: a < b|$failure|7 passed, 1 failed, 0 skipped (1)" "$(counted <<TEXT
add_test(suite sh -c "echo 'failed: a < b'; echo 7 passed, 1 failed, 0 skipped; exit 1")
TEXT
)"
check "a suite that takes too long" "$failure|0 passed, 1 failed, 0 skipped (1)" "$(counted <<TEXT
add_test(suite sh -c "sleep 60")
set_tests_properties(suite PROPERTIES TIMEOUT 1)
TEXT
)"
check "suites that were not built or are switched off" \
  "failed: absent: could not be run|failed: off: could not be run|0 passed, 2 failed, 0 skipped (1)" \
  "$(counted <<TEXT
add_test(absent "$made/absent")
add_test(off true)
set_tests_properties(off PROPERTIES DISABLED TRUE)
TEXT
)"
check "suites skipped as a whole: with a reason, without" \
  "skipped: a: no GPU is here|failed: b: skipped without a reason|0 passed, 1 failed, 1 skipped (1)" \
  "$(counted <<TEXT
add_test(a sh -c "echo 'skipped: no GPU is here'; exit 77")
add_test(b sh -c "exit 77")
set_tests_properties(a b PROPERTIES SKIP_RETURN_CODE 77)
TEXT
)"
check "no suites" "failed: the report: has no tests|0 passed, 1 failed, 0 skipped (1)" "$(counted </dev/null)"
check "long output is not cut" "7 passed, 0 failed, 0 skipped (0)" "$(counted <<TEXT
add_test(suite sh -c "seq 10000; echo 7 passed, 0 failed, 0 skipped")
TEXT
)"

# ci < dev: the last line and the exit status of .ci/run where ./dev is this script
cp "$sources/.ci/run" "$made/ci/.ci/"
cp "$sources/tests/tally/tally.awk" "$made/ci/tests/tally/"
: >"$made/ci/third_party/install.sh"
ci() {
  { echo '#!/bin/sh'; cat; } >"$made/ci/dev"
  chmod +x "$made/ci/dev"
  status=0
  sh "$made/ci/.ci/run" >"$made/said" 2>&1 || status=$?
  echo "$(tail -n 1 "$made/said") ($status)"
}
nvcc=1  # skipped where there is no compiler of that name
PATH=$PATH:/usr/local/cuda/bin command -v nvcc >/dev/null && nvcc=0
ran=$((1 - nvcc))
check "every part passes" "$((30 + 10 * ran)) passed, 0 failed, $((6 + 2 * ran + nvcc)) skipped (0)" "$(ci <<'TEXT'
echo "1 passed, 1 failed, 1 skipped"
echo "10 passed, 0 failed, 2 skipped"
TEXT
)"
check "parts that fail, with a count and without, stop no other" \
  "$((10 + 3 + 10 * ran)) passed, 2 failed, $nvcc skipped (1)" "$(ci <<'TEXT'
case $1 in
  test) echo "no space left on device"; exit 1 ;;
  fuzz) echo "3 passed, 1 failed, 0 skipped"; exit 1 ;;
  *) echo "10 passed, 0 failed, 0 skipped" ;;
esac
TEXT
)"
check "a part that says nothing" "0 passed, $((3 + ran)) failed, $nvcc skipped (1)" "$(ci </dev/null)"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
