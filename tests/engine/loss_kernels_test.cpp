#include <doctest/doctest.h>

#include "engine/kernels/pixel_nll/pixel_nll.h"
#include "engine/kernels/soft_confusion/soft_confusion.h"
#include "tests/support/kernel_shapes.h"
#include "tests/support/random_tensor.h"

// The kernels that pixel_terms is made of on the CPU, against their plain twins; a GPU has one
// kernel for all of them (kernel_parity_test.cpp).

namespace dmf {
namespace {

Workspace& workspace() {
  static Workspace shared(Device::cpu());
  return shared;
}

}  // namespace

TEST_CASE_TEMPLATE("pixel_nll and soft_confusion kernels agree with their references", S, float,
                   double) {
  for (const Shape& shape : kShapes) {
    for (const bool per_image : {false, true}) {
      Rng rng(9);
      const auto C = static_cast<int>(shape[3]);
      auto log_probs = random_tensor<S>(shape, rng, -6.0, 0.0);
      const auto target = random_labels(Shape(shape.dims().first(3)), C, rng);
      const auto scale = random_tensor<double>(Shape{C}, rng, 0.1, 2.0);
      const auto weight = random_tensor<double>(Shape{C}, rng, 0.1, 2.0);
      const Index G = per_image ? shape[0] : 1;
      for (const double gamma : {0.0, 0.5, 1.0, 2.0, 3.0}) {
        const PixelNllSpec spec{gamma, C > 2 ? 1 : kNoIgnore, per_image};
        const auto loss = unwritten<S>(Shape{G}), loss_ref = unwritten<S>(Shape{G});
        cpu::pixel_nll_forward<S>(spec, log_probs.cview(), target.cview(), scale.cview(),
                                  weight.cview(), loss.view(), workspace());
        ref::pixel_nll_forward<S>(spec, log_probs.cview(), target.cview(), scale.cview(),
                                  weight.cview(), loss_ref.view(), workspace());
        CHECK(largest_difference(loss, loss_ref) < tolerance<S>());
        const auto dloss = random_tensor<S>(Shape{G}, rng);
        const auto dx = unwritten<S>(shape), dx_ref = unwritten<S>(shape);
        cpu::pixel_nll_backward<S>(spec, log_probs.cview(), target.cview(), scale.cview(),
                                   weight.cview(), dloss.cview(), dx.view(), workspace());
        ref::pixel_nll_backward<S>(spec, log_probs.cview(), target.cview(), scale.cview(),
                                   weight.cview(), dloss.cview(), dx_ref.view(), workspace());
        CHECK(largest_difference(dx, dx_ref) < tolerance<S>());
      }
      const SoftConfusionSpec spec{C > 2 ? 1 : kNoIgnore, per_image};
      const Shape counts_shape{3, G, C};
      const auto counts = unwritten<S>(counts_shape), counts_ref = unwritten<S>(counts_shape);
      cpu::soft_confusion_forward<S>(spec, log_probs.cview(), target.cview(), counts.view(),
                                     workspace());
      ref::soft_confusion_forward<S>(spec, log_probs.cview(), target.cview(), counts_ref.view(),
                                     workspace());
      CHECK(largest_difference(counts, counts_ref) <
            tolerance<S>() * (1.0 + largest_magnitude(counts_ref)));
      const auto dcounts = random_tensor<S>(counts_shape, rng);
      const auto dx = unwritten<S>(shape), dx_ref = unwritten<S>(shape);
      cpu::soft_confusion_backward<S>(spec, log_probs.cview(), target.cview(), dcounts.cview(),
                                      dx.view());
      ref::soft_confusion_backward<S>(spec, log_probs.cview(), target.cview(), dcounts.cview(),
                                      dx_ref.view());
      CHECK(largest_difference(dx, dx_ref) < tolerance<S>());
    }
  }
}

}  // namespace dmf
