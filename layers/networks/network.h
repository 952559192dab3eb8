#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "engine/core/check.h"
#include "engine/core/compute.h"
#include "engine/core/settings.h"
#include "engine/ops/store_as.h"
#include "layers/module.h"

namespace dmf {

/// Everything that defines a network but its weights.
struct NetworkSpec {
  std::string name;  // of its entry in networks()
  Index in_channels = 1;
  Index classes = 2;
  std::uint64_t seed = 1;  // of the initial weights and of what dropout draws
  Settings settings = {};  // those of the entry
};

/// A segmentation network, as programs see it: what they do not find here they need not know.
///
/// forward  x [N, H, W, in_channels] -> logits [N, H, W, classes], for images of any size
/// heads    the same of every head that is trained, forward()'s first
template <class S>
class Network : public Module<S> {
 public:
  /// throws  ValueError for less than one channel, or not 2 to 256 classes
  Network(NetworkSpec spec, const Compute& compute)
      : Module<S>(compute.device), spec_(std::move(spec)), compute_(compute) {
    DMF_CHECK(spec_.in_channels >= 1, ValueError,
              "[network] input channels: got {}, expected at least 1.", spec_.in_channels);
    DMF_CHECK(spec_.classes >= 2 && spec_.classes <= 256, ValueError,
              "[network] classes: got {}, expected 2 to 256.", spec_.classes);
  }

  virtual std::vector<Variable<S>> heads(const Variable<S>& x) { return {this->forward(x)}; }

  /// The forward pass of images [N, H, W, in_channels] as they come to the network's device. Where
  /// it multiplies in bfloat16 they are kept as that, and with them all that is made of them.
  Variable<S> logits(const Tensor<S>& images) { return this->forward(stored(images)); }
  /// The same for training, of all heads.
  std::vector<Variable<S>> trained_logits(const Tensor<S>& images) { return heads(stored(images)); }

  const NetworkSpec& spec() const { return spec_; }
  const Compute& compute() const { return compute_; }
  /// Images whose height and width are multiples of it are computed as they are; others may be
  /// padded inside.
  virtual Index size_multiple() const { return 1; }

 private:
  Variable<S> stored(const Tensor<S>& images) const {
    const bool halves = std::is_same_v<S, float> && compute_.in_bfloat16();
    return store_as(Variable<S>(images), halves ? Storage::bfloat16 : Storage::full);
  }

  NetworkSpec spec_;
  Compute compute_;
};

}  // namespace dmf
