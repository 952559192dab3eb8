// In place of onnx.cpp where ONNX is not installed.
#include "apps/export/onnx.h"
#include "engine/core/check.h"

namespace dmf {

std::string to_onnx(const Model&) {
  throw Error(
      "[onnx] this program was built without ONNX: install libonnx-dev and libprotobuf-dev "
      "(./dev extras) and build again.");
}

}  // namespace dmf
