#pragma once

#include <string>

#include "apps/run/model_file.h"

namespace dmf {

/// The model as an ONNX file, opset 17, for evaluation: batch norm uses its running statistics,
/// dropout is gone. Checked with the official checker, but in programs that are linked statically.
///
///   image          [N, C_in, H, W]  intensities in [0, 1]; N, H and W are free, H and W multiples
///                                   of the network's size_multiple()
///   logits         [N, K, H, W]
///   probabilities  [N, K, H, W]     their softmax over the classes
///
/// Networks beside the U-Nets keep to the same opset: GELU is made of Erf, group norm of instance norm
/// and two reshapes.
///
/// Preprocessing, classes and this program's version are in the model's metadata. A transposed
/// convolution of `paper` has no padding and is cut by a slice, since other runtimes refuse to crop
/// at one side only.
///
/// card    what the model is, in Markdown; in the file as its description
/// return  the file's bytes
/// throws  Error for a network that is none of networks(); naming what to install where this program was built without ONNX, or what the
///         checker says
std::string to_onnx(const Model& model, const std::string& card = {});

/// throws  Error naming what to install where this program was built without ONNX
void check_onnx_built();

}  // namespace dmf
