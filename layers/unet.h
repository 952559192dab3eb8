#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layers/batch_norm2d.h"
#include "layers/conv2d.h"
#include "layers/dropout.h"

namespace dmf {

/// Everything that defines a U-Net. The presets are tested by their parameter counts.
struct UNetSpec {
  enum class Variant {
    paper,    // the authors' demo: one conv a level, 3x3 stride-2 transposed convs, no bottleneck
    classic,  // Ronneberger et al. 2015: two convs a level, bottleneck, 2x2 transposed convs
  };

  Variant variant = Variant::paper;
  Index in_channels = 1;
  Index classes = 2;
  int depth = 4;
  Index base_width = 32;  // channels of level 0; every level down has twice as many
  double dropout = 0.0;   // rate, after every block below level 0
  double bn_eps = 1e-5;
  double bn_momentum = 0.1;
  std::uint64_t seed = 1;  // of the initial weights and the dropout masks

  /// throws  ValueError naming the field, what it is and what was expected
  void validate() const;
  /// Fewer parameters than the network has, found without building it: that many numbers a file
  /// must hold before its claim to be such a network is worth the memory.
  Index parameters_at_least() const;
};

/// "paper" or "classic"
std::string variant_name(UNetSpec::Variant variant);
/// throws  ValueError for any other name
UNetSpec::Variant variant_named(const std::string& name);

/// U-Net for images of any size: where 2^depth does not divide height or width, zeros are added at
/// the bottom and right inside, and the logits cropped again.
///
/// forward  x [N, H, W, in_channels] -> logits [N, H, W, classes]
template <class S>
class UNet final : public Module<S> {
 public:
  explicit UNet(const UNetSpec& spec, Device device = Device::cpu());
  ~UNet() override;
  Variable<S> forward(const Variable<S>& x) override;
  const UNetSpec& spec() const { return spec_; }

 private:
  struct Level;
  Variable<S> forward_divisible(const Variable<S>& x);

  UNetSpec spec_;
  std::vector<std::unique_ptr<Level>> encoder_, decoder_;  // by level
  std::unique_ptr<Level> mid_;                             // classic only
  std::unique_ptr<Conv2d<S>> head_;
};

}  // namespace dmf
