#!/bin/sh
# Everything that must be run on a GPU, in one report: builds for the GPU that is there, tests,
# sanitizers, trainings, benchmarks. Installs nothing. See ./dev help.
#
# usage: check.sh [--deps DIR] [--peer DIR] [--out DIR]
#   --deps DIR  what ./dev deps wrote, where the Debian packages are not installed
#   --peer DIR  folder of another peer_pytorch.py to compare with (apps/benchmarks)
#   --out DIR   where cuda-check.txt goes (build/cuda-check)
set -u
cd "$(dirname "$0")/../.."

deps="" peer=apps/benchmarks out=build/cuda-check
while [ $# -gt 0 ]; do
  case "$1" in
    --deps) deps=$2 ;;
    --peer) peer=$2 ;;
    --out) out=$2 ;;
    *) sed -n 's/^# \{0,1\}//;2,10p' "$0" >&2; exit 2 ;;
  esac
  shift 2
done
[ -z "$deps" ] || deps=$(cd "$deps" && pwd) || exit 2
peer=$(cd "$peer" && pwd) || exit 2
mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
report=$out/cuda-check.txt
build=build/cuda-check
made=$out/made
started=$(date +%s)
budget=460 # seconds in all
failures=0

left() { echo $((budget - $(date +%s) + started)); }
say() { echo "$*" | tee -a "$report"; }
# run SECONDS NAME COMMAND...: one step, its output in the report; never longer than what is left
run() {
  limit=$1 name=$2
  shift 2
  remaining=$(left)
  [ "$remaining" -ge "$limit" ] || limit=$remaining
  if [ "$limit" -lt 5 ]; then
    say "== $name: not run, the time is up"
    return 0
  fi
  say "== $name"
  began=$(date +%s)
  timeout "$limit" "$@" >"$out/step.txt" 2>&1
  status=$?
  tail -n 400 "$out/step.txt" | cut -c1-2000 >>"$report"
  if grep -q train_step_ms "$out/step.txt"; then
    echo "$name: $(grep -o -E '"(train_step_ms|inference_ms|times_the_larger_floor)":[^,}]*' "$out/step.txt" |
      tr -d '"' | paste -sd' ')" >>"$out/summary.txt"
  fi
  case $status in
    0) say "-- $name: done in $(($(date +%s) - began)) s" ;;
    77) say "-- $name: skipped, see above" ;;
    124)
      say "-- $name: NOT FINISHED in $limit s"
      case $name in peer* | bench* | compute-sanitizer*) ;; *) failures=$((failures + 1)) ;; esac ;;
    *) say "-- $name: FAILED with status $status after $(($(date +%s) - began)) s"
       failures=$((failures + 1)) ;;
  esac
  return $status
}

: >"$report"
: >"$out/summary.txt"
say "CUDA check of $(git rev-parse --short=12 HEAD 2>/dev/null || echo 'an export'), $(nproc) CPU cores"
if ! nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader >>"$report" 2>&1; then
  say "no GPU is here (nvidia-smi does not answer): nothing was checked"
  exit 1
fi
nvcc --version 2>&1 | tail -n 2 >>"$report"

generator="Unix Makefiles"
command -v ninja >/dev/null && generator=Ninja
run 60 configure cmake -S . -B $build -G "$generator" -DCMAKE_BUILD_TYPE=Release -DDMF_CUDA=ON \
  -DCMAKE_CUDA_ARCHITECTURES=native -DDMF_DEPS="$deps" || exit 1
run 200 build cmake --build $build -j "$(nproc)" --target cuda_tests bench train evaluate phantom || exit 1

run 60 "tests" env DMF_TEST_DEVICE=cuda $build/tests/cuda_tests

# Sanitizers go over the tests of single kernels: whole networks would take them minutes.
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck initcheck synccheck; do
    DMF_TEST_DEVICE=cuda run 35 "compute-sanitizer $tool" compute-sanitizer --tool $tool --error-exitcode 9 \
      $build/tests/cuda_tests -tc="*kernels agree*,*label counts*,*real numbers*,*uploads*"
    if grep -q -i -E "device not supported|unable to|not supported" "$out/step.txt"; then
      say "   (the tool refuses this device: counted as not run)"
    fi
  done
else
  say "== compute-sanitizer: not run, it is not installed"
fi

peer_is_there=yes
if ! python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
  peer_is_there=no
  say "== peer: not run, python3 has no PyTorch that sees the GPU"
fi
# The step's speed, ours and the peer's beside each other.
bench() { run 40 "bench step $*" $build/apps/bench step --device cuda --iterations 30 "$@"; }
peer_step() {
  [ "$peer_is_there" = yes ] || return 0
  limit=$1
  shift
  run "$limit" "peer $*" python3 "$peer/peer_pytorch.py" --device cuda --channels-last --iterations 30 "$@"
}
for model in paper classic; do
  for image in 128 256; do
    bench --model $model --batch 32 --image $image --precision tf32
    peer_step 40 --model $model --batch 32 --image $image
    bench --model $model --batch 32 --image $image --precision bf16
    peer_step 40 --model $model --batch 32 --image $image --amp
  done
done
run 70 "bench ops, tf32" $build/apps/bench ops --device cuda --batch 32 --image 128 --precision tf32
run 70 "bench ops, bf16" $build/apps/bench ops --device cuda --batch 32 --image 128 --precision bf16

# A training on phantoms: the device's test Dice within what seeds make of the CPU's.
rm -rf "$made"
run 20 phantoms $build/apps/phantom --out "$made/data" --benign 60 --malignant 60 --seed 7
training() {
  name=$1
  shift
  run 60 "training $name" $build/apps/train --recipe paper --data "$made/data" --out "$made/$name" --epochs 8 --batch 16 \
    --losses cce,mean_iou,mean_dice --auxiliary cb_dice --weighting variance --history-size 12 "$@"
  say "   $name: $(grep -A 3 'pooled over' "$out/step.txt" | grep -m 1 Dice)"
}
for seed in 1 2 3; do training "cpu-seed$seed" --seed $seed; done
for precision in fp32 tf32 bf16; do training "cuda-$precision" --seed 1 --device cuda --precision $precision; done

# Last, since it compiles for minutes.
for model in paper classic; do
  peer_step 120 --model $model --batch 32 --image 128 --compile
done

say "== summary, milliseconds of a training step and of inference, batch 32"
tee -a "$report" <"$out/summary.txt"
say "== $failures step(s) failed; $(($(date +%s) - started)) s in all; report: $report"
rm -rf "$made" "$out/step.txt" "$out/summary.txt"
[ $failures -eq 0 ]
