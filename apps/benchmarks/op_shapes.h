#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "layers/unet.h"

namespace dmf {

/// An op at one shape: x is [n, h, w, c_in]; what the rest means is the op's.
struct OpShape {
  std::string op;  // conv2d, conv_transpose2d, batch_norm2d, max_pool2d, concat, log_softmax,
                   // pixel_terms, adam (of c_in parameters)
  Index n, h, w, c_in, c_out;
  Index kernel, stride;

  std::string str() const;
};

/// All convolutions, normalisations, poolings and joins of a U-Net of the default width and depth,
/// one entry for each time it happens.
std::vector<OpShape> network_shapes(UNetSpec::Variant variant, Index batch, Index image);

/// The shapes both U-Nets have at a batch and an image size, each once.
std::vector<OpShape> unet_shapes(Index batch, Index image);

/// Lines of op,n,h,w,c_in,c_out,kernel,stride after a header of these names.
///
/// throws  IoError naming the line
std::vector<OpShape> read_shapes(const std::filesystem::path& path);

}  // namespace dmf
