#pragma once

#include <memory>
#include <vector>

#include "layers/networks/encoder_size.h"
#include "layers/networks/heads.h"
#include "layers/networks/network.h"
#include "layers/norm_activation.h"

namespace dmf {

/// Everything that defines a residual-encoder U-Net as nnU-Net plans them (Isensee et al., "nnU-Net
/// revisited", MICCAI 2024), in two dimensions.
struct ResidualUNetSpec {
  Index in_channels = 1;
  Index classes = 2;
  EncoderSize size = {};
  std::vector<Index> blocks = {1, 3, 4, 6};  // of each level; those below have the last one's
  std::uint64_t seed = 1;                    // of the initial weights
  int deep_supervision = 0;                  // at most so many levels below 0 with heads

  /// throws  ValueError for a depth that is not known yet, and blocks that are no whole numbers
  static ResidualUNetSpec of(const NetworkSpec& spec);
  NetworkSpec network_spec() const;

  Index blocks_of(int level) const;
};

/// What can be set of it, with its ranges; the defaults are ResidualUNetSpec's.
std::vector<Setting> residual_settings();

/// How many parameters it has.
Index parameter_count(const ResidualUNetSpec& spec);

/// For images of any size: see padded_to(). Each convolution has instance norm behind it, and leaky
/// ReLU but where said. Its parts, level l from 0 on:
///
///   stem.conv     3 x 3 (stem.norm)
///   encL.blockB   conv1 (norm1), conv2 (norm2, no activation), added to what came in, leaky ReLU; the
///                 first of a level below the image's has stride 2 in conv1, and what came in is then
///                 the mean of 2 x 2 pixels; where the channels differ, projected by `project`, 1 x 1
///                 without a bias (project_norm, no activation)
///   decL.up       transposed, 2 x 2, stride 2, nothing behind it; joined to the skip
///   decL.conv     3 x 3 (decL.norm)
///   head          1 x 1; see Heads
template <class S>
class ResidualUNet final : public Network<S> {
 public:
  /// throws  ValueError naming what of the spec cannot be
  explicit ResidualUNet(const ResidualUNetSpec& spec, const Compute& compute = Device::cpu());
  ~ResidualUNet() override;
  Variable<S> forward(const Variable<S>& x) override {
    return logits_of(x, WantedHeads::first).front();
  }
  std::vector<Variable<S>> heads(const Variable<S>& x) override {
    return logits_of(x, WantedHeads::all);
  }
  Index size_multiple() const override { return Index{1} << residual_spec_.size.depth; }
  const ResidualUNetSpec& residual_spec() const { return residual_spec_; }

 private:
  std::vector<Variable<S>> logits_of(const Variable<S>& x, WantedHeads wanted);

  struct Parts;
  ResidualUNetSpec residual_spec_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dmf
