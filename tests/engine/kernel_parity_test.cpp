#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "engine/core/parallel.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/concat/concat.h"
#include "engine/kernels/dropout/dropout.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/pad2d/pad2d.h"
#include "engine/kernels/pool2d/pool2d.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/kernels/softmax/softmax.h"
#include "tests/cases/op_case.h"
#include "tests/support/compared_device.h"
#include "tests/support/kernel_shapes.h"
#include "tests/support/random_tensor.h"

// Every kernel of a device (this file is built once for each) against its plain twin,
// with outputs that start as NaN.

namespace dmf {

TEST_CASE_TEMPLATE("batch_norm kernels agree with their references", S, float, double) {
  for (const Shape& shape : kShapes) {
    Rng rng(3);
    const Shape channels{shape[3]};
    const auto x = random_tensor<S>(shape, rng, 5.0, 7.0), dy = random_tensor<S>(shape, rng);
    const auto gamma = random_tensor<S>(channels, rng), beta = random_tensor<S>(channels, rng);
    const auto mean = blank<double>(channels), var = blank<double>(channels);
    const auto mean_ref = unwritten<double>(channels), var_ref = unwritten<double>(channels);
    kernels<BatchNormKernels<S>>(device()).statistics(in(x), mean.view(), var.view(), workspace());
    BatchNormKernels<S>::reference().statistics(x.cview(), mean_ref.view(), var_ref.view(),
                                                reference_workspace());
    CHECK(largest_difference(mean, mean_ref) < tolerance<S>());
    CHECK(largest_difference(var, var_ref) < tolerance<S>());
    for (const bool relu : {false, true}) {
      const auto y = blank<S>(shape), y_ref = unwritten<S>(shape);
      kernels<BatchNormKernels<S>>(device()).forward(in(x), in(mean_ref), in(var_ref), in(gamma),
                                                     in(beta), 1e-5, relu, y.view(), workspace());
      BatchNormKernels<S>::reference().forward(x.cview(), mean_ref.cview(), var_ref.cview(),
                                               gamma.cview(), beta.cview(), 1e-5, relu,
                                               y_ref.view(), reference_workspace());
      CHECK(largest_difference(y, y_ref) < 10 * tolerance<S>());
      for (const bool training : {false, true}) {
        const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
        const auto dgamma = blank<S>(channels), dgamma_ref = unwritten<S>(channels);
        const auto dbeta = blank<S>(channels), dbeta_ref = unwritten<S>(channels);
        kernels<BatchNormKernels<S>>(device()).backward(
            in(x), in(dy), in(mean_ref), in(var_ref), in(gamma), in(beta), 1e-5, relu, training,
            dx.view(), dgamma.view(), dbeta.view(), workspace());
        BatchNormKernels<S>::reference().backward(
            x.cview(), dy.cview(), mean_ref.cview(), var_ref.cview(), gamma.cview(), beta.cview(),
            1e-5, relu, training, dx_ref.view(), dgamma_ref.view(), dbeta_ref.view(),
            reference_workspace());
        const double scale = 1.0 + largest_magnitude(dx_ref) + largest_magnitude(dgamma_ref);
        CHECK(largest_difference(dx, dx_ref) < 10 * tolerance<S>() * scale);
        CHECK(largest_difference(dgamma, dgamma_ref) < 10 * tolerance<S>() * scale);
        CHECK(largest_difference(dbeta, dbeta_ref) < 10 * tolerance<S>() * scale);
      }
    }
  }
}

TEST_CASE("ops: value and gradients of every case are the plain kernels'") {
  const auto value_and_gradients = [](const OpCase& each, Device where) {
    Rng rng(21);
    const std::vector<Variable<double>> inputs = each.inputs_on(where, rng);
    const Variable<double> y = each.forward(inputs);
    REQUIRE(y.device() == where);
    y.backward(random_tensor<double>(y.shape(), rng).to(where));
    std::vector<Tensor<double>> results = {y.value()};
    for (const Variable<double>& input : inputs) results.push_back(input.grad());
    return results;
  };
  for (const OpCase& each : all_op_cases()) {
    CAPTURE(each.str());
    const auto got = value_and_gradients(each, device());
    const auto expected = value_and_gradients(each, Device::reference());
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      CHECK(largest_difference(got[i], expected[i]) <
            1e-12 * (1.0 + largest_magnitude(expected[i])));
    }
  }
}

