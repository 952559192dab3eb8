#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/autograd/node.h"
#include "layers/networks/network.h"

namespace dmf {

/// One op of a network's pass in evaluation mode.
struct TracedOp {
  static constexpr std::size_t kImage = static_cast<std::size_t>(-1);  // among the inputs

  Op op;
  std::string module;         // whose parameters it reads: "enc0.conv1"; empty where it has none
  Index parameters = 0;       // how many
  Index kernel = 1;           // of convolutions, a side
  Index multiplications = 0;  // by weights of convolutions, in the whole image
  std::vector<std::size_t> inputs;  // places of ops before it, or kImage
  Shape shape;                      // of what it makes, [1, H, W, C]
};

/// How many pixels of the image one pixel of the logits can depend on, along either axis, those
/// beyond the image's border included.
struct ReceptiveField {
  Index height, width;
};

/// What a network does to an image: all its ops, those of every head that is trained.
struct NetworkTrace {
  Shape image;  // [1, H, W, channels]
  std::vector<TracedOp> ops;
  std::size_t logits;  // the op that makes those at the image's size

  /// Of these logits. Normalising each image by itself, as group_norm does, makes every pixel depend
  /// on all: none then.
  std::optional<ReceptiveField> receptive_field() const;
};

/// Runs the network once, on the CPU or its device, and leaves it as it was.
///
/// height, width  of the image, at least 1
template <class S>
NetworkTrace trace_network(Network<S>& network, Index height, Index width);

}  // namespace dmf
