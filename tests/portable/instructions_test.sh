#!/bin/sh
# A portable build runs on any x86-64 from v2 on only if nothing but the kernels of the higher sets
# (dmf_kernels_v3, dmf_kernels_v4) has their instructions: every other object file of ours is looked
# through for registers wider than 128 bits and for instructions that came with AVX, BMI and later.
# usage: instructions_test.sh OBJDUMP BUILD
set -eu
objdump=$1 build=$2

# VEX and EVEX mnemonics begin with v. tzcnt is not looked for: older processors take it for bsf, which the
# compiler knows.
above_v2="$(printf '%%[yz]mm|\t(v[a-z]|andn |bextr|bls[rimsk]|bzhi|mulx|pdep|pext[ lq]|rorx|sarx|shlx|shrx|lzcnt|movbe|kmov)')"
first_above_v2() { "$objdump" -d --no-show-raw-insn "$1" | grep -m 1 -E "$above_v2" || true; }

# It must find them where they are, or it finds nothing.
control=$(find "$build/engine/CMakeFiles/dmf_kernels_v3.dir" -name 'conv2d_cpu.cpp.o')
if [ -z "$(first_above_v2 "$control")" ]; then
  echo "no instruction of x86-64-v3 is found in $control: this test sees nothing" >&2
  exit 1
fi

count=0 bad=0
for object in $(find "$build" -name '*.cpp.o' ! -path '*/dmf_kernels_v[34].dir/*' ! -path '*/CMakeFiles/[0-9]*/*'); do
  count=$((count + 1))
  line=$(first_above_v2 "$object")
  [ -z "$line" ] && continue
  echo "above x86-64-v2: ${object#"$build/"}: $line" >&2
  bad=$((bad + 1))
done
if [ "$count" -lt 50 ]; then
  echo "$build has $count object files: expected those of a whole build" >&2
  exit 1
fi
echo "$count object files, of them $bad with instructions above x86-64-v2"
[ "$bad" -eq 0 ]