TEST_CASE("batch_norm statistics keep their digits under a large offset") {
  Rng rng(4);
  const auto x = random_tensor<float>(Shape{2, 33, 31, 3}, rng, 4095.0, 4097.0);
  const Tensor<double> mean(Shape{3}), var(Shape{3}), mean_ref(Shape{3}), var_ref(Shape{3});
  kernels<BatchNormKernels<float>>(device()).statistics(in(x), mean.view(), var.view(),
                                                        workspace());
  BatchNormKernels<float>::reference().statistics(x.cview(), mean_ref.view(), var_ref.view(),
                                                  reference_workspace());
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
      const auto y = blank<S>(out), y_ref = unwritten<S>(out);
      const auto dx = blank<S>(shape), dx_ref = unwritten<S>(shape);
      const Tensor<std::uint8_t> winners(out, device()), winners_ref(out);
      kernels<Pool2dKernels<S>>(device()).forward(spec, in(x), y.view(), {});
      Pool2dKernels<S>::reference().forward(spec, x.cview(), y_ref.view(), {});
      CHECK(largest_difference(y, y_ref) == 0.0);
      kernels<Pool2dKernels<S>>(device()).forward(spec, in(x), y.view(), winners.view());
      Pool2dKernels<S>::reference().forward(spec, x.cview(), y_ref.view(), winners_ref.view());
      CHECK(std::ranges::equal(winners.to(Device::cpu()).span(), winners_ref.span()));
      kernels<Pool2dKernels<S>>(device()).backward(spec, in(winners), in(dy), dx.view());
      Pool2dKernels<S>::reference().backward(spec, winners.cview(), dy.cview(), dx_ref.view());
      CHECK(largest_difference(y, y_ref) == 0.0);
      CHECK(largest_difference(dx, dx_ref) == 0.0);
    }
  }
}

TEST_CASE_TEMPLATE("softmax kernels agree with their references", S, float, double) {
  for (const Shape& shape : kShapes) {
    Rng rng(6);
    const auto x = random_tensor<S>(shape, rng, -20.0, 20.0), dy = random_tensor<S>(shape, rng);
    using Softmax = SoftmaxKernels<S>;
    const Softmax &fast = kernels<Softmax>(device()), &plain = Softmax::reference();
    const auto compare = [&](auto kernel, const auto&... inputs) {
      const auto a = blank<S>(shape), b = unwritten<S>(shape);
      (fast.*kernel)(in(inputs)..., a.view());
      (plain.*kernel)(inputs.cview()..., b.view());
      CHECK(largest_difference(a, b) < 20 * tolerance<S>());
      return b;
    };
    const auto y = compare(&Softmax::forward, x);
    compare(&Softmax::backward, y, dy);
    const auto log_y = compare(&Softmax::log_forward, x);
    compare(&Softmax::log_backward, log_y, dy);
  }
}

