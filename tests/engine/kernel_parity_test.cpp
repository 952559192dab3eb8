#include <doctest/doctest.h>

#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/dropout/dropout.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pad2d/pad2d.h"
#include "engine/kernels/pixel_nll/pixel_nll.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/soft_confusion/soft_confusion.h"
#include "engine/kernels/softmax/softmax.h"
#include "tests/support/random_tensor.h"

// Every cpu:: kernel against its plain ref:: twin, with outputs that start as NaN.

namespace dmf {
namespace {

Workspace& workspace() {
  static Workspace shared(Device::cpu());
  return shared;
}

/// Shapes with one pixel, one channel, odd sizes, and more than one chunk of work.
const std::vector<Shape> kShapes = {{1, 1, 1, 1},  {1, 3, 5, 1},   {2, 7, 5, 3},
                                    {1, 9, 4, 17}, {3, 40, 33, 8}, {2, 5, 3, 130}};

template <class S>
double tolerance() {
  return std::is_same_v<S, float> ? 1e-5 : 1e-12;
}

}  // namespace

TEST_CASE_TEMPLATE("batch_norm kernels agree with their references", S, float, double) {
  for (const Shape& shape : kShapes) {
    Rng rng(3);
    const Shape channels{shape[3]};
    const auto x = random_tensor<S>(shape, rng, 5.0, 7.0), dy = random_tensor<S>(shape, rng);
    const auto gamma = random_tensor<S>(channels, rng), beta = random_tensor<S>(channels, rng);
    const auto mean = unwritten<double>(channels), var = unwritten<double>(channels);
    const auto mean_ref = unwritten<double>(channels), var_ref = unwritten<double>(channels);
    cpu::batch_norm_statistics<S>(x.cview(), mean.view(), var.view(), workspace());
    ref::batch_norm_statistics<S>(x.cview(), mean_ref.view(), var_ref.view(), workspace());
    CHECK(largest_difference(mean, mean_ref) < tolerance<S>());
    CHECK(largest_difference(var, var_ref) < tolerance<S>());
    for (const bool relu : {false, true}) {
      const auto y = unwritten<S>(shape), y_ref = unwritten<S>(shape);
      cpu::batch_norm_forward<S>(x.cview(), mean_ref.cview(), var_ref.cview(), gamma.cview(),
                                 beta.cview(), 1e-5, relu, y.view(), workspace());
      ref::batch_norm_forward<S>(x.cview(), mean_ref.cview(), var_ref.cview(), gamma.cview(),
                                 beta.cview(), 1e-5, relu, y_ref.view(), workspace());
      CHECK(largest_difference(y, y_ref) < 10 * tolerance<S>());
      for (const bool training : {false, true}) {
        const auto dx = unwritten<S>(shape), dx_ref = unwritten<S>(shape);
        const auto dgamma = unwritten<S>(channels), dgamma_ref = unwritten<S>(channels);
        const auto dbeta = unwritten<S>(channels), dbeta_ref = unwritten<S>(channels);
        cpu::batch_norm_backward<S>(x.cview(), dy.cview(), mean_ref.cview(), var_ref.cview(),
                                    gamma.cview(), beta.cview(), 1e-5, relu, training, dx.view(),
                                    dgamma.view(), dbeta.view(), workspace());
        ref::batch_norm_backward<S>(
            x.cview(), dy.cview(), mean_ref.cview(), var_ref.cview(), gamma.cview(), beta.cview(),
            1e-5, relu, training, dx_ref.view(), dgamma_ref.view(), dbeta_ref.view(), workspace());
        const double scale = 1.0 + largest_magnitude(dx_ref) + largest_magnitude(dgamma_ref);
        CHECK(largest_difference(dx, dx_ref) < 10 * tolerance<S>() * scale);
        CHECK(largest_difference(dgamma, dgamma_ref) < 10 * tolerance<S>() * scale);
        CHECK(largest_difference(dbeta, dbeta_ref) < 10 * tolerance<S>() * scale);
      }
    }
  }
}

TEST_CASE("batch_norm statistics keep their digits under a large offset") {
  Rng rng(4);
  const auto x = random_tensor<float>(Shape{2, 33, 31, 3}, rng, 4095.0, 4097.0);
  const Tensor<double> mean(Shape{3}), var(Shape{3}), mean_ref(Shape{3}), var_ref(Shape{3});
  cpu::batch_norm_statistics<float>(x.cview(), mean.view(), var.view(), workspace());
  ref::batch_norm_statistics<float>(x.cview(), mean_ref.view(), var_ref.view(), workspace());
  CHECK(largest_difference(var, var_ref) < 1e-5);
}

TEST_CASE_TEMPLATE("max_pool2d kernels agree exactly, ties included", S, float, double) {
  const std::vector<Pool2dSpec> specs = {{},
                                         {3, 3, 2, 2, {1, 1, 1, 1}},
                                         {1, 2, 1, 2, {}},
                                         {2, 2, 1, 1, {0, 0, 1, 1}},
                                         {2, 2, 3, 3, {}}};
  for (const Shape& shape : kShapes) {
    for (const Pool2dSpec& spec : specs) {
      const Index OH =
          conv2d_output_size(shape[1], spec.kernel_h, spec.stride_h, spec.pad.top, spec.pad.bottom);
      const Index OW =
          conv2d_output_size(shape[2], spec.kernel_w, spec.stride_w, spec.pad.left, spec.pad.right);
      if (OH < 1 || OW < 1) continue;
      Rng rng(5);
      const auto x = random_integers<S>(shape, rng, 2);  // many ties
      const Shape out{shape[0], OH, OW, shape[3]};
      const auto dy = random_integers<S>(out, rng);
      const auto y = unwritten<S>(out), y_ref = unwritten<S>(out);
      const auto dx = unwritten<S>(shape), dx_ref = unwritten<S>(shape);
      const Tensor<std::uint8_t> winners(out), winners_ref(out);
      cpu::max_pool2d_forward<S>(spec, x.cview(), y.view(), {});
      ref::max_pool2d_forward<S>(spec, x.cview(), y_ref.view(), {});
      CHECK(largest_difference(y, y_ref) == 0.0);
      cpu::max_pool2d_forward<S>(spec, x.cview(), y.view(), winners.view());
      ref::max_pool2d_forward<S>(spec, x.cview(), y_ref.view(), winners_ref.view());
      CHECK(std::ranges::equal(winners.span(), winners_ref.span()));
      cpu::max_pool2d_backward<S>(spec, winners.cview(), dy.cview(), dx.view());
      ref::max_pool2d_backward<S>(spec, winners.cview(), dy.cview(), dx_ref.view());
      CHECK(largest_difference(y, y_ref) == 0.0);
      CHECK(largest_difference(dx, dx_ref) == 0.0);
    }
  }
}

TEST_CASE_TEMPLATE("softmax kernels agree with their references", S, float, double) {
  for (const Shape& shape : kShapes) {
    Rng rng(6);
    const auto x = random_tensor<S>(shape, rng, -20.0, 20.0), dy = random_tensor<S>(shape, rng);
    const auto compare = [&](auto cpu_kernel, auto ref_kernel, auto... inputs) {
      const auto a = unwritten<S>(shape), b = unwritten<S>(shape);
      cpu_kernel(inputs.cview()..., a.view());
      ref_kernel(inputs.cview()..., b.view());
      CHECK(largest_difference(a, b) < 20 * tolerance<S>());
      return b;
    };
    const auto y = compare(cpu::softmax_forward<S>, ref::softmax_forward<S>, x);
    compare(cpu::softmax_backward<S>, ref::softmax_backward<S>, y, dy);
    const auto log_y = compare(cpu::log_softmax_forward<S>, ref::log_softmax_forward<S>, x);
    compare(cpu::log_softmax_backward<S>, ref::log_softmax_backward<S>, log_y, dy);
  }
}

TEST_CASE_TEMPLATE("sums, concat, pad and elementwise kernels agree exactly on integers", S, float,
                   double) {
  for (const Shape& shape : kShapes) {
    Rng rng(7);
    const auto x = random_integers<S>(shape, rng), z = random_integers<S>(shape, rng);
    CHECK(cpu::sum<S>(x.cview(), workspace()) == ref::sum<S>(x.cview(), workspace()));
    CHECK(cpu::sum_of_squares<S>(x.cview(), workspace()) ==
          ref::sum_of_squares<S>(x.cview(), workspace()));
    const auto compare = [](const Shape& out, auto run_cpu, auto run_ref) {
      const auto a = unwritten<S>(out), b = unwritten<S>(out);
      run_cpu(a.view());
      run_ref(b.view());
      CHECK(largest_difference(a, b) == 0.0);
    };
    compare(
        Shape{shape[3]}, [&](View<S> y) { cpu::channel_sum<S>(x.cview(), y, workspace()); },
        [&](View<S> y) { ref::channel_sum<S>(x.cview(), y, workspace()); });
    const std::vector<ConstView<S>> parts = {x.cview(), z.cview()};
    compare(
        shape.with(3, 2 * shape[3]), [&](View<S> y) { cpu::concat_channels<S>(parts, y); },
        [&](View<S> y) { ref::concat_channels<S>(parts, y); });
    for (const Padding& pad : {Padding{1, 2, 0, 3}, Padding{0, 0, 0, 0}, Padding{-1, 1, 1, 0}}) {
      compare(
          Shape{shape[0], shape[1] + pad.top + pad.bottom, shape[2] + pad.left + pad.right,
                shape[3]},
          [&](View<S> y) { cpu::pad2d<S>(pad, x.cview(), y); },
          [&](View<S> y) { ref::pad2d<S>(pad, x.cview(), y); });
    }
    const DropoutSpec dropped{0.3, 77, 5};
    compare(
        shape, [&](View<S> y) { cpu::dropout<S>(dropped, x.cview(), y); },
        [&](View<S> y) { ref::dropout<S>(dropped, x.cview(), y); });
    const functors::Relu relu;
    compare(
        shape, [&](View<S> y) { cpu::unary_forward(relu, x.cview(), y); },
        [&](View<S> y) { ref::unary_forward(relu, x.cview(), y); });
    compare(
        shape, [&](View<S> y) { cpu::unary_backward(relu, x.cview(), z.cview(), y); },
        [&](View<S> y) { ref::unary_backward(relu, x.cview(), z.cview(), y); });
    const functors::Multiply multiply;
    compare(
        shape, [&](View<S> y) { cpu::binary_forward(multiply, x.cview(), z.cview(), y); },
        [&](View<S> y) { ref::binary_forward(multiply, x.cview(), z.cview(), y); });
    compare(
        shape,
        [&](View<S> y) {
          cpu::binary_backward(multiply, x.cview(), z.cview(), x.cview(), View<S>(), y);
        },
        [&](View<S> y) {
          ref::binary_backward(multiply, x.cview(), z.cview(), x.cview(), View<S>(), y);
        });
    const auto a = x.clone(), b = x.clone();
    cpu::accumulate<S>(z.cview(), a.view());
    ref::accumulate<S>(z.cview(), b.view());
    CHECK(largest_difference(a, b) == 0.0);
  }
}

TEST_CASE("split_channels undoes concat_channels and skips parts nobody wants") {
  Rng rng(8);
  const auto whole = random_integers<float>(Shape{2, 3, 3, 5}, rng);
  const auto a = unwritten<float>(Shape{2, 3, 3, 2}), b = unwritten<float>(Shape{2, 3, 3, 3});
  cpu::split_channels<float>(whole.cview(),
                             std::vector<View<float>>{{nullptr, a.shape()}, b.view()});
  CHECK(std::isnan(a.data()[0]));
  CHECK(b.data()[0] == whole.data()[2]);
  cpu::split_channels<float>(whole.cview(), std::vector<View<float>>{a.view(), b.view()});
  const auto again = unwritten<float>(whole.shape());
  cpu::concat_channels<float>(std::vector<ConstView<float>>{a.cview(), b.cview()}, again.view());
  CHECK(largest_difference(whole, again) == 0.0);
}

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

TEST_CASE_TEMPLATE("optimiser kernels agree with their references", S, float, double) {
  Rng rng(10);
  const Shape shape{40001};  // several chunks, the last one odd
  const auto grad = random_tensor<S>(shape, rng), start = random_tensor<S>(shape, rng);
  const auto m = random_tensor<S>(shape, rng), v = random_tensor<S>(shape, rng, 0.0, 1.0);
  for (const bool decoupled : {false, true}) {
    const AdamStep step{1e-2, 0.9, 0.999, 1e-8, 0.05, decoupled, 3};
    const auto p1 = start.clone(), m1 = m.clone(), v1 = v.clone();
    const auto p2 = start.clone(), m2 = m.clone(), v2 = v.clone();
    cpu::adam_step<S>(step, grad.cview(), p1.view(), m1.view(), v1.view());
    ref::adam_step<S>(step, grad.cview(), p2.view(), m2.view(), v2.view());
    CHECK(largest_difference(p1, p2) < tolerance<S>());
    CHECK(largest_difference(m1, m2) < tolerance<S>());
    CHECK(largest_difference(v1, v2) < tolerance<S>());
  }
  for (const bool nesterov : {false, true}) {
    for (const bool first : {false, true}) {
      const SgdStep step{1e-2, 0.9, 0.05, nesterov, first};
      const auto p1 = start.clone(), v1 = m.clone(), p2 = start.clone(), v2 = m.clone();
      cpu::sgd_step<S>(step, grad.cview(), p1.view(), v1.view());
      ref::sgd_step<S>(step, grad.cview(), p2.view(), v2.view());
      CHECK(largest_difference(p1, p2) < tolerance<S>());
      CHECK(largest_difference(v1, v2) < tolerance<S>());
    }
  }
  const auto a1 = start.clone(), a2 = start.clone();
  cpu::moving_average<S>(0.9, grad.cview(), a1.view());
  ref::moving_average<S>(0.9, grad.cview(), a2.view());
  cpu::scale<S>(0.3, a1.view());
  ref::scale<S>(0.3, a2.view());
  CHECK(largest_difference(a1, a2) < tolerance<S>());
}

}  // namespace dmf
