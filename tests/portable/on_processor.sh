#!/bin/sh
# Runs a portable build as another processor would: the engine's and the losses' suites, and a training
# of a few steps up to its page. Each must compute by the best kernels that the processor has.
# usage: on_processor.sh QEMU PROCESSOR BUILD
set -eu
qemu=$1 processor=$2 build=$3
case "$processor" in
  Nehalem) kernels=x86-64-v2 ;;
  Haswell) kernels=x86-64-v3 ;;
  *) echo "on_processor.sh: $processor: expected Nehalem or Haswell" >&2; exit 2 ;;
esac
made=$build/on_processor_$processor
rm -rf "$made"
mkdir -p "$made"
export GOMP_SPINCOUNT=5000  # set already, so that no program starts itself anew to set it, outside of the emulator
run() { "$qemu" -cpu "$processor" "$@" 2>"$made/errors" || { cat "$made/errors" >&2; exit 1; }; }

run "$build/apps/train" --version | grep "kernels $kernels " || {
  echo "train --version on a $processor does not say 'kernels $kernels'" >&2
  exit 1
}
run "$build/tests/engine_tests"
run "$build/tests/loss_tests"

run "$build/apps/phantom" --out "$made/data" --benign 6 --malignant 6 --size 64 --seed 7
run "$build/apps/train" --data "$made/data" --out "$made/run" --recipe quick --model classic --base-width 4 --image 32 \
  --epochs 1 --batch 4 --threads 1
grep -q "\"kernels\": \"$kernels " "$made/run/run.json"
grep -q '</html>' "$made/run/report.html"
