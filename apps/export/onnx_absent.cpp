// In place of onnx.cpp where ONNX is not installed.
#include "apps/export/onnx.h"
#include "engine/core/check.h"

namespace dmf {

void check_onnx_built() {
  throw Error(
      "[onnx] this program was built without ONNX: install libonnx-dev and libprotobuf-dev "
      "(./dev extras) and build again.");
}

std::string to_onnx(const Model&, const std::string&) {
  check_onnx_built();
  return "";
}

}  // namespace dmf
