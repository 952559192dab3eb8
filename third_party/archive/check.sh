#!/bin/sh
# Fails where a package is not what it is said to be. Usage: check.sh FILE.tar.gz [ROOT...]
#   ROOT  a system's root folder, as debootstrap makes it: without network, as root and as somebody else, a network is
#         trained there and predicts, from the archive alone; in the first of them that is the demo (needs root)
set -eu
archive=$1
shift
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
passed=0 failed=0
verdict() {  # verdict STATUS WHAT
  if [ "$1" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  [ "$1" -eq 0 ] && echo "ok      $2" || echo "failed: $2"
}
try() {  # try WHAT COMMAND...
  what=$1
  shift
  if "$@" >"$made/log" 2>&1; then verdict 0 "$what"; else sed 's/^/    /' "$made/log"; verdict 1 "$what"; fi
}

tar -xzf "$archive" -C "$made"
folder=$(echo "$made"/dmf-*)
name=$(basename "$folder")
static() { ! readelf -ld "$folder/bin/dmf" | grep -E 'INTERP|NEEDED'; }
small() { [ "$(du -sk --apparent-size "$folder" | cut -f1)" -lt 16384 ]; }
parts() {
  for part in "CUDA no" "MPI no" "DICOM no" "TIFF yes" "ONNX export yes" "TensorBoard events yes"; do
    "$folder/bin/dmf" --version | grep -q "$part" || { echo "--version does not say: $part"; return 1; }
  done
}
unplaced() { ! strings "$folder/bin/dmf" | grep -F "$PWD"; }
try "linked wholly statically" static
try "smaller than 16 MB: $(du -sk --apparent-size "$folder" | cut -f1) kB" small
try "holds what is said" parts
try "names no folder of the machine that made it" unplaced
try "lists its dependencies" test -s "$folder/share/doc/dmf/dependencies.spdx.json"

# in_root ROOT USER COMMAND
in_root() { unshare --net chroot --userspec="$2" "$1" /bin/sh -c "cd /tmp/dmf-try && $3"; }
out=/tmp/dmf-try/out
train="dmf demo --out $out"
for root in "$@"; do
  for user in 1000:1000 0:0; do
    rm -rf "$root/tmp/dmf-try"
    mkdir -p "$root/tmp/dmf-try"
    cp "$archive" "$root/tmp/dmf-try/"
    chown -R "$user" "$root/tmp/dmf-try"
    try "$root as $user: from the archive to a trained model" in_root "$root" "$user" \
      "tar -xzf $(basename "$archive") && PATH=\$PATH:\$PWD/$name/bin && $train"
    tail -n 3 "$made/log" | sed 's/^/    /'
    train="dmf phantom --out $out-data --size 32 --benign 8 --malignant 8 && \
      dmf train --data $out-data --out $out --recipe quick --image 32 --updates 8"
    try "$root as $user: predicts" in_root "$root" "$user" \
      "$name/bin/dmf predict --model $out --out masks $out-data/benign --json"
    rm -rf "$root/tmp/dmf-try"
  done
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
