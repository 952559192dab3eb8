#include <doctest/doctest.h>

#include "engine/core/parallel.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/depthwise_conv2d/depthwise_conv2d.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/gate/gate.h"
#include "engine/kernels/group_norm/group_norm.h"
#include "engine/kernels/upsample2d/upsample2d.h"
#include "tests/support/compared_device.h"
#include "tests/support/kernel_shapes.h"
#include "tests/support/random_tensor.h"

// The kernels of the ops that networks beside the U-Nets are made of: those of a device (this file is
// built once for each) against their plain twins, in float and double, with outputs that start as
// NaN; and that the number of threads decides nothing.

namespace dmf {
namespace {

/// The tensors that run() makes are the same, bit for bit, with one thread and with three.
template <class Run>
void check_threads(const Run& run) {
  const int before = num_threads();
  set_num_threads(1);
  const auto alone = run();
  set_num_threads(3);
  const auto together = run();
  set_num_threads(before);
  for (std::size_t i = 0; i < alone.size(); ++i) {
    CHECK(largest_difference(alone[i], together[i]) == 0.0);
  }
}

template <class F, class S>
void compare_unary(const F& f, const Tensor<S>& x, const Tensor<S>& dy, double tolerated) {
  using Kernels = UnaryKernels<F, S>;
  const Kernels &fast = kernels<Kernels>(device()), &plain = Kernels::reference();
  const auto y = blank<S>(x.shape()), y_ref = unwritten<S>(x.shape());
  fast.forward(f, in(x), y.view());
  plain.forward(f, x.cview(), y_ref.view());
  CHECK(largest_difference(y, y_ref) <= tolerated * (1.0 + largest_magnitude(y_ref)));
  fast.backward(f, in(x), in(dy), y.view());
  plain.backward(f, x.cview(), dy.cview(), y_ref.view());
  CHECK(largest_difference(y, y_ref) <= tolerated * (1.0 + largest_magnitude(y_ref)));
}

}  // namespace

TEST_CASE_TEMPLATE("unary kernels agree with their references", S, float, double) {
  for (const Shape& shape : kShapes) {
    Rng rng(9);
    const auto x = random_integers<S>(shape, rng), dy = random_integers<S>(shape, rng);
    compare_unary(functors::LeakyRelu{0.25}, x, dy, 0.0);
    compare_unary(functors::Absolute{}, x, dy, 0.0);
    compare_unary(functors::Exponential{}, x, dy, 0.1 * tolerance<S>());
    const auto above = random_tensor<S>(shape, rng, 0.1, 3.0);
    compare_unary(functors::Logarithm{}, above, dy, 0.1 * tolerance<S>());
    compare_unary(functors::SquareRoot{}, above, dy, 0.1 * tolerance<S>());
    compare_unary(functors::Power{0.75}, above, dy, 0.1 * tolerance<S>());
    compare_unary(functors::Gelu{}, random_tensor<S>(shape, rng, -9.0, 9.0), dy,
                  0.1 * tolerance<S>());
  }
}

TEST_CASE_TEMPLATE("group_norm kernels agree with their references", S, float, double) {
  using Kernels = GroupNormKernels<S>;
  const Kernels &fast = kernels<Kernels>(device()), &plain = Kernels::reference();
  std::vector<Shape> shapes = kShapes;
  shapes.push_back({2, 70, 61, 8});  // more than one chunk an image
  for (const Shape& shape : shapes) {
    for (Index groups = 1; groups <= shape[3]; ++groups) {
      if (shape[3] % groups != 0) continue;
      CAPTURE(groups);
      Rng rng(3);
      const Shape channels{shape[3]}, grouped{shape[0], groups};
      const auto x = random_tensor<S>(shape, rng, 5.0, 7.0), dy = random_tensor<S>(shape, rng);
      const auto gamma = random_tensor<S>(channels, rng), beta = random_tensor<S>(channels, rng);
      const auto mean = blank<double>(grouped), var = blank<double>(grouped);
      const auto mean_ref = unwritten<double>(grouped), var_ref = unwritten<double>(grouped);
      fast.statistics(in(x), mean.view(), var.view(), workspace());
      plain.statistics(x.cview(), mean_ref.view(), var_ref.view(), reference_workspace());
      CHECK(largest_difference(mean, mean_ref) < tolerance<S>());
      CHECK(largest_difference(var, var_ref) < tolerance<S>());
      // One value has no spread to divide by: what is compared is then as large as 1 / sqrt(eps).
      const double eps = shape[1] * shape[2] * shape[3] == groups ? 1.0 : 1e-5;
      for (const double slope : {1.0, 0.25, 0.0}) {
        const auto y = blank<S>(shape), y_ref = unwritten<S>(shape);
        fast.forward(in(x), in(mean_ref), in(var_ref), in(gamma), in(beta), eps, slope, y.view(),
                     workspace());
        plain.forward(x.cview(), mean_ref.cview(), var_ref.cview(), gamma.cview(), beta.cview(),
                      eps, slope, y_ref.view(), reference_workspace());
        CHECK(largest_difference(y, y_ref) < 10 * tolerance<S>());
        const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
        const auto dgamma = blank<S>(channels), dgamma_ref = unwritten<S>(channels);
        const auto dbeta = blank<S>(channels), dbeta_ref = unwritten<S>(channels);
        fast.backward(in(x), in(dy), in(mean_ref), in(var_ref), in(gamma), in(beta), eps, slope,
                      dx.view(), dgamma.view(), dbeta.view(), workspace());
        plain.backward(x.cview(), dy.cview(), mean_ref.cview(), var_ref.cview(), gamma.cview(),
                       beta.cview(), eps, slope, dx_ref.view(), dgamma_ref.view(), dbeta_ref.view(),
                       reference_workspace());
        const double scale = 1.0 + largest_magnitude(dx_ref) + largest_magnitude(dgamma_ref);
        CHECK(largest_difference(dx, dx_ref) < 10 * tolerance<S>() * scale);
        CHECK(largest_difference(dgamma, dgamma_ref) < 10 * tolerance<S>() * scale);
        CHECK(largest_difference(dbeta, dbeta_ref) < 10 * tolerance<S>() * scale);
      }
    }
  }
}

TEST_CASE_TEMPLATE("group_norm: the same bits for any number of threads", S, float, double) {
  const Shape shape{3, 70, 61, 8}, channels{8}, groups{3, 2};
  Rng rng(3);
  const auto x = in(random_tensor<S>(shape, rng)), dy = in(random_tensor<S>(shape, rng));
  const auto gamma = in(random_tensor<S>(channels, rng));
  const auto beta = in(random_tensor<S>(channels, rng));
  check_threads([&] {
    const auto mean = blank<double>(groups), var = blank<double>(groups);
    const auto y = blank<S>(shape), dx = blank<S>(shape);
    const auto dgamma = blank<S>(channels), dbeta = blank<S>(channels);
    const auto& fast = kernels<GroupNormKernels<S>>(device());
    fast.statistics(x, mean.view(), var.view(), workspace());
    fast.forward(x, mean.cview(), var.cview(), gamma, beta, 1e-5, 0.01, y.view(), workspace());
    fast.backward(x, dy, mean.cview(), var.cview(), gamma, beta, 1e-5, 0.01, dx.view(),
                  dgamma.view(), dbeta.view(), workspace());
    return std::vector<Tensor<S>>{y, dx, dgamma, dbeta};
  });
}

TEST_CASE_TEMPLATE("depthwise_conv2d kernels agree exactly on integers", S, float, double) {
  using Kernels = DepthwiseConv2dKernels<S>;
  const Kernels &fast = kernels<Kernels>(device()), &plain = Kernels::reference();
  struct Case {
    Index KH, KW;
    Conv2dSpec spec;
  };
  const std::vector<Case> cases = {{3, 3, {1, 1, {1, 1, 1, 1}}}, {7, 7, {1, 1, {3, 3, 3, 3}}},
                                   {5, 5, {2, 2, {2, 2, 2, 2}}}, {3, 5, {2, 1, {0, 4, 3, 0}}},
                                   {1, 1, {1, 3, {}}},           {2, 2, {1, 1, {0, 0, 3, 3}}}};
  for (const Shape& shape : kShapes) {
    for (const auto& [KH, KW, spec] : cases) {
      const Shape out{
          shape[0], conv2d_output_size(shape[1], KH, spec.stride_h, spec.pad.top, spec.pad.bottom),
          conv2d_output_size(shape[2], KW, spec.stride_w, spec.pad.left, spec.pad.right), shape[3]};
      if (out.numel() == 0) continue;
      Rng rng(5);
      const Shape kernel{KH, KW, 1, shape[3]};
      const auto x = random_integers<S>(shape, rng), weight = random_integers<S>(kernel, rng);
      const auto bias = random_integers<S>(Shape{shape[3]}, rng);
      const auto dy = random_integers<S>(out, rng);
      const auto y = blank<S>(out), y_ref = unwritten<S>(out);
      for (const auto& b : {bias, Tensor<S>()}) {
        fast.forward(spec, in(x), in(weight), b.defined() ? in(b) : ConstView<S>(), y.view(),
                     workspace());
        plain.forward(spec, x.cview(), weight.cview(), b.cview(), y_ref.view(),
                      reference_workspace());
        CHECK(largest_difference(y, y_ref) == 0.0);
      }
      const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
      fast.backward_data(spec, in(dy), in(weight), dx.view(), workspace());
      plain.backward_data(spec, dy.cview(), weight.cview(), dx_ref.view(), reference_workspace());
      CHECK(largest_difference(dx, dx_ref) == 0.0);
      const auto dw = blank<S>(kernel), dw_ref = unwritten<S>(kernel);
      fast.backward_weight(spec, in(x), in(dy), dw.view(), workspace());
      plain.backward_weight(spec, x.cview(), dy.cview(), dw_ref.view(), reference_workspace());
      CHECK(largest_difference(dw, dw_ref) == 0.0);
    }
  }
}

TEST_CASE_TEMPLATE("upsample2d kernels agree exactly on integers", S, float, double) {
  using Kernels = Upsample2dKernels<S>;
  for (const Shape& shape : kShapes) {
    Rng rng(6);
    const Shape out{shape[0], 2 * shape[1], 2 * shape[2], shape[3]};
    const auto x = random_integers<S>(shape, rng), dy = random_integers<S>(out, rng);
    const auto y = blank<S>(out), y_ref = unwritten<S>(out);
    kernels<Kernels>(device()).forward(in(x), y.view());
    Kernels::reference().forward(x.cview(), y_ref.view());
    CHECK(largest_difference(y, y_ref) == 0.0);
    const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
    kernels<Kernels>(device()).backward(in(dy), dx.view());
    Kernels::reference().backward(dy.cview(), dx_ref.view());
    CHECK(largest_difference(dx, dx_ref) == 0.0);
  }
}

TEST_CASE_TEMPLATE("gate kernels agree", S, float, double) {
  using Kernels = GateKernels<S>;
  for (const Shape& shape : kShapes) {
    Rng rng(8);
    const Shape one = shape.with(3, 1);
    const auto x = random_tensor<S>(shape, rng), dy = random_tensor<S>(shape, rng);
    const auto a = random_tensor<S>(one, rng, S{-3}, S{3});
    const auto y = blank<S>(shape), y_ref = unwritten<S>(shape);
    kernels<Kernels>(device()).forward(in(x), in(a), y.view());
    Kernels::reference().forward(x.cview(), a.cview(), y_ref.view());
    CHECK(largest_difference(y, y_ref) < tolerance<S>());
    const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
    const auto da = blank<S>(one), da_ref = unwritten<S>(one);
    kernels<Kernels>(device()).backward(in(x), in(a), in(dy), dx.view(), da.view());
    Kernels::reference().backward(x.cview(), a.cview(), dy.cview(), dx_ref.view(), da_ref.view());
    CHECK(largest_difference(dx, dx_ref) < tolerance<S>());
    CHECK(largest_difference(da, da_ref) < static_cast<double>(shape[3]) * tolerance<S>());
  }
}

TEST_CASE_TEMPLATE("gate: the same bits for any number of threads", S, float, double) {
  const Shape shape{3, 37, 29, 19}, one{3, 37, 29, 1};
  Rng rng(3);
  const auto x = in(random_tensor<S>(shape, rng)), dy = in(random_tensor<S>(shape, rng));
  const auto a = in(random_tensor<S>(one, rng));
  check_threads([&] {
    const auto& fast = kernels<GateKernels<S>>(device());
    const auto y = blank<S>(shape), dx = blank<S>(shape), da = blank<S>(one);
    fast.forward(x, a, y.view());
    fast.backward(x, a, dy, dx.view(), da.view());
    return std::vector<Tensor<S>>{y, dx, da};
  });
}

TEST_CASE_TEMPLATE("depthwise_conv2d: the same bits for any number of threads", S, float, double) {
  const Shape shape{3, 37, 29, 19}, kernel{7, 7, 1, 19};
  const Conv2dSpec spec{1, 1, {3, 3, 3, 3}};
  Rng rng(3);
  const auto x = in(random_tensor<S>(shape, rng)), dy = in(random_tensor<S>(shape, rng));
  const auto weight = in(random_tensor<S>(kernel, rng));
  check_threads([&] {
    const auto& fast = kernels<DepthwiseConv2dKernels<S>>(device());
    const auto y = blank<S>(shape), dx = blank<S>(shape), dw = blank<S>(kernel);
    fast.forward(spec, x, weight, {}, y.view(), workspace());
    fast.backward_data(spec, dy, weight, dx.view(), workspace());
    fast.backward_weight(spec, x, dy, dw.view(), workspace());
    return std::vector<Tensor<S>>{y, dx, dw};
  });
}

}  // namespace dmf
