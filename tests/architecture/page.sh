#!/bin/sh
# The parts of ARCHITECTURE.md that are made from the sources, each between its markers:
#
#   diagram    who stands on whom        from the table of tests/lint_includes.cmake
#   includes   who may include whom      from the same
#   equations  where the paper's live    from comments, see equations.awk
#
# usage: page.sh write|check SOURCES
# `check` changes nothing: it counts as tests that each part is as the sources have it now, that each
# equation has its home and its proof, that the page says of every folder what lies in it, and that every
# file that it and the pages beside it link to is there, with the names that follow the link.
set -eu
wanted=$1
cd "$2"
here=tests/architecture page=ARCHITECTURE.md
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
folders=$(find engine layers losses dmf apps -type d | LC_ALL=C sort | tr '\n' ' ')
floors() { awk -v wanted="$1" -v folders="$folders" -f $here/floors.awk tests/lint_includes.cmake; }
equations() {
  awk -f $here/equations.awk $here/equations.txt \
    $(find engine layers losses dmf apps -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' | LC_ALL=C sort) \
    $(find tests -name '*_test.cpp' | LC_ALL=C sort)
}

passed=0 failed=0
fail() { echo "failed: $1"; failed=$((failed + 1)); }

if ! floors list >"$made/list"; then
  cat "$made/list"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
floors diagram >"$made/diagram"
floors table >"$made/includes"
count=$(wc -l <$here/equations.txt)
if equations >"$made/equations"; then
  passed=$count
else
  cat "$made/equations"
  failed=$(wc -l <"$made/equations")
  passed=$((count > failed ? count - failed : 0))
fi

awk -v made="$made" '
  /^<!-- .* is generated/ {
    print
    while ((getline line < (made "/" $2)) > 0) print line
    inside = 1
  }
  /^<!-- end -->/ { inside = 0 }
  !inside { print }' $page >"$made/page"

if [ "$wanted" = write ]; then
  [ "$failed" -eq 0 ]
  cp "$made/page" $page
  exit
fi
for part in diagram includes equations; do
  between() { sed -n "/^<!-- $part is generated/,/^<!-- end -->/p" "$1"; }
  if [ -n "$(between $page)" ] && [ "$(between $page)" = "$(between "$made/page")" ]; then
    passed=$((passed + 1))
  else
    fail "$page is older than the sources in its part '$part': ./dev docs writes it anew"
  fi
done
while read -r floor; do
  if grep -q "^| \`$floor\` | [^|]* |\$" $page; then
    passed=$((passed + 1))
  else
    fail "$page does not say what lies in $floor"
  fi
done <"$made/list"
# "FILE" for a link, and for what CONTRIBUTING's table names; "FILE NAME" for a `NAME` behind a link
awk '{
  if (FILENAME == "CONTRIBUTING.md" && /^\|/) {
    line = $0
    while (match(line, /`[a-z_]+\/[a-z_0-9.\/]+`/)) {
      print substr(line, RSTART + 1, RLENGTH - 2)
      line = substr(line, RSTART + RLENGTH)
    }
  }
  while (match($0, /\]\([a-zA-Z_0-9.\/]+\)/)) {
    file = substr($0, RSTART + 2, RLENGTH - 3)
    $0 = substr($0, RSTART + RLENGTH)
    print file
    while (match($0, /^,? `[A-Za-z_0-9:]+`/)) {
      name = substr($0, RSTART, RLENGTH)
      $0 = substr($0, RSTART + RLENGTH)
      gsub(/^.*:|[^A-Za-z_0-9]/, "", name)
      print file, name
    }
  }
}' $page README.md CONTRIBUTING.md NAMING.md | LC_ALL=C sort -u >"$made/links"
while read -r file name; do
  if [ -e "$file" ] && { [ -z "$name" ] || grep -qw -e "$name" "$file"; }; then
    passed=$((passed + 1))
  else
    fail "a page names ${name:+$name in }$file, which is not there"
  fi
done <"$made/links"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
