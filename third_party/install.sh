#!/bin/sh
# Installs the Debian packages that are missing. Usage: install.sh build|extras|tests|docs|check
#   build   what ./dev build, demo and test need
#   extras  also what ONNX export, TensorBoard events, figures as PDF, TIFF and DICOM files, and a training on several
#           processes need
#   tests   also what tests are skipped without: OpenCV to run ONNX files, Chromium to open pages,
#           Boost.Context to emulate a GPU
#   docs    also emscripten (800 MB), which compiles the engine for the living page, and what opens that
#   check   also Clang and its tools, for ./dev check
set -eu

build="g++ cmake ninja-build libeigen3-dev libfmt-dev nlohmann-json3-dev libcli11-dev libstb-dev libxxhash-dev libdeflate-dev libboost-math-dev doctest-dev"
extras="libonnx-dev libprotobuf-dev protobuf-compiler librsvg2-bin libtiff-dev libdcmtk-dev libopenmpi-dev openmpi-bin"
tests="python3-opencv chromium chromium-driver pkg-config ccache libboost-context-dev"
check="binutils qemu-user clang clang-format clang-tidy libomp-dev libclang-rt-dev libboost-context-dev"
docs="emscripten nodejs python3 chromium chromium-driver"
case "${1:-}" in
  build) wanted=$build ;;
  extras) wanted="$build $extras" ;;
  tests) wanted="$build $extras $tests" ;;
  docs) wanted="$build $docs" ;;
  check) wanted="$build $check" ;;
  *) echo "usage: install.sh build|extras|tests|docs|check" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install.sh: this is no Debian or Ubuntu, so nothing is installed. Needed: $wanted" >&2
  exit 0
fi

missing=""
for package in $wanted; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install.sh: these packages are missing:$missing. Install them as root: apt-get install$missing" >&2
    exit 1
  fi
  as_root=sudo
fi
echo "installing:$missing"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
