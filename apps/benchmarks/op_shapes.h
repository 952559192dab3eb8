#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "layers/networks/cmunext.h"
#include "layers/networks/residual_unet.h"
#include "layers/networks/unet_spec.h"

namespace dmf {

/// An op at one shape: x is [n, h, w, c_in]; what the rest means is the op's.
struct OpShape {
  std::string op;  // conv2d, conv_transpose2d, depthwise_conv2d, batch_norm2d, group_norm (in c_out
                   // groups), max_pool2d, upsample_bilinear2d, gate, concat, gelu, leaky_relu,
                   // log_softmax, pixel_sums, adam (of c_in parameters)
  Index n, h, w, c_in, c_out;
  Index kernel, stride;

  std::string str() const;
  bool operator==(const OpShape&) const = default;
};

/// All convolutions, normalisations, activations, poolings and joins of a network, one entry for each
/// time it happens.
std::vector<OpShape> network_shapes(const UNetSpec& spec, Index batch, Index image);
std::vector<OpShape> network_shapes(const ResidualUNetSpec& spec, Index batch, Index image);
std::vector<OpShape> network_shapes(const CmunextSpec& spec, Index batch, Index image);

/// The shapes that all networks have as they are by default, each once.
std::vector<OpShape> all_shapes(Index batch, Index image);

/// Lines of op,n,h,w,c_in,c_out,kernel,stride after a header of these names.
///
/// throws  IoError naming the line
std::vector<OpShape> read_shapes(const std::filesystem::path& path);

}  // namespace dmf
