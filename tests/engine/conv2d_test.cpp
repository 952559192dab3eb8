#include <doctest/doctest.h>

#include <algorithm>

#include "engine/core/check.h"
#include "engine/core/parallel.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/ops/conv2d.h"
#include "tests/cases/conv_case.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Contains;

}  // namespace

TEST_CASE_TEMPLATE("conv2d kernels agree exactly with their references on integers", S, float,
                   double) {
  Workspace workspace(Device::cpu());
  for (const ConvCase& c : convolutions()) {
    CAPTURE(c.x.str());
    CAPTURE(c.weight.str());
    Rng rng(11);
    const Shape out = output_shape(c);
    const auto x = random_integers<S>(c.x, rng), weight = random_integers<S>(c.weight, rng);
    const auto dy = random_integers<S>(out, rng);
    const auto bias = random_integers<S>(Shape{c.weight[3]}, rng);
    const auto bias_in = random_integers<S>(Shape{c.weight[2]}, rng);
    const auto compare = [](const Shape& shape, auto run_cpu, auto run_ref) {
      const auto a = unwritten<S>(shape), b = unwritten<S>(shape);
      run_cpu(a.view());
      run_ref(b.view());
      CHECK(largest_difference(a, b) == 0.0);
    };
    compare(
        out,
        [&](View<S> y) {
          kernels<Conv2dKernels<S>>(Device::cpu())
              .forward(c.spec, x.cview(), weight.cview(), {{}, bias.cview(), false}, y, workspace);
        },
        [&](View<S> y) {
          Conv2dKernels<S>::reference().forward(c.spec, x.cview(), weight.cview(),
                                                {{}, bias.cview(), false}, y, workspace);
        });
    compare(
        c.x,
        [&](View<S> dx) {
          kernels<Conv2dKernels<S>>(Device::cpu())
              .backward_data(c.spec, dy.cview(), weight.cview(), {{}, bias_in.cview(), false}, dx,
                             workspace);
        },
        [&](View<S> dx) {
          Conv2dKernels<S>::reference().backward_data(c.spec, dy.cview(), weight.cview(),
                                                      {{}, bias_in.cview(), false}, dx, workspace);
        });
    const auto scale = random_integers<S>(Shape{c.weight[3]}, rng);
    const Epilogue<S> epilogue{scale.cview(), bias.cview(), true};
    compare(
        out,
        [&](View<S> y) {
          kernels<Conv2dKernels<S>>(Device::cpu())
              .forward(c.spec, x.cview(), weight.cview(), epilogue, y, workspace);
        },
        [&](View<S> y) {
          Conv2dKernels<S>::reference().forward(c.spec, x.cview(), weight.cview(), epilogue, y,
                                                workspace);
        });
    compare(
        c.weight,
        [&](View<S> dw) {
          kernels<Conv2dKernels<S>>(Device::cpu())
              .backward_weight(c.spec, x.cview(), dy.cview(), dw, workspace);
        },
        [&](View<S> dw) {
          Conv2dKernels<S>::reference().backward_weight(c.spec, x.cview(), dy.cview(), dw,
                                                        workspace);
        });
  }
}

