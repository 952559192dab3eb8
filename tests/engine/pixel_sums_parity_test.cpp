#include <doctest/doctest.h>

#include "engine/kernels/backends.h"
#include "engine/kernels/pixel_sums/pixel_sums.h"
#include "tests/support/compared_device.h"
#include "tests/support/kernel_shapes.h"
#include "tests/support/random_tensor.h"

// The sums that losses are made of, of a device, against their plain twin.

namespace dmf {

TEST_CASE_TEMPLATE("pixel_sums kernels agree with their references", S, float, double) {
  const PixelSumsKernels<S>& own = kernels<PixelSumsKernels<S>>(device());
  const PixelSumsKernels<S>& plain = PixelSumsKernels<S>::reference();
  for (const Shape& shape : kShapes) {
    for (const bool per_image : {false, true}) {
      for (const Index terms : {0, 2, 5}) {
        Rng rng(19);
        const Index C = shape[3], G = per_image ? shape[0] : 1;
        const PixelSumsSpec spec{{C > 2 ? 1 : kNoIgnore, per_image}, terms == 0 || C != 3, terms};
        const auto logits = random_tensor<S>(shape, rng, -5.0, 5.0);
        const auto labels = random_labels(Shape(shape.dims().first(3)), static_cast<int>(C), rng);
        const auto factors =
            random_tensor<double>(Shape{terms, TermFactors::size(C)}, rng, 0.1, 2.0);
        for (Index j = 0; j < std::min<Index>(terms, 3); ++j) {  // exponents in common use
          factors.data()[j * TermFactors::size(C)] = static_cast<double>(j);
        }
        const Index R = spec.of_group(C);
        const bool with_gram = R <= 24;  // R x R blocks, which an emulated device runs in turn
        const Shape row{G * R}, groups{G, C}, blocks{G, with_gram ? R : 0, R};
        const auto log_probs = blank<S>(shape), log_probs_ref = unwritten<S>(shape);
        const auto y = blank<S>(row), y_ref = unwritten<S>(row);
        const auto pixels = blank<double>(groups), pixels_ref = unwritten<double>(groups);
        const auto gram = blank<double>(blocks), gram_ref = unwritten<double>(blocks);
        own.forward(spec, in(logits), in(labels), in(factors), log_probs.view(), y.view(),
                    pixels.view(), with_gram ? gram.view() : View<double>(), workspace());
        plain.forward(spec, logits.cview(), labels.cview(), factors.cview(), log_probs_ref.view(),
                      y_ref.view(), pixels_ref.view(), with_gram ? gram_ref.view() : View<double>(),
                      reference_workspace());
        CHECK(largest_difference(log_probs, log_probs_ref) < 20 * tolerance<S>());
        CHECK(largest_difference(y, y_ref) < tolerance<S>() * (1.0 + largest_magnitude(y_ref)));
        CHECK(largest_difference(pixels, pixels_ref) == 0.0);
        CHECK(largest_difference(gram, gram_ref) <
              20 * tolerance<S>() * (1.0 + largest_magnitude(gram_ref)));
        // Not asked for, the products change nothing else.
        const auto alone = blank<S>(row);
        own.forward(spec, in(logits), in(labels), in(factors), log_probs.view(), alone.view(),
                    pixels.view(), View<double>(), workspace());
        CHECK(largest_difference(alone, y) == 0.0);
        const auto dy = random_tensor<S>(row, rng);
        const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
        own.backward(spec, log_probs.cview(), in(labels), in(factors), pixels.cview(), in(dy),
                     dx.view());
        plain.backward(spec, log_probs_ref.cview(), labels.cview(), factors.cview(),
                       pixels_ref.cview(), dy.cview(), dx_ref.view());
        CHECK(largest_difference(dx, dx_ref) < 5 * tolerance<S>());
      }
    }
  }
}

TEST_CASE("class shares agree with their references") {
  constexpr ClassSharing kSharings[] = {{},
                                        {ClassBalance::none, AbsentClass::zero},
                                        {ClassBalance::none, AbsentClass::skip},
                                        {ClassBalance::complement},
                                        {ClassBalance::inverse_frequency},
                                        {ClassBalance::inverse_volume},
                                        {ClassBalance::inverse_square_volume},
                                        {ClassBalance::complement, AbsentClass::skip}};
  Rng rng(11);
  for (const Shape& shape : kShapes) {
    const Index C = shape[3];
    const auto factors = random_tensor<double>(Shape{C}, rng, 0.1, 2.0);
    for (const Index G : {Index{1}, shape[0]}) {
      const Shape groups{G, C};
      const auto pixels = random_tensor<double>(groups, rng, 0.0, 99.0);
      if (C > 1) pixels.data()[0] = 0.0;  // an absent class
      for (const ClassSharing sharing : kSharings) {
        const auto shares = blank<float>(groups), shares_ref = unwritten<float>(groups);
        kernels<PixelSumsKernels<float>>(device()).class_shares(sharing, in(pixels), in(factors),
                                                                shares.view(), workspace());
        PixelSumsKernels<float>::reference().class_shares(sharing, pixels.cview(), factors.cview(),
                                                          shares_ref.view(), reference_workspace());
        CHECK(largest_difference(shares, shares_ref) < 1e-6);
      }
    }
  }
}

}  // namespace dmf