TEST_CASE_TEMPLATE("sums, concat, pad and elementwise kernels agree exactly on integers", S, float,
                   double) {
  for (const Shape& shape : kShapes) {
    Rng rng(7);
    const auto x = random_integers<S>(shape, rng), z = random_integers<S>(shape, rng);
    const auto compare = [](const Shape& out, auto run_cpu, auto run_ref) {
      const auto a = blank<S>(out), b = unwritten<S>(out);
      run_cpu(a.view());
      run_ref(b.view());
      CHECK(largest_difference(a, b) == 0.0);
    };
    compare(
        Shape{1},
        [&](View<S> y) { kernels<ReduceKernels<S>>(device()).sum(in(x), y, workspace()); },
        [&](View<S> y) { ReduceKernels<S>::reference().sum(x.cview(), y, reference_workspace()); });
    compare(
        Shape{shape[3]},
        [&](View<S> y) { kernels<ReduceKernels<S>>(device()).channel_sum(in(x), y, workspace()); },
        [&](View<S> y) {
          ReduceKernels<S>::reference().channel_sum(x.cview(), y, reference_workspace());
        });
    const std::vector<ConstView<S>> parts = {in(x), in(z)};
    const std::vector<ConstView<S>> parts_ref = {x.cview(), z.cview()};
    compare(
        shape.with(3, 2 * shape[3]),
        [&](View<S> y) { kernels<ConcatKernels<S>>(device()).concat(parts, y); },
        [&](View<S> y) { ConcatKernels<S>::reference().concat(parts_ref, y); });
    for (const Padding& pad : {Padding{1, 2, 0, 3}, Padding{0, 0, 0, 0}, Padding{-1, 1, 1, 0}}) {
      compare(
          Shape{shape[0], shape[1] + pad.top + pad.bottom, shape[2] + pad.left + pad.right,
                shape[3]},
          [&](View<S> y) { kernels<Pad2dKernels<S>>(device()).apply(pad, in(x), y); },
          [&](View<S> y) { Pad2dKernels<S>::reference().apply(pad, x.cview(), y); });
    }
    const DropoutSpec dropped{0.3, 77, 5};
    compare(
        shape, [&](View<S> y) { kernels<DropoutKernels<S>>(device()).apply(dropped, in(x), y); },
        [&](View<S> y) { DropoutKernels<S>::reference().apply(dropped, x.cview(), y); });
    const functors::Relu relu;
    using Relu = UnaryKernels<functors::Relu, S>;
    compare(
        shape, [&](View<S> y) { kernels<Relu>(device()).forward(relu, in(x), y); },
        [&](View<S> y) { Relu::reference().forward(relu, x.cview(), y); });
    compare(
        shape, [&](View<S> y) { kernels<Relu>(device()).backward(relu, in(x), in(z), y); },
        [&](View<S> y) { Relu::reference().backward(relu, x.cview(), z.cview(), y); });
    const functors::Multiply multiply;
    using Multiply = BinaryKernels<functors::Multiply, S>;
    compare(
        shape, [&](View<S> y) { kernels<Multiply>(device()).forward(multiply, in(x), in(z), y); },
        [&](View<S> y) { Multiply::reference().forward(multiply, x.cview(), z.cview(), y); });
    compare(
        shape,
        [&](View<S> y) {
          kernels<Multiply>(device()).backward(multiply, in(x), in(z), in(x), View<S>(), y);
        },
        [&](View<S> y) {
          Multiply::reference().backward(multiply, x.cview(), z.cview(), x.cview(), View<S>(), y);
        });
    const auto a = x.clone().to(device()), b = x.clone();
    kernels<ElementwiseKernels<S>>(device()).accumulate(in(z), a.view());
    ElementwiseKernels<S>::reference().accumulate(z.cview(), b.view());
    CHECK(largest_difference(a, b) == 0.0);
  }
}

TEST_CASE("split_channels undoes concat_channels and skips parts nobody wants") {
  Rng rng(8);
  const auto whole = random_integers<float>(Shape{2, 3, 3, 5}, rng);
  const auto a = blank<float>(Shape{2, 3, 3, 2}), b = blank<float>(Shape{2, 3, 3, 3});
  kernels<ConcatKernels<float>>(device()).split(
      in(whole), std::vector<View<float>>{View<float>(a.shape()), b.view()});
  CHECK(std::isnan(a.to(Device::cpu()).data()[0]));
  CHECK(b.to(Device::cpu()).data()[0] == whole.data()[2]);
  kernels<ConcatKernels<float>>(device()).split(in(whole),
                                                std::vector<View<float>>{a.view(), b.view()});
  const auto again = blank<float>(whole.shape());
  kernels<ConcatKernels<float>>(device()).concat(
      std::vector<ConstView<float>>{a.cview(), b.cview()}, again.view());
  CHECK(largest_difference(whole, again) == 0.0);
}

