#!/bin/sh
# Fails where a source is not as clang-format leaves it. Usage: lint_format.sh SOURCES CLANG_FORMAT
# Its versions differ: Debian 12's is what counts.
set -u
cd "$1"
version=$("$2" --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" -ne 14 ]; then
  echo "skipped: clang-format is version $version, and the sources are as version 14 leaves them"
  exit 77
fi
git rev-parse --git-dir >/dev/null 2>&1 || { echo "skipped: no checkout, so which sources are ours is not known"; exit 77; }
if git ls-files '*.h' '*.cpp' '*.cu' '*.cuh' | xargs "$2" --dry-run --Werror; then
  echo "every source is formatted"
  echo "1 passed, 0 failed, 0 skipped"
else
  echo "failed: format (./dev format does it)"
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi
