#pragma once

#include <memory>
#include <vector>

#include "layers/networks/heads.h"
#include "layers/networks/unet_spec.h"

namespace dmf {

/// U-Net for images of any size: where 2^depth does not divide height or width, zeros are added at
/// the bottom and right inside, and the logits cropped again.
template <class S>
class UNet final : public Network<S> {
 public:
  /// throws  ValueError naming what of the spec cannot be
  explicit UNet(const UNetSpec& spec, const Compute& compute = Device::cpu());
  ~UNet() override;
  Variable<S> forward(const Variable<S>& x) override {
    return logits_of(x, WantedHeads::first).front();
  }
  std::vector<Variable<S>> heads(const Variable<S>& x) override {
    return logits_of(x, WantedHeads::all);
  }
  Index size_multiple() const override { return Index{1} << unet_spec_.depth; }
  const UNetSpec& unet_spec() const { return unet_spec_; }

 private:
  struct Level;
  std::vector<Variable<S>> logits_of(const Variable<S>& x, WantedHeads wanted);
  std::vector<Variable<S>> forward_divisible(const Variable<S>& x, WantedHeads wanted);

  UNetSpec unet_spec_;
  std::vector<std::unique_ptr<Level>> levels_;
  std::unique_ptr<Heads<S>> heads_;
};

}  // namespace dmf
