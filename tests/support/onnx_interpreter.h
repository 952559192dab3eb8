#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/tensor/tensor.h"

namespace dmf {

/// What an ONNX file computes of an image [N, C, H, W], each op by the standard's definition and as
/// plainly as can be: what exported files are compared with where no other runtime is at hand. The
/// ops, and their attributes, that this program's files have; an Error for others.
///
/// return  the value of each output by name
std::map<std::string, Tensor<double>> run_onnx(const std::string& bytes,
                                               const Tensor<double>& image);

}  // namespace dmf