TEST_CASE(
    "winograd: the error stays below 2e-5 of the largest output, for any size and channel count") {
  Workspace workspace(Device::cpu());
  Rng rng(17);
  const auto draw = [&rng](int lo, int hi) {
    return lo + static_cast<int>(rng.below(static_cast<std::uint64_t>(hi - lo + 1)));
  };
  std::vector<ConvCase> cases = {{{8, 16, 16, 256}, {3, 3, 256, 64}, {1, 1, {1, 1, 1, 1}}},
                                 {{1, 31, 33, 8}, {3, 3, 8, 512}, {1, 1, {1, 1, 1, 1}}},
                                 {{2, 32, 32, 16}, {3, 3, 16, 512}, {2, 2, {0, 0, 1, 1}}},
                                 {{1, 31, 33, 256}, {3, 3, 256, 8}, {2, 2, {1, 1, 1, 1}}}};
  for (int i = 0; i < 12; ++i) {
    const int C = draw(8, 70);
    cases.push_back({{draw(1, 2), draw(25, 50), draw(25, 50), C},
                     {3, 3, C, draw(8, 70)},
                     {1, 1, {draw(0, 2), draw(0, 2), draw(0, 2), draw(0, 2)}}});
    cases.push_back({{draw(1, 2), draw(3, 70), draw(3, 70), C},
                     {3, 3, C, draw(8, 70)},
                     {2, 2, {draw(0, 2), draw(0, 2), draw(0, 2), draw(0, 2)}}});
  }
  for (const ConvCase& c : cases) {
    CAPTURE(c.x.str());
    CAPTURE(c.weight.str());
    const Shape out = output_shape(c);
    const auto x = random_tensor<double>(c.x, rng), weight = random_tensor<double>(c.weight, rng);
    const auto dy = random_tensor<double>(out, rng);
    const auto bias = random_tensor<double>(Shape{c.weight[3]}, rng);
    const auto x32 = cast<float>(x), weight32 = cast<float>(weight), dy32 = cast<float>(dy);
    const auto bias32 = cast<float>(bias);
    const auto check = [](const Shape& shape, auto in_float, auto in_double) {
      const auto a = unwritten<float>(shape);
      const auto b = unwritten<double>(shape);
      in_float(a.view());
      in_double(b.view());
      CHECK(largest_difference(cast<double>(a), b) < 2e-5 * largest_magnitude(b));
    };
    // The double kernels are direct, and agree with the plain kernels exactly on integers (above).
    check(
        out,
        [&](View<float> y) {
          kernels<Conv2dKernels<float>>(Device::cpu())
              .forward(c.spec, x32.cview(), weight32.cview(), {{}, bias32.cview(), false}, y,
                       workspace);
        },
        [&](View<double> y) {
          kernels<Conv2dKernels<double>>(Device::cpu())
              .forward(c.spec, x.cview(), weight.cview(), {{}, bias.cview(), false}, y, workspace);
        });
    check(
        c.x,
        [&](View<float> dx) {
          kernels<Conv2dKernels<float>>(Device::cpu())
              .backward_data(c.spec, dy32.cview(), weight32.cview(), {}, dx, workspace);
        },
        [&](View<double> dx) {
          kernels<Conv2dKernels<double>>(Device::cpu())
              .backward_data(c.spec, dy.cview(), weight.cview(), {}, dx, workspace);
        });
    check(
        c.weight,
        [&](View<float> dw) {
          kernels<Conv2dKernels<float>>(Device::cpu())
              .backward_weight(c.spec, x32.cview(), dy32.cview(), dw, workspace);
        },
        [&](View<double> dw) {
          kernels<Conv2dKernels<double>>(Device::cpu())
              .backward_weight(c.spec, x.cview(), dy.cview(), dw, workspace);
        });
  }
}

TEST_CASE_TEMPLATE("conv2d and its three gradients are bit-identical for any number of threads", S,
                   float, double) {
  Workspace workspace(Device::cpu());
  const Padding same{1, 1, 1, 1};
  const int before = num_threads();
  for (const ConvCase& c : {ConvCase{{3, 37, 29, 20}, {3, 3, 20, 40}, {1, 1, same}},
                            ConvCase{{2, 64, 56, 9}, {3, 3, 9, 33}, {2, 2, {0, 0, 1, 1}}},
                            ConvCase{{2, 21, 30, 5}, {2, 3, 5, 7}, {1, 2, same}}}) {
    CAPTURE(c.x.str());
    Rng rng(12);
    const auto x = random_tensor<S>(c.x, rng), weight = random_tensor<S>(c.weight, rng);
    const auto dy = random_tensor<S>(output_shape(c), rng);
    std::vector<Tensor<S>> first;
    for (const int threads : {1, 2, 3, 5}) {
      set_num_threads(threads);
      const std::vector<Tensor<S>> results = {unwritten<S>(dy.shape()), unwritten<S>(x.shape()),
                                              unwritten<S>(weight.shape())};
      kernels<Conv2dKernels<S>>(Device::cpu())
          .forward(c.spec, x.cview(), weight.cview(), {}, results[0].view(), workspace);
      kernels<Conv2dKernels<S>>(Device::cpu())
          .backward_data(c.spec, dy.cview(), weight.cview(), {}, results[1].view(), workspace);
      kernels<Conv2dKernels<S>>(Device::cpu())
          .backward_weight(c.spec, x.cview(), dy.cview(), results[2].view(), workspace);
      if (first.empty()) first = results;
      for (std::size_t k = 0; k < 3; ++k) CHECK(largest_difference(first[k], results[k]) == 0.0);
    }
  }
  set_num_threads(before);
}

TEST_CASE("conv_transpose2d is the adjoint of conv2d: <conv(x), y> = <x, conv_transpose(y)>") {
  Rng rng(13);
  const Variable<double> x(random_integers<double>(Shape{2, 8, 6, 3}, rng));
  const Variable<double> weight(random_integers<double>(Shape{3, 3, 3, 5}, rng));
  const Conv2dSpec spec{2, 2, {0, 0, 1, 1}};
  const Variable<double> forward = conv2d(x, weight, {}, spec);
  const Variable<double> y(random_integers<double>(forward.shape(), rng));
  const Variable<double> adjoint = conv_transpose2d(y, weight, {}, spec);
  REQUIRE(adjoint.shape() == x.shape());
  double left = 0.0, right = 0.0;
  for (Index i = 0; i < y.value().numel(); ++i)
    left += forward.value().data()[i] * y.value().data()[i];
  for (Index i = 0; i < x.value().numel(); ++i)
    right += adjoint.value().data()[i] * x.value().data()[i];
  CHECK(left == right);
}

