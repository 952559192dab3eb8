#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "layers/unet_spec.h"

namespace dmf {

/// An op at one shape: x is [n, h, w, c_in]; what the rest means is the op's.
struct OpShape {
  std::string op;  // conv2d, conv_transpose2d, batch_norm2d, max_pool2d, concat, log_softmax,
                   // pixel_sums, adam (of c_in parameters)
  Index n, h, w, c_in, c_out;
  Index kernel, stride;

  std::string str() const;
  bool operator==(const OpShape&) const = default;
};

/// All convolutions, normalisations, poolings and joins of a U-Net, one entry for each time it
/// happens.
std::vector<OpShape> network_shapes(const UNetSpec& spec, Index batch, Index image);

/// The shapes that the U-Nets of the default width and depth have, each once.
std::vector<OpShape> unet_shapes(Index batch, Index image);

/// Lines of op,n,h,w,c_in,c_out,kernel,stride after a header of these names.
///
/// throws  IoError naming the line
std::vector<OpShape> read_shapes(const std::filesystem::path& path);

}  // namespace dmf
