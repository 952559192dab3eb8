# Adds up what test suites counted: a report as CTest writes it (--output-junit) in; out why each part
# was skipped or failed, and last one line, "12 passed, 0 failed, 1 skipped". Exits 1 unless all is well.
#
# Every suite ends with such a line of its own and says "skipped: ..." for what it leaves out and
# "failed: ..." for what failed. One that ends otherwise (crashed, ran out of time, is not there) is a
# failure, whatever else it counts; one that is skipped as a whole, with its reason, counts as one. No
# tests are a failure: nothing was shown.

function attribute(key) {
  if (!match($0, " " key "=\"[^\"]*\"")) return ""
  return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 4)
}

function plain(text) {
  gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
  gsub(/&amp;/, "\\&", text)
  return text
}

function fail(why) {
  print "failed: " name ": " why
  if (!own_failed) own_failed = 1
}

function finish_suite() {
  if (name == "") return
  if (skipped_whole) {
    if (reason) own_skipped = 1; else fail("skipped without a reason")
  } else if (status == "run") {
    if (!counted) fail("ended without a line that counts its tests")
    else if (own_failed) fail("counts failures")
    else if (own_passed + own_skipped == 0) fail("has no tests")
  } else {
    fail(status == "fail" ? "failed, crashed or ran out of time" : "could not be run")
  }
  passed += own_passed; failed += own_failed; skipped += own_skipped
  name = ""
}

/^<testsuite / { open = 1 }
/^<\/testsuite>/ || /^\ttimestamp=.*\/>/ { open = 0 }
/^[ \t]*<testcase / {
  finish_suite()
  name = attribute("name"); status = attribute("status")
  own_passed = own_failed = own_skipped = counted = reason = skipped_whole = 0
}
/^[ \t]*<skipped message="SKIP_/ { skipped_whole = 1 }
{ sub(/^[ \t]*<system-out>/, ""); sub(/<\/system-out>$/, ""); sub(/\r$/, "") }
/^failed: / { print "failed: " name ": " plain(substr($0, 9)) }
/^skipped: / { reason = 1; print "skipped: " name ": " plain(substr($0, 10)) }
/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ {
  own_passed = $1; own_failed = $3; own_skipped = $5
  counted = 1
}
END {
  finish_suite()
  name = "the report"
  own_failed = 0
  if (open) fail("ends early")
  else if (passed + failed + skipped == 0) fail("has no tests")
  failed += own_failed
  print passed + 0 " passed, " failed + 0 " failed, " skipped + 0 " skipped"
  exit failed > 0
}