TEST_CASE_TEMPLATE("conv2d_affine is the convolution, scaled, shifted and clamped", S, float,
                   double) {
  Rng rng(14);
  const Variable<S> x(random_integers<S>(Shape{1, 13, 14, 9}, rng));
  const Variable<S> weight(random_integers<S>(Shape{3, 3, 9, 9}, rng));
  const Tensor<S> scale = random_integers<S>(Shape{9}, rng);
  const Tensor<S> shift = random_integers<S>(Shape{9}, rng);
  const auto expect = [&](const Tensor<S>& plain, const Tensor<S>& fused, bool relu) {
    REQUIRE(plain.shape() == fused.shape());
    for (Index i = 0; i < plain.numel(); ++i) {
      const S value = plain.data()[i] * scale.data()[i % 9] + shift.data()[i % 9];
      CHECK(fused.data()[i] == (relu ? std::max(value, S{0}) : value));
    }
  };
  const Conv2dSpec spec{1, 2, {1, 1, 1, 1}}, up{2, 2, {0, 0, 1, 1}};
  const NoGrad no_grad;
  for (const bool relu : {false, true}) {
    const ChannelAffine<S> affine{scale, shift, relu};
    expect(conv2d(x, weight, {}, spec).value(), conv2d_affine(x, weight, affine, spec).value(),
           relu);
    expect(conv_transpose2d(x, weight, {}, up).value(),
           conv_transpose2d_affine(x, weight, affine, up).value(), relu);
  }
}

TEST_CASE("conv2d_affine: refused where a gradient might be asked for, and for other channels") {
  const Variable<float> x(Tensor<float>::zeros(Shape{1, 3, 3, 2}));
  const Variable<float> weight(Tensor<float>::zeros(Shape{3, 3, 2, 2}));
  const Tensor<float> two = Tensor<float>::zeros(Shape{2}), three = Tensor<float>::zeros(Shape{3});
  CHECK_THROWS_WITH_AS(conv2d_affine<float>(x, weight, {two, two, false}, {}),
                       Contains("expected a NoGrad scope"), GraphError);
  const NoGrad no_grad;
  CHECK_THROWS_WITH_AS(conv2d_affine<float>(x, weight, {two, three, false}, {}),
                       Contains("scale [2] and shift [3] for C_out 2"), ShapeError);
}

TEST_CASE("same_transpose_padding follows Keras, also for kernels below the stride") {
  CHECK(same_transpose_padding(3, 2) == Padding{0, 0, 1, 1});
  CHECK(same_transpose_padding(2, 2) == Padding{0, 0, 0, 0});
  CHECK(same_transpose_padding(4, 2) == Padding{1, 1, 1, 1});
  CHECK(same_transpose_padding(1, 2) == Padding{-1, -1, 0, 0});
}

TEST_CASE("conv2d: errors name the shapes") {
  const Variable<float> x(Tensor<float>::zeros(Shape{8, 16, 16, 32}));
  const auto weight = [](const Shape& shape) {
    return Variable<float>(Tensor<float>::zeros(shape));
  };
  CHECK_THROWS_WITH_AS(conv2d(x, weight({3, 3, 64, 128}), {}, {}),
                       Contains("[conv2d] weight C_in 64 does not match x C 32: x [8, 16, 16, 32], "
                                "weight [3, 3, 64, 128]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(x, weight({3, 3, 32, 4}), weight({5}), {}), Contains("bias [5]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(x, weight({17, 3, 32, 4}), {}, {}), Contains("does not fit"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(x, weight({3, 3, 32, 4}), {}, {0, 1, {}}), Contains("stride 0 x 1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(conv2d(x, weight({3, 3, 32, 4}), {}, {1, 1, {-1, 0, 0, 0}}),
                       Contains("negative padding"), ValueError);
  CHECK_THROWS_WITH_AS(conv2d(weight({3, 3}), weight({3, 3, 32, 4}), {}, {}),
                       Contains("[N, H, W, C]"), ShapeError);
  CHECK_THROWS_WITH_AS(conv_transpose2d(x, weight({3, 3, 4, 5}), {}, {2, 2, {}}),
                       Contains("C_in 5"), ShapeError);
  CHECK_THROWS_WITH_AS(conv_transpose2d(x, weight({1, 1, 4, 32}), {}, {1, 1, {16, 0, 0, 0}}),
                       Contains("crops everything"), ShapeError);
}

}  // namespace dmf
