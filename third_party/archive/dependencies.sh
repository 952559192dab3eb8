#!/bin/sh
# Lists what a program that is linked statically consists of, with versions and licences, as SPDX 2.3, and gathers
# the licences' texts. Usage: dependencies.sh FOLDER VERSION
#
# What Debian installed is what was linked, so its packages are asked.
set -eu
folder=$1 version=$2
mkdir -p "$folder/licences"

# package|SPDX identifier|what it is
parts='libc6-dev|LGPL-2.1-or-later|glibc
libgcc-12-dev|GPL-3.0-or-later WITH GCC-exception-3.1|libgcc and libgomp
libstdc++-12-dev|GPL-3.0-or-later WITH GCC-exception-3.1|libstdc++
libeigen3-dev|MPL-2.0|Eigen
libfmt-dev|MIT|fmt
nlohmann-json3-dev|MIT|JSON for Modern C++
libcli11-dev|BSD-3-Clause|CLI11
libstb-dev|MIT|stb
libxxhash-dev|BSD-2-Clause|xxHash
libdeflate-dev|MIT|libdeflate
libboost1.74-dev|BSL-1.0|Boost
libprotobuf-dev|BSD-3-Clause|Protocol Buffers
libonnx-dev|Apache-2.0|ONNX (definitions)
libtiff-dev|libtiff|libtiff
libjpeg62-turbo-dev|IJG AND BSD-3-Clause AND Zlib|libjpeg-turbo
libwebp-dev|BSD-3-Clause|libwebp
libzstd-dev|BSD-3-Clause|Zstandard
liblzma-dev|LicenseRef-public-domain|liblzma
liblerc-dev|Apache-2.0|LERC
zlib1g-dev|Zlib|zlib'

entries=$folder/entries
: >"$entries"
echo "$parts" | while IFS='|' read -r package licence name; do
  found=$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null) || {
    echo "dependencies.sh: $package is not installed, so its version and licence are not known" >&2
    exit 1
  }
  case $package in
    libboost*)  # two megabytes that say the same of each file
      awk 'BEGIN { RS = "" } /^License: BSL-1.0\n/ { print; exit }' "/usr/share/doc/$package/copyright" \
        >"$folder/licences/$package" ;;
    *) cp -L "/usr/share/doc/$package/copyright" "$folder/licences/$package" ;;
  esac
  [ -s "$folder/licences/$package" ] || { echo "dependencies.sh: $package has no licence" >&2; exit 1; }
  printf '    {"SPDXID": "SPDXRef-%s", "name": "%s", "versionInfo": "%s", "licenseConcluded": "%s", "licenseDeclared": "%s", "copyrightText": "licences/%s", "downloadLocation": "https://packages.debian.org/source/%s", "filesAnalyzed": false},\n' \
    "$(echo "$package" | tr '+' '-')" "$name" "$found" "$licence" "$licence" "$package" "$package" >>"$entries"
done
for text in Apache-2.0 GPL-3 LGPL-2.1 MPL-2.0; do  # which those name
  cp -L "/usr/share/common-licenses/$text" "$folder/licences/"
done
{
  cat <<JSON
{
  "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "dmf-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/dmf-$version",
  "creationInfo": {"created": "$(date -u -d "@${SOURCE_DATE_EPOCH:-0}" +%Y-%m-%dT%H:%M:%SZ)", "creators": ["Tool: dependencies.sh"]},
  "packages": [
JSON
  cat "$entries"
  cat <<JSON
    {"SPDXID": "SPDXRef-dmf", "name": "dmf", "versionInfo": "$version", "licenseConcluded": "MIT", "licenseDeclared": "MIT", "copyrightText": "LICENSE", "downloadLocation": "NOASSERTION", "filesAnalyzed": false}
  ],
  "relationships": [
JSON
  sed -n 's/.*"SPDXID": "\([^"]*\)".*/    {"spdxElementId": "SPDXRef-dmf", "relationshipType": "STATIC_LINK", "relatedSpdxElement": "\1"},/p' "$entries"
  echo '    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-dmf"}'
  echo '  ]'
  echo '}'
} >"$folder/dependencies.spdx.json"
rm "$entries"
