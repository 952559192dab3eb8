#pragma once

#include <memory>
#include <vector>

#include "layers/networks/heads.h"
#include "layers/networks/network.h"

namespace dmf {

/// Everything that defines a CMUNeXt (Tang et al., "CMUNeXt: an efficient medical image segmentation
/// network based on large kernel and skip fusion", ISBI 2024). Level 0 has the image's size, each
/// below half that of the one above.
struct CmunextSpec {
  Index in_channels = 1;
  Index classes = 2;
  std::vector<Index> widths = {16, 32, 128, 160, 256};  // channels that leave a level
  std::vector<Index> blocks = {1, 1, 1, 3, 1};          // large-kernel blocks of a level
  std::vector<Index> kernels = {3, 3, 7, 7, 7};         // of their depthwise convolutions; odd
  double bn_eps = 1e-5;
  double bn_momentum = 0.1;
  std::uint64_t seed = 1;    // of the initial weights
  int deep_supervision = 0;  // at most so many levels below 0 with heads

  /// throws  ValueError for lists of different lengths and what is no whole number in its range
  static CmunextSpec of(const NetworkSpec& spec);
  NetworkSpec network_spec() const;
  std::size_t levels() const { return widths.size(); }
};

/// What can be set of it, with its ranges; the defaults are CmunextSpec's.
std::vector<Setting> cmunext_settings();

/// How many parameters it has.
Index parameter_count(const CmunextSpec& spec);

/// For images of any size: see padded_to(). Its parts, level l from 0 on:
///
///   stem.conv      3 x 3, batch norm (stem.bn), ReLU
///   encL.blockB    depthwise, GELU, bn1, added to what came in; expand (1 x 1, to four times the
///                  channels), GELU, bn2; reduce (1 x 1, back), GELU, bn3
///   encL.conv      3 x 3, batch norm (encL.bn), ReLU; a 2 x 2 max pooling lies between levels
///   decL.up        bilinear to twice the size, 3 x 3, batch norm (decL.up_bn), ReLU
///   decL.fusion    skip and below (3 x 3 each: one convolution in two groups, joined), GELU, bn1;
///                  expand, GELU, bn2; reduce, GELU, bn3
///   head           1 x 1; see Heads
template <class S>
class Cmunext final : public Network<S> {
 public:
  /// throws  ValueError naming what of the spec cannot be
  explicit Cmunext(const CmunextSpec& spec, const Compute& compute = Device::cpu());
  ~Cmunext() override;
  Variable<S> forward(const Variable<S>& x) override {
    return logits_of(x, WantedHeads::first).front();
  }
  std::vector<Variable<S>> heads(const Variable<S>& x) override {
    return logits_of(x, WantedHeads::all);
  }
  Index size_multiple() const override { return Index{1} << (cmunext_spec_.levels() - 1); }
  const CmunextSpec& cmunext_spec() const { return cmunext_spec_; }

 private:
  std::vector<Variable<S>> logits_of(const Variable<S>& x, WantedHeads wanted);

  struct Parts;
  CmunextSpec cmunext_spec_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace dmf
