#include <fmt/format.h>
#include <onnx/checker.h>

#include "apps/export/onnx_graph.h"
#include "engine/core/check.h"

namespace dmf {

void check_onnx_model(const onnx::ModelProto& model) {
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception& problem) {
    throw Error(fmt::format("[onnx] the official checker refuses the model: {}", problem.what()));
  }
}

}  // namespace dmf