TEST_CASE_TEMPLATE("optimiser kernels agree with their references", S, float, double) {
  Rng rng(10);
  const std::vector<Shape> shapes = {{40001}, {1}, {3, 3, 2, 5}};  // several chunks, the last odd
  const double infinity = std::numeric_limits<double>::infinity();
  const auto schedule = Tensor<double>::from(std::array{1e-2, 3.0}, Shape{2});
  const auto first_step = Tensor<double>::from(std::array{1e-2, 1.0}, Shape{2});
  std::vector<Tensor<S>> grads, starts, means, squares;
  std::vector<ConstView<S>> grad_views, moved_views;
  for (const Shape& shape : shapes) {
    grads.push_back(random_tensor<S>(shape, rng));
    starts.push_back(random_tensor<S>(shape, rng));
    means.push_back(random_tensor<S>(shape, rng));
    squares.push_back(random_tensor<S>(shape, rng, 0.0, 1.0));
    grad_views.push_back(grads.back().cview());
    moved_views.push_back(in(grads.back()));
  }
  /// Copies for one backend to update.
  const auto copies = [](const std::vector<Tensor<S>>& from, Device device) {
    std::vector<Tensor<S>> all;
    for (const Tensor<S>& t : from) all.push_back(t.clone().to(device));
    return all;
  };
  const auto agree = [](const std::vector<Tensor<S>>& a, const std::vector<Tensor<S>>& b) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      CHECK(largest_difference(a[i], b[i]) < tolerance<S>());
    }
  };
  for (const double max_norm : {infinity, 0.5}) {
    const auto norm = blank<double>(Shape{2}), norm_ref = unwritten<double>(Shape{2});
    kernels<OptimizerKernels<S>>(device()).gradient_norm(moved_views, max_norm, norm.view(),
                                                         workspace());
    OptimizerKernels<S>::reference().gradient_norm(grad_views, max_norm, norm_ref.view(),
                                                   reference_workspace());
    CHECK(largest_difference(norm, norm_ref) < 1e-4);
    for (const bool flag : {false, true}) {
      const AdamSpec adam{0.9, 0.999, 1e-8, 0.05, flag};
      const SgdSpec sgd{0.9, 0.05, flag};
      for (const auto& step : {schedule, first_step}) {
        const auto p1 = copies(starts, device()), m1 = copies(means, device());
        const auto v1 = copies(squares, device());
        const auto p2 = copies(starts, Device::cpu()), m2 = copies(means, Device::cpu());
        const auto v2 = copies(squares, Device::cpu());
        std::vector<AdamTensors<S>> adam1, adam2;
        std::vector<SgdTensors<S>> sgd1, sgd2;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
          adam1.push_back({moved_views[i], p1[i].view(), m1[i].view(), v1[i].view()});
          adam2.push_back({grad_views[i], p2[i].view(), m2[i].view(), v2[i].view()});
          sgd1.push_back({moved_views[i], p1[i].view(), m1[i].view()});
          sgd2.push_back({grad_views[i], p2[i].view(), m2[i].view()});
        }
        kernels<OptimizerKernels<S>>(device()).adam_step(adam, in(step), norm.cview(), adam1,
                                                         workspace());
        OptimizerKernels<S>::reference().adam_step(adam, step.cview(), norm_ref.cview(), adam2,
                                                   reference_workspace());
        agree(p1, p2);
        agree(m1, m2);
        agree(v1, v2);
        kernels<OptimizerKernels<S>>(device()).sgd_step(sgd, in(step), norm.cview(), sgd1,
                                                        workspace());
        OptimizerKernels<S>::reference().sgd_step(sgd, step.cview(), norm_ref.cview(), sgd2,
                                                  reference_workspace());
        agree(p1, p2);
        agree(m1, m2);
      }
    }
  }
  // A gradient that is not finite changes nothing.
  for (const double bad : {infinity, std::numeric_limits<double>::quiet_NaN()}) {
    const auto spoilt = Tensor<S>::full(Shape{2}, static_cast<S>(bad));
    const std::vector<ConstView<S>> views = {moved_views[0], in(spoilt)};
    const auto norm = blank<double>(Shape{2});
    for (const double max_norm : {infinity, 0.5}) {
      kernels<OptimizerKernels<S>>(device()).gradient_norm(views, max_norm, norm.view(),
                                                           workspace());
      const Tensor<double> here = norm.to(Device::cpu());
      CHECK(!std::isfinite(here.data()[0]));
      CHECK(!std::isfinite(here.data()[1]));
    }
    const auto p = copies(starts, device()), m = copies(means, device()),
               v = copies(squares, device());
    const std::vector<AdamTensors<S>> tensors = {
        {moved_views[0], p[0].view(), m[0].view(), v[0].view()}};
    kernels<OptimizerKernels<S>>(device()).adam_step({0.9, 0.999, 1e-8, 0.05, false}, in(schedule),
                                                     norm.cview(), tensors, workspace());
    CHECK(largest_difference(p[0], starts[0]) == 0.0);
    CHECK(largest_difference(m[0], means[0]) == 0.0);
    CHECK(largest_difference(v[0], squares[0]) == 0.0);
  }
  const auto a1 = starts[0].clone().to(device()), a2 = starts[0].clone();
  kernels<OptimizerKernels<S>>(device()).moving_average(0.9, in(grads[0]), a1.view());
  OptimizerKernels<S>::reference().moving_average(0.9, grads[0].cview(), a2.view());
  CHECK(largest_difference(a1, a2) < tolerance<S>());
}

}  // namespace dmf
